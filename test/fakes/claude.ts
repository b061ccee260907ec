/**
 * A `claude` that speaks just enough of the stream-json protocol to be driven, and does one thing wrong:
 * `bun claude.ts <file that holds a Fault as JSON> <the CLI's own arguments>`.
 */
import { readFileSync, readSync } from "node:fs";

import * as v from "valibot";

import { testedVersions } from "../../src/backends/claude-cli/tested-versions.ts";
import type { Fault } from "./fault.ts";
import { write } from "./output.ts";
import { playTurn } from "./play-turn.ts";

const [faultFile = "", ...cliArguments] = process.argv.slice(2);
// The test beside it wrote the file.
const fault = JSON.parse(readFileSync(faultFile, "utf8")) as Fault;
const version = fault.kind === "newer" ? "9.9.9" : testedVersions[0];
const session = { sessionId: crypto.randomUUID(), version };

const inputSchema = v.looseObject({
  type: v.string(),
  request_id: v.optional(v.string()),
  request: v.optional(v.looseObject({ subtype: v.string() })),
  shouldQuery: v.optional(v.boolean()),
});
type Input = v.InferOutput<typeof inputSchema>;

if (cliArguments.includes("--version")) {
  write(1, `${version} (Claude Code)\n`);
  process.exit(0);
}
if (cliArguments[0] === "auth") {
  write(1, '{"loggedIn":true,"authMethod":"api_key","apiKeySource":"ANTHROPIC_API_KEY"}\n');
  process.exit(0);
}
if (fault.kind === "refuse-options") {
  write(2, "error: unknown option '--include-partial-messages'\n");
  process.exit(1);
}
if (fault.kind === "stubborn") process.on("SIGTERM", () => undefined);

for (const line of inputLines()) if (line !== "") take(v.parse(inputSchema, JSON.parse(line)));
if (fault.kind === "stubborn") setInterval(() => undefined, 1000);

/** Blocking, as the whole fake is: what is read when then depends on the fault alone. */
function* inputLines(): Generator<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(fault.kind === "read-slowly" ? 4096 : 1 << 20);
  let pending = "";
  for (;;) {
    const length = readSome(buffer);
    if (length === 0) return;
    if (fault.kind === "read-slowly") Bun.sleepSync(1);
    const lines = (pending + decoder.decode(buffer.subarray(0, length), { stream: true })).split("\n");
    pending = lines.pop() ?? "";
    yield* lines;
  }
}

function readSome(buffer: Uint8Array): number {
  for (;;) {
    try {
      return readSync(0, buffer);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      Bun.sleepSync(1);
    }
  }
}

function take({ type, request_id: id, request, shouldQuery }: Input): void {
  if (fault.kind === "mute") return;
  if (type === "control_request" && id !== undefined) control(id, request?.subtype ?? "");
  if (type !== "user" || fault.kind === "hang-at-initialize") return;
  if (shouldQuery === false) write(1, `${JSON.stringify({ type: "result", subtype: "success" })}\n`);
  else playTurn(fault, session);
}

function control(id: string, subtype: string): void {
  const isProbe = subtype === "get_binary_version";
  if (fault.kind === "hang-at-initialize" && !isProbe) return;
  if (fault.kind === "ignore-interrupt" && subtype === "interrupt") return;
  const response =
    fault.kind === "refuse-probe" && isProbe
      ? { subtype: "error", request_id: id, error: `Unsupported control request subtype: ${subtype}` }
      : { subtype: "success", request_id: id, response: answerTo(subtype) };
  write(1, `${JSON.stringify({ type: "control_response", response })}\n`);
  if (fault.kind === "stop-reading") Bun.sleepSync(600_000);
}

function answerTo(subtype: string): object {
  if (subtype === "get_binary_version") return { version };
  if (subtype === "initialize")
    return { commands: [], models: [{ value: "sonnet", resolvedModel: "claude-sonnet-5" }] };
  if (subtype === "get_context_usage") return { categories: [{ name: "Messages", tokens: 42 }] };
  return {};
}
