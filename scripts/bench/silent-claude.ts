/**
 * A stand-in for the CLI: it says one word and keeps the turn open until its input ends. A hundred real
 * ones would need more memory than most machines have, and only the proxy's own memory is looked at.
 */
import { argv, exit, stdout } from "node:process";

const version = "2.1.329";
if (argv.includes("--version")) {
  stdout.write(`${version} (Claude Code)\n`);
  exit(0);
}

const say = (message: object): void => void stdout.write(`${JSON.stringify(message)}\n`);
const session = { session_id: crypto.randomUUID(), parent_tool_use_id: null };
const event = (body: object): void => say({ type: "stream_event", event: body, ...session, uuid: crypto.randomUUID() });

for await (const line of console) {
  if (line === "") continue;
  const message: unknown = JSON.parse(line);
  if (typeof message !== "object" || message === null || !("type" in message)) continue;
  if (message.type === "control_request" && "request_id" in message) answerControl(message.request_id);
  if (message.type === "user") beginTurn();
}

function answerControl(id: unknown): void {
  const response = { version, models: [], commands: [], account: {} };
  say({ type: "control_response", response: { subtype: "success", request_id: id, response } });
}

function beginTurn(): void {
  say({
    type: "system",
    subtype: "init",
    model: "claude-sonnet-5",
    claude_code_version: version,
    tools: [],
    ...session,
  });
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { id: "msg_1", type: "message", role: "assistant", model: "claude-sonnet-5", content: [], usage };
  event({ type: "message_start", message: { ...message, stop_reason: null, stop_sequence: null } });
  event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } });
  event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "waiting" } });
}
