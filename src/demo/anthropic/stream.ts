import type { Answer, AnswerBlock, AnswerUsage } from "#demo/answer/answer.ts";
import type { Fault } from "#demo/script/script-types.ts";

import { errorBody } from "./error.ts";

/** One move of an answer that is being streamed. After `drop`, and after the last event, nothing follows. */
export type Move =
  | { readonly do: "send"; readonly event: StreamEvent }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "drop" };

export interface StreamEvent {
  readonly type: string;
}

/** The moves of an answer, with the faults that fall between its events. Pure; the caller waits and writes. */
export function* playAnswer(answer: Answer, requestId: string): Generator<Move, void> {
  yield send({
    type: "message_start",
    message: { ...messageOf(answer), content: [], ...unfinished, usage: startUsage(answer.usage) },
  });
  for (const fault of answer.faults) if (fault.kind === "stall" && fault.at === "start") yield wait(fault.ms);
  const pending = answer.faults.filter((fault) => isBetweenDeltas(fault)).toSorted((a, b) => a.at - b.at);
  let sent = 0;
  for (const [index, block] of answer.blocks.entries()) {
    yield send({ type: "content_block_start", index, content_block: opened(block) });
    if (index === 0) yield send({ type: "ping" });
    for (const delta of deltasOf(block)) {
      if (yield* suffer(takeDue(pending, sent), requestId)) return;
      if (sent > 0 && answer.delayMs > 0) yield wait(answer.delayMs);
      yield send({ type: "content_block_delta", index, delta });
      sent += 1;
    }
    if (block.type === "thinking")
      yield send({
        type: "content_block_delta",
        index,
        delta: { type: "signature_delta", signature: block.signature },
      });
    yield send({ type: "content_block_stop", index });
  }
  if (yield* suffer(takeDue(pending, Number.POSITIVE_INFINITY), requestId)) return;
  yield send({ type: "message_delta", delta: endOf(answer), usage: endUsage(answer.usage) });
  yield send({ type: "message_stop" });
}

/** The same answer as the one JSON body of a request that does not stream. */
export function wholeMessage(answer: Answer): object {
  const content = answer.blocks.map(finished);
  return {
    ...messageOf(answer),
    content,
    ...endOf(answer),
    usage: { ...startUsage(answer.usage), ...endUsage(answer.usage) },
  };
}

type FaultBetween = Exclude<Fault, { readonly kind: "error" }> & { readonly at: number };

function isBetweenDeltas(fault: Fault): fault is FaultBetween {
  return fault.kind !== "error" && typeof fault.at === "number";
}

function takeDue(pending: FaultBetween[], sent: number): readonly FaultBetween[] {
  const due = pending.filter((fault) => fault.at <= sent);
  pending.splice(0, due.length);
  return due;
}

/** True when the answer ends here. */
function* suffer(faults: readonly FaultBetween[], requestId: string): Generator<Move, boolean> {
  for (const fault of faults) {
    switch (fault.kind) {
      case "stall":
        yield wait(fault.ms);
        break;
      case "drop":
        yield { do: "drop" };
        return true;
      case "fail":
        yield send({ type: "error", ...errorBody(fault.errorType, messageOfFailure(fault.errorType), requestId) });
        return true;
    }
  }
  return false;
}

function messageOfFailure(errorType: string): string {
  return errorType === "overloaded_error" ? "Overloaded" : `The demo upstream failed as it was told to (${errorType}).`;
}

function send(event: StreamEvent & Readonly<Record<string, unknown>>): Move {
  return { do: "send", event };
}

function wait(ms: number): Move {
  return { do: "wait", ms };
}

const unfinished = { stop_reason: null, stop_sequence: null, stop_details: null };

function messageOf({ id, model }: Answer): object {
  return { id, type: "message", role: "assistant", model };
}

function endOf({ stopReason, stopSequence }: Answer): object {
  const refused = { type: "refusal", category: null, explanation: "The demo upstream was told to refuse." };
  return {
    stop_reason: stopReason,
    stop_sequence: stopSequence,
    stop_details: stopReason === "refusal" ? refused : null,
  };
}

function opened(block: AnswerBlock): object {
  switch (block.type) {
    case "text":
      return { type: "text", text: "" };
    case "thinking":
      return { type: "thinking", thinking: "", signature: "" };
    case "redacted_thinking":
      return block;
    case "tool_use":
      return { type: "tool_use", id: block.id, name: block.name, input: {} };
  }
}

function deltasOf(block: AnswerBlock): readonly object[] {
  switch (block.type) {
    case "text":
      return block.pieces.map((text) => ({ type: "text_delta", text }));
    case "thinking":
      return block.pieces.map((thinking) => ({ type: "thinking_delta", thinking }));
    case "redacted_thinking":
      return [];
    case "tool_use":
      return block.pieces.map((json) => ({ type: "input_json_delta", partial_json: json }));
  }
}

function finished(block: AnswerBlock): object {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.pieces.join("") };
    case "thinking":
      return { type: "thinking", thinking: block.pieces.join(""), signature: block.signature };
    case "redacted_thinking":
      return block;
    case "tool_use":
      return { type: "tool_use", id: block.id, name: block.name, input: block.input };
  }
}

function startUsage(usage: AnswerUsage): object {
  return {
    ...inputUsage(usage),
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite - usage.cacheWrite1h,
      ephemeral_1h_input_tokens: usage.cacheWrite1h,
    },
    output_tokens: 1,
    service_tier: "standard",
  };
}

/** Cumulative, as the API sends it with the last event. */
function endUsage(usage: AnswerUsage): object {
  return {
    ...inputUsage(usage),
    output_tokens: usage.output,
    ...(usage.thinking !== undefined && { output_tokens_details: { thinking_tokens: usage.thinking } }),
  };
}

function inputUsage({ input, cacheRead, cacheWrite }: AnswerUsage): object {
  return { input_tokens: input, cache_creation_input_tokens: cacheWrite, cache_read_input_tokens: cacheRead };
}
