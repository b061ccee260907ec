import type { Answer } from "./answer/answer.ts";
import { splitInsideCharacters } from "./answer/pieces.ts";
import type { ApiError } from "./api-error.ts";
import type { Outcome, Reply } from "./director.ts";
import type { Format, Writer } from "./format.ts";
import { frameOf } from "./frames.ts";
import { misshapenError } from "./misshapen.ts";
import { playAnswer } from "./play.ts";
import type { Player } from "./play.ts";
import type { OpenRecord } from "./recorder.ts";
import type { Step } from "./script/script-types.ts";

/** How and to whom it is told. */
export interface Occasion {
  readonly format: Format;
  readonly record: OpenRecord;
  readonly signal: AbortSignal;
}

/** Waits, refuses, streams or answers whole, as the reply says, and ends the record when the answer does. */
export async function respond({ step, outcome }: Reply, occasion: Occasion): Promise<Response> {
  const { record, signal, format } = occasion;
  const silenceMs = step.faults.reduce((sum, f) => sum + (f.kind === "stall" && f.at === "headers" ? f.ms : 0), 0);
  if (silenceMs > 0) await sleep(silenceMs, signal);
  const response = await bareResponse(outcome, step, occasion);
  const common = Object.entries(format.headers(record.requestId));
  for (const [name, value] of [...common, ...step.headers]) response.headers.set(name, value);
  record.answered(response.status);
  return response;
}

async function bareResponse(outcome: Outcome, step: Step, occasion: Occasion): Promise<Response> {
  const { record } = occasion;
  if ("answer" in outcome) {
    const { answer, writer, stream } = outcome;
    if (stream && !answer.quirks.has("not-streamed"))
      return streamResponse(answer, { writer, split: step.split, occasion });
    const whole = await wholeResponse(answer, writer, step, occasion);
    if (whole === "drop" || whole === "cut") return brokenResponse(record, whole);
    record.end("done");
    return whole;
  }
  record.end("done");
  if ("error" in outcome) return errorResponse(outcome.error, step, occasion);
  if ("json" in outcome) return Response.json(outcome.json);
  return new Response(outcome.lines, { headers: { "content-type": "application/x-jsonl" } });
}

function errorResponse(error: ApiError, { quirks }: Step, { format, record }: Occasion): Response {
  const init = { status: error.status, headers: { ...error.headers } };
  const body = format.errorBody(error, record.requestId);
  const told = misshapenError(body, error.status, quirks);
  return typeof told === "string"
    ? new Response(told, { ...init, headers: { ...init.headers, "content-type": "text/html" } })
    : Response.json(told, init);
}

interface Streaming {
  readonly writer: Writer;
  readonly split: boolean;
  readonly occasion: Occasion;
}

function streamResponse(answer: Answer, streaming: Streaming): Response {
  return new Response(bytesOf(answer, streaming), {
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" },
  });
}

/** Bun writes what a generator yielded only when it next waits; an error before that takes the frames along. */
const flushMs = 10;

/** Throws in mid-stream for a dropped connection: Bun then resets it, so no client can take it for an end. */
async function* bytesOf(answer: Answer, { writer, split, occasion }: Streaming): AsyncGenerator<Uint8Array, void> {
  const { record, signal } = occasion;
  for (const move of playAnswer(answer, playerOf(writer, occasion))) {
    if (signal.aborted) return;
    switch (move.do) {
      case "wait":
        await sleep(move.ms, signal);
        break;
      case "drop":
        await sleep(flushMs, signal);
        record.end("dropped");
        throw new Error("dropped as the prompt asked");
      case "cut":
        record.end("dropped");
        return;
      case "send":
      case "fail":
        if (split) yield* splitFrame(frameOf(move.event, answer.quirks), signal);
        else yield frameOf(move.event, answer.quirks);
    }
  }
  record.end("done");
}

function playerOf(writer: Writer, { format, record }: Occasion): Player {
  return { writer, failure: format.failure, requestId: record.requestId };
}

/** The pauses keep the network from joining the parts again. */
async function* splitFrame(frame: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  for (const [index, part] of splitInsideCharacters(frame).entries()) {
    if (index > 0) await sleep(2, signal);
    yield part;
  }
}

/** The faults of a stream, told without one: waits add up, a failure becomes its status. */
async function wholeResponse(
  answer: Answer,
  writer: Writer,
  step: Step,
  occasion: Occasion,
): Promise<Response | "drop" | "cut"> {
  for (const move of playAnswer(answer, playerOf(writer, occasion))) {
    if (move.do === "wait") await sleep(move.ms, occasion.signal);
    if (move.do === "drop" || move.do === "cut") return move.do;
    if (move.do === "fail") return errorResponse(move.error, step, occasion);
  }
  return Response.json(writer.whole(answer));
}

/** Half a body: its connection is reset, or ends as if that were all. */
function brokenResponse(record: OpenRecord, how: "drop" | "cut"): Response {
  async function* half(): AsyncGenerator<string, void> {
    yield '{"id":';
    await Bun.sleep(flushMs);
    record.end("dropped");
    if (how === "drop") throw new Error("dropped as the prompt asked");
  }
  return new Response(half(), { headers: { "content-type": "application/json" } });
}

/** Resolves early when the client hangs up. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish, { once: true });
  });
}
