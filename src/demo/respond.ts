import type { Answer } from "./answer/answer.ts";
import { splitInsideCharacters } from "./answer/pieces.ts";
import { apiError, errorBody, statusOfType } from "./anthropic/error.ts";
import type { ApiError } from "./anthropic/error.ts";
import { playAnswer, wholeMessage } from "./anthropic/stream.ts";
import type { StreamEvent } from "./anthropic/stream.ts";
import type { Reply } from "./director.ts";
import type { OpenRecord } from "./recorder.ts";

export function jsonResponse(body: object, requestId: string, status = 200): Response {
  return Response.json(body, { status, headers: { "request-id": requestId } });
}

export function errorResponse(error: ApiError, requestId: string): Response {
  const response = jsonResponse(errorBody(error.type, error.message, requestId), requestId, error.status);
  for (const [name, value] of Object.entries(error.headers)) response.headers.set(name, value);
  return response;
}

/** Waits, refuses, streams or answers whole, as the reply says, and ends the record when the answer does. */
export async function replyResponse(reply: Reply, record: OpenRecord, signal: AbortSignal): Promise<Response> {
  if (reply.silenceMs > 0) await sleep(reply.silenceMs, signal);
  const response = await bareResponse(reply, record, signal);
  for (const [name, value] of reply.headers) response.headers.set(name, value);
  record.answered(response.status);
  return response;
}

async function bareResponse(reply: Reply, record: OpenRecord, signal: AbortSignal): Promise<Response> {
  const { outcome } = reply;
  if ("answer" in outcome && reply.stream) return streamResponse(outcome.answer, reply.split, record, signal);
  const whole =
    "error" in outcome
      ? errorResponse(outcome.error, record.requestId)
      : await wholeResponse(outcome.answer, record, signal);
  if (whole === "dropped") return brokenResponse(record);
  record.end("done");
  return whole;
}

function streamResponse(answer: Answer, split: boolean, record: OpenRecord, signal: AbortSignal): Response {
  return new Response(framesOf(answer, split, record, signal), {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "request-id": record.requestId,
    },
  });
}

/** Bun writes what a generator yielded only when it next waits; an error before that takes the frames along. */
const flushMs = 10;

/** Throws in mid-stream for a dropped connection: Bun then resets it, so no client can take it for an end. */
async function* framesOf(
  answer: Answer,
  split: boolean,
  record: OpenRecord,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  for (const move of playAnswer(answer, record.requestId)) {
    if (signal.aborted) return;
    switch (move.do) {
      case "wait":
        await sleep(move.ms, signal);
        break;
      case "drop":
        await sleep(flushMs, signal);
        record.end("dropped");
        throw new Error("dropped as the prompt asked");
      case "send":
        if (split) yield* splitFrame(frameOf(move.event), signal);
        else yield frameOf(move.event);
    }
  }
  record.end("done");
}

const encoder = new TextEncoder();

function frameOf(event: StreamEvent): Uint8Array {
  return encoder.encode(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** The pauses keep the network from joining the parts again. */
async function* splitFrame(frame: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  for (const [index, part] of splitInsideCharacters(frame).entries()) {
    if (index > 0) await sleep(2, signal);
    yield part;
  }
}

/** The faults of a stream, told without one: waits add up, an error event becomes its status. */
async function wholeResponse(answer: Answer, record: OpenRecord, signal: AbortSignal): Promise<Response | "dropped"> {
  for (const move of playAnswer(answer, record.requestId)) {
    if (move.do === "wait") await sleep(move.ms, signal);
    if (move.do === "drop") return "dropped";
    if (move.do === "send" && move.event.type === "error") {
      const type = answer.faults.find((fault) => fault.kind === "fail")?.errorType ?? "api_error";
      return errorResponse(apiError(statusOfType(type), undefined, type), record.requestId);
    }
  }
  return jsonResponse(wholeMessage(answer), record.requestId);
}

function brokenResponse(record: OpenRecord): Response {
  async function* half(): AsyncGenerator<string, void> {
    yield '{"id":';
    await Bun.sleep(flushMs);
    record.end("dropped");
    throw new Error("dropped as the prompt asked");
  }
  return new Response(half(), { headers: { "content-type": "application/json", "request-id": record.requestId } });
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
