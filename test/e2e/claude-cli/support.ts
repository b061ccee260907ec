/** The Claude Code backend with a real `claude` behind it and the demo upstream behind that. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createClaudeCliBackend, type ClaudeCliBackend, type ClaudeCliOptions } from "#backends/claude-cli/index.ts";
import type { Message, ModelRequest } from "#core/request.ts";
import { type DemoUpstream, startDemoUpstream } from "#demo/demo-upstream.ts";

import { type Answer, askBackend, type AskOptions, requestIn, says, workspaceAt } from "../support/backend.ts";

export { type Answer, callsIn, says, workspaceAt } from "../support/backend.ts";

export interface Bench {
  readonly backend: ClaudeCliBackend;
  readonly upstream: DemoUpstream;
  /** Holds everything the children may write. */
  readonly directory: string;
  readonly workspace: string;
  ask(request: ModelRequest, options?: AskOptions): Promise<Answer>;
  close(): Promise<void>;
}

/** `settings`: what the user's own Claude Code settings hold. */
export async function openBench(
  claudePath: string,
  overrides: Partial<ClaudeCliOptions> = {},
  settings: object = {},
): Promise<Bench> {
  const directory = mkdtempSync(join(tmpdir(), "ccproxy-backend-"));
  mkdirSync(join(directory, "config"));
  writeFileSync(join(directory, "config", "settings.json"), JSON.stringify(settings));
  const upstream = startDemoUpstream();
  const workspace = mkdtempSync(join(directory, "workspace-"));
  const backend = createClaudeCliBackend({
    claudePath,
    workspace: workspaceAt(workspace),
    ephemeralDirectory: join(directory, "ephemeral"),
    chatDirectory: join(directory, "chat"),
    temporaryDirectory: join(directory, "tmp"),
    allowedTools: [],
    disallowedTools: [],
    permissionMode: "default",
    // Parked processes answer as those started for the question do: rehearsal.test.ts shows it.
    pool: { size: 0, maxAgeMs: 600_000, maxTurns: 50 },
    maxSessions: 4,
    maxParkedTurns: 4,
    parkedTtlMs: 600_000,
    sessionTtlMs: 600_000,
    minFreeMemoryBytes: 0,
    environment: { PATH: process.env["PATH"], HOME: directory, LANG: "C.UTF-8" },
    extraEnvironment: {
      ANTHROPIC_BASE_URL: upstream.url,
      ANTHROPIC_API_KEY: "sk-ant-demo",
      CLAUDE_CONFIG_DIR: join(directory, "config"),
    },
    selfUrls: () => [],
    ...overrides,
  });
  await backend.start();
  return {
    backend,
    upstream,
    directory,
    workspace,
    ask: (request, options) => askBackend(backend, request, { workspace: workspaceAt(workspace), ...options }),
    async close() {
      await backend.stop(0);
      await upstream.stop();
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** As an Anthropic client asks. */
export const request = (messages: readonly Message[], overrides: Partial<ModelRequest> = {}): ModelRequest =>
  requestIn("anthropic-messages", messages, overrides);

export const answers = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });

/** Goes on with one conversation for each model: a process for every question is most of the time of a suite. */
export function conversations(ask: (asked: ModelRequest) => Promise<Answer>) {
  const told = new Map<string | undefined, readonly Message[]>();
  return async (text: string, overrides: Partial<ModelRequest> = {}): Promise<Answer> => {
    const messages = [...(told.get(overrides.model) ?? []), says(text)];
    const answer = await ask(request(messages, overrides));
    told.set(overrides.model, [...messages, answers(answer.text)]);
    return answer;
  };
}

/** The bodies of the questions put to the model, oldest first. */
export function asked(upstream: DemoUpstream): readonly AskedBody[] {
  return upstream
    .requests()
    .filter(({ method, path }) => method === "POST" && path.startsWith("/v1/messages?"))
    .map(({ body }) => body as AskedBody); // The demo keeps bodies as they came; the CLI's own request is known.
}

export interface AskedBody {
  readonly [key: string]: unknown;
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly system: readonly { readonly text: string }[];
  readonly max_tokens: number;
}

/** The last one; the CLI's text of it, to look for things in. */
export function lastAsked(upstream: DemoUpstream): AskedBody {
  const body = asked(upstream).at(-1);
  if (body === undefined) throw new Error("The model was not asked.");
  return body;
}

/** A PNG of one pixel. */
export const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** Waits, bounded, until the condition holds. */
export async function eventually(condition: () => boolean, timeoutMs = 5000): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(10);
  }
  return true;
}
