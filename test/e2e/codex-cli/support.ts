/** The Codex backend with the real `codex` behind it and the demo upstream, as its provider, behind that. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type CodexCliBackend, type CodexCliOptions, createCodexCliBackend } from "#backends/codex-cli/index.ts";
import type { Message, ModelRequest, Part, ToolDefinition } from "#core/request.ts";
import { type DemoUpstream, startDemoUpstream } from "#demo/demo-upstream.ts";

import { installedCodex } from "../../../scripts/lib/codex-binary.ts";
import {
  type Answer as Asked,
  askBackend,
  type AskOptions,
  type Called,
  callsIn,
  requestIn,
  workspaceAt,
} from "../support/backend.ts";

export { type AskOptions, says, workspaceAt } from "../support/backend.ts";

export const codexProgram = installedCodex();
if (codexProgram === undefined) console.log("ABSENT codex is not installed for this system: its backend is not run");

export interface Bench {
  readonly backend: CodexCliBackend;
  readonly upstream: DemoUpstream;
  /** HOME and CODEX_HOME; also marks the processes. */
  readonly home: string;
  readonly workspace: string;
  ask(request: ModelRequest, options?: AskOptions): Promise<Answer>;
  /** The questions put to the model since the last `forget`, oldest first. */
  asked(): readonly AskedBody[];
  forget(): void;
  close(): Promise<void>;
}

export interface Answer extends Asked {
  readonly calls: readonly Called[];
}

export interface AskedBody {
  readonly [key: string]: unknown;
  readonly model: string;
  readonly input: readonly AskedItem[];
  readonly tools?: readonly { readonly type: string; readonly name?: string }[];
}

export interface AskedItem {
  readonly [key: string]: unknown;
  readonly type: string;
  readonly role?: string;
}

/** What the user's own `config.toml` says beside the provider. */
export async function openBench(overrides: Partial<CodexCliOptions> = {}, config = ""): Promise<Bench> {
  const home = mkdtempSync(join(tmpdir(), "ccproxy-codex-"));
  const upstream = startDemoUpstream();
  writeFileSync(join(home, "config.toml"), `${providerConfig(upstream.url)}\n${config}`);
  const chat = join(home, "chat");
  const workspace = join(home, "work");
  for (const directory of [chat, workspace]) mkdirSync(directory);
  const backend = createCodexCliBackend({
    codexPath: codexProgram,
    version: "0.0.0-test",
    sandbox: "workspace-write",
    approvalPolicy: "on-request",
    // Neither /tmp nor TMPDIR, where these tests live, is free to be written to.
    settings: ["sandbox_workspace_write.exclude_slash_tmp=true", "sandbox_workspace_write.exclude_tmpdir_env_var=true"],
    chatDirectory: chat,
    ephemeralDirectory: join(home, "ephemeral"),
    maxSessions: 4,
    sessionTtlMs: 600_000,
    maxParkedTurns: 4,
    parkedTtlMs: 600_000,
    responseTimeoutMs: 600_000,
    minFreeMemoryBytes: 0,
    environment: { PATH: process.env["PATH"], HOME: home, CODEX_HOME: home, LANG: "C.UTF-8" },
    selfUrls: () => [],
    ...overrides,
  });
  let after = 0;
  return {
    backend,
    upstream,
    home,
    workspace,
    ask: (request, options) => ask(backend, request, { workspace: workspaceAt(workspace), ...options }),
    asked: () =>
      upstream
        .requests()
        .filter(({ number, method }) => number > after && method === "POST")
        .map(({ body }) => body as AskedBody), // The demo keeps bodies as they came; Codex's own request is known.
    forget() {
      after = upstream.requests().at(-1)?.number ?? after;
    },
    async close() {
      await backend.stop(0);
      await upstream.stop();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A `config.toml` with the demo upstream as the provider. */
export function providerConfig(url: string): string {
  return [
    'model = "gpt-demo"',
    'model_provider = "demo"',
    "[model_providers.demo]",
    'name = "demo"',
    `base_url = "${url}/v1"`,
    'wire_api = "responses"',
    'experimental_bearer_token = "sk-demo"',
  ].join("\n");
}

async function ask(...asked: Parameters<typeof askBackend>): Promise<Answer> {
  const answer = await askBackend(...asked);
  return { ...answer, calls: callsIn(answer.events) };
}

/** As a client of the Responses API asks. */
export const request = (messages: readonly Message[], overrides: Partial<ModelRequest> = {}): ModelRequest =>
  requestIn("openai-responses", messages, overrides);

export const answers = (...content: readonly Part[]): Message => ({ role: "assistant", content });

export const lookup: ToolDefinition = {
  name: "lookup",
  description: "Looks something up.",
  inputSchema: { type: "object", properties: { of: { type: "string" } } },
};

/** The conversation with an answer in it and results of all its calls. */
export function withResults(asked: ModelRequest, answer: Answer, texts: readonly string[]): ModelRequest {
  const said: readonly Part[] = answer.text === "" ? [] : [{ type: "text", text: answer.text }];
  const calls = answer.calls.map((call): Part => ({ type: "tool-call", ...call }));
  const results = answer.calls.map(({ callId }, at): Part => {
    const content: readonly Part[] = [{ type: "text", text: texts[at] ?? "" }];
    return { type: "tool-result", callId, isError: false, content };
  });
  return {
    ...asked,
    messages: [...asked.messages, answers(...said, ...calls), { role: "user", content: results }],
  };
}
