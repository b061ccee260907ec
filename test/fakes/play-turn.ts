/** How each fault shows in a turn. */
import { closeSync } from "node:fs";

import type { Fault } from "./fault.ts";
import { flood, write } from "./output.ts";
import { answer, textDelta, turnLines, type TurnLines } from "./turn.ts";

interface Session {
  readonly sessionId: string;
  readonly version: string;
}

const foreverMs = 600_000;

export function playTurn(fault: Fault, session: Session): void {
  const turn = turnLines({ ...session, usage: fault.kind !== "result-without-usage" });
  const lines = [...turn.opening, ...turn.deltas, ...turn.closing, turn.result];
  switch (fault.kind) {
    case "die":
      return die(fault, lines);
    case "hang":
    case "stubborn":
      say(lines.slice(0, fault.afterLines ?? lines.length));
      return fault.afterLines === undefined ? undefined : Bun.sleepSync(foreverMs);
    case "close-output":
      say(lines.slice(0, fault.afterLines));
      closeSync(1);
      return Bun.sleepSync(foreverMs);
    case "two-results":
      return say([...lines, turn.result]);
    case "early-result":
      return say(lines.toSpliced(fault.afterLines, 0, turn.result));
    case "fail-with-secret":
      return failWithSecret(fault.secret, session);
    case "ignore-interrupt":
      return goOn(turn, session);
    default:
      return playOutput(fault, session, turn);
  }
}

function playOutput(fault: Fault, session: Session, turn: TurnLines): void {
  const lines = [...turn.opening, ...turn.deltas, ...turn.closing, turn.result];
  const after = [...turn.deltas.slice(2), ...turn.closing, turn.result];
  const [first = "", second = ""] = turn.deltas;
  switch (fault.kind) {
    case "garbage":
      return write(1, garbageAmid(lines));
    case "newer":
      return say(lines.flatMap(fromTheFuture));
    case "torn-line":
      return say([...turn.opening, first, second.slice(0, second.length / 2), ...after]);
    case "glued-line":
      return say([...turn.opening, first, `warning: something ${second}`, ...after]);
    case "lost-line":
      return say([...turn.opening, first, ...after]);
    case "byte-by-byte":
      for (const byte of new TextEncoder().encode(`${lines.join("\n")}\n`)) write(1, Uint8Array.of(byte));
      return;
    case "flood-stderr":
      say([...turn.opening, first]);
      flood(2, fault.bytes, `${"the same warning again; ".repeat(1000)}\n`);
      return say([second, ...after]);
    case "long-line":
      return say(wholeTurn(turnLines({ ...session, text: "long ".repeat(fault.bytes / 5) })));
    case "endless-line":
      say([...turn.opening, first]);
      return flood(1, fault.bytes, "x".repeat(1 << 20));
    case "burst":
      return burst(turn, fault.bytes);
    default:
      return say(lines);
  }
}

function wholeTurn({ opening, deltas, closing, result }: TurnLines): readonly string[] {
  return [...opening, ...deltas, ...closing, result];
}

function say(lines: readonly string[]): void {
  for (const line of lines) write(1, `${line}\n`);
}

function die({ at, code = 1, signal }: Extract<Fault, { kind: "die" }>, lines: readonly string[]): void {
  write(1, new TextEncoder().encode(`${lines.join("\n")}\n`).subarray(0, at));
  if (signal === undefined) process.exit(code);
  process.kill(process.pid, signal);
  Bun.sleepSync(foreverMs);
}

/** What 2.1.x prints for a refused request, and what a careless wrapper of it may add. */
function failWithSecret(secret: string, { sessionId }: Session): void {
  write(2, `request failed: Authorization: Bearer ${secret}\n`);
  const report = [{ type: "text", text: "API Error: 500 the upstream is broken" }];
  say([
    JSON.stringify({
      type: "assistant",
      message: { id: "msg_synthetic", model: "<synthetic>", role: "assistant", content: report },
      error: "server_error",
      session_id: sessionId,
    }),
    JSON.stringify({
      type: "result",
      subtype: "success",
      is_error: true,
      api_error_status: 500,
      result: "API Error: 500 the upstream is broken",
      session_id: sessionId,
    }),
  ]);
  process.exit(1);
}

/** As 2.1.x does after `max_tokens`: it asks the model to continue, and here nobody can stop it. */
function goOn({ opening, deltas, closing }: TurnLines, session: Session): void {
  say([...opening, ...deltas, ...closing.map((line) => line.replace('"end_turn"', '"max_tokens"'))]);
  Bun.sleepSync(200);
  const more = turnLines(session);
  say([...more.opening.slice(1), ...more.deltas]);
}

function garbageAmid(lines: readonly string[]): Uint8Array {
  const noise: readonly Uint8Array[] = [
    "not JSON at all",
    "",
    "   ",
    "null",
    "42",
    '"a string"',
    "[]",
    "{}",
    '{"type":null}',
    '{"type":["stream_event"]}',
    '{"type":"from_the_future","data":{"nested":[1,2,3]}}',
    '{"type":"system","subtype":"never_seen"}',
    '{"type":"stream_event","event":{"type":"never_seen","index":0}}',
    '{"type":"stream_event"}',
    '{"type":"control_response","response":{"request_id":"nobody-asked","subtype":"success"}}',
    "\u0000\u0000\u0000",
    "\u001B[31mred\u001B[0m",
    "\uFEFF",
  ]
    .map((text) => new TextEncoder().encode(text))
    .concat(Uint8Array.of(0xff, 0xfe, 0xc3, 0x28, 0x80), Uint8Array.of(0xf0, 0x9f, 0x92));
  const newline = Uint8Array.of(0x0a);
  return Buffer.concat(
    lines.flatMap((line, at) => [
      noise[at % noise.length] ?? newline,
      newline,
      ...amid(noise, at),
      Buffer.from(`${line}\n`),
    ]),
  );
}

/** All of it once, in the middle of the text. */
function amid(noise: readonly Uint8Array[], at: number): readonly Uint8Array[] {
  return at === 6 ? noise.flatMap((bytes) => [bytes, Uint8Array.of(0x0a)]) : [];
}

function fromTheFuture(line: string, at: number): readonly string[] {
  const fields = { ...JSON.parse(line), schema_version: 12, trace: { span: at }, flags: ["new"] };
  return [
    JSON.stringify({ type: `unheard_of_${at}`, payload: {} }),
    JSON.stringify({ type: "system", subtype: `unheard_of_${at}` }),
    JSON.stringify({ type: "stream_event", event: { type: `unheard_of_${at}` } }),
    JSON.stringify(fields),
  ];
}

function burst({ opening, closing, result }: TurnLines, bytes: number): void {
  say(opening);
  const delta = JSON.stringify({ type: "stream_event", event: textDelta(answer.repeat(64)), parent_tool_use_id: null });
  flood(1, bytes, `${delta}\n`.repeat(16));
  say([...closing.slice(1), result]);
}
