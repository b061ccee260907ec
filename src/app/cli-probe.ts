/**
 * Asks a CLI what has a known answer, through our own backend and with the demo upstream behind it: offline, in an
 * empty workspace, with a key that means nothing and no configuration or login of the user's.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as v from "valibot";

import type { ClaudeCliStats } from "#backends/claude-cli/options.ts";
import { type Config, configSchema } from "#config/schema.ts";
import type { Mode, RunContext } from "#core/backend.ts";
import { GatewayError, toGatewayError } from "#core/errors.ts";
import type { ModelRequest } from "#core/request.ts";
import { collect, type ModelResponse } from "#core/response.ts";
import { startDemoUpstream } from "#demo/demo-upstream.ts";
import { type MessagesRequest, parseMessagesRequest } from "#demo/request.ts";
import type { ChildJournal } from "#process/child.ts";

import { cliEnvironment } from "./cli-environment.ts";
import { withBackend } from "./short-lived-backend.ts";
import { openWorkspaces } from "./workspaces.ts";

export interface ProbeOptions {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** That of this process, where it has one. */
  readonly journal?: ChildJournal | undefined;
}

export interface Probe {
  /** An empty directory, where agents work. */
  readonly workspace: string;
  ask(question: ModelRequest, mode: Mode): Promise<Seen>;
  stats(): ClaudeCliStats;
}

/** What came of a question, at both ends. */
export interface Seen {
  /** What the model was asked: more than once where the CLI asks on its own. */
  readonly asked: readonly MessagesRequest[];
  readonly answer: ModelResponse | GatewayError;
}

/** A boot and an answer take a second; this is for a busy machine. */
const questionTimeoutMs = 20_000;
/** Between two words of an answer that no question scripted: a CLI that goes on by itself is caught while it does. */
const unaskedDelayMs = 150;

/** Throws what the file system throws. */
export async function withProbe<T>(options: ProbeOptions, use: (probe: Probe) => Promise<T>): Promise<T> {
  await using opened = new AsyncDisposableStack();
  const workspace = opened.adopt(mkdtempSync(join(tmpdir(), "ccproxy-probe-")), remove);
  const demoConfig = opened.adopt(mkdtempSync(join(tmpdir(), "ccproxy-probe-")), remove);
  const demo = opened.adopt(startDemoUpstream({ delayMs: unaskedDelayMs }), (upstream) => upstream.stop());
  const { environment, extraEnvironment } = cliEnvironment(options.environment, demo, { demoConfig });
  const config = plainConfig(options.config);
  const resolved = await openWorkspaces(config, workspace).resolve({});
  const backendOptions = {
    config,
    workspace,
    environment: { ...environment, ...extraEnvironment },
    journal: options.journal,
    // That is what is to be seen.
    replacesMessages: () => true,
  };
  return await withBackend(backendOptions, async (backend) => {
    const ask = async (question: ModelRequest, mode: Mode): Promise<Seen> => {
      const before = demo.requests().at(-1)?.number ?? 0;
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(tooLate()), questionTimeoutMs);
      const signal = AbortSignal.any([options.signal, limit.signal]);
      const context: RunContext = {
        requestId: "probe",
        mode,
        // As for a client that brings some.
        tools: mode === "chat" ? "client" : "both",
        workspace: mode === "chat" ? undefined : resolved,
        principal: "probe",
        signal,
        report: () => undefined,
      };
      const answer = await collect(backend.run(question, context)).catch(toGatewayError);
      clearTimeout(timer);
      const asked = demo.requests().flatMap(({ number, body }) => {
        const parsed = parseMessagesRequest(body);
        return number > before && "value" in parsed ? [parsed.value] : [];
      });
      return { asked, answer };
    };
    return await use({ workspace, ask, stats: () => backend.stats() });
  });
}

function tooLate(): GatewayError {
  return new GatewayError("timeout", `Nothing came within ${questionTimeoutMs / 1000} s.`);
}

/** The user's program within the user's limits; no tools, servers or prompts of theirs. */
function plainConfig({ claude, limits, state_dir }: Config): Config {
  const plain = v.parse(configSchema, {});
  return {
    ...plain,
    claude: { ...plain.claude, ...(claude.path !== undefined && { path: claude.path }) },
    // Each question gets a process of its own, and leaves none.
    pool: { ...plain.pool, max_sessions: 0 },
    limits,
    ...(state_dir !== undefined && { state_dir }),
  };
}

function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}
