import type { Answer, AnswerBlock, AnswerUsage } from "#demo/answer/answer.ts";
import type { StreamPart, Writer } from "#demo/format.ts";

import { errorBody } from "./error.ts";

/** Writes every answer alike: nothing in a request of this API changes the form of what comes back. */
export const messageWriter: Writer = {
  whole: wholeMessage,
  stream: eventsOf,
  failed: (_answer, error, { requestId }) => ({ name: "error", data: errorBody(error, requestId) }),
};

function* eventsOf(answer: Answer): Generator<StreamPart, void> {
  yield part("start", {
    type: "message_start",
    message: { ...messageOf(answer), content: [], ...unfinished, ...usageIn(answer, startUsage) },
  });
  for (const [index, block] of answer.blocks.entries()) {
    const whole = block.type === "tool_use" && answer.quirks.has("whole-calls");
    yield part("frame", { type: "content_block_start", index, content_block: whole ? finished(block) : opened(block) });
    if (index === 0) yield part("frame", { type: "ping" });
    for (const delta of whole ? [] : deltasOf(block))
      yield part("delta", { type: "content_block_delta", index, delta });
    if (block.type === "thinking" && !answer.quirks.has("no-signature")) {
      const delta = { type: "signature_delta", signature: block.signature };
      yield part("frame", { type: "content_block_delta", index, delta });
    }
    yield part("frame", { type: "content_block_stop", index });
  }
  yield part("end", { type: "message_delta", delta: endOf(answer), ...usageIn(answer, endUsage) });
  yield part("end", { type: "message_stop" });
}

/** The same answer as the one JSON body of a request that does not stream. */
function wholeMessage(answer: Answer): object {
  const content = answer.blocks.map(finished);
  return {
    ...messageOf(answer),
    content,
    ...endOf(answer),
    ...usageIn(answer, (usage) => ({ ...startUsage(usage), ...endUsage(usage) })),
  };
}

function part(kind: StreamPart["kind"], data: { readonly type: string; readonly [key: string]: unknown }): StreamPart {
  return { kind, event: { name: data.type, data } };
}

function usageIn({ usage, quirks }: Answer, written: (usage: AnswerUsage) => object): object {
  return quirks.has("no-usage") ? {} : { usage: written(usage) };
}

const unfinished = { stop_reason: null, stop_sequence: null, stop_details: null };

function messageOf({ number, model }: Answer): object {
  return { id: `msg_demo_${number}`, type: "message", role: "assistant", model };
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
    case "refusal":
      return { type: "text", text: "" };
    case "thinking":
      return { type: "thinking", thinking: "", signature: "" };
    case "redacted_thinking":
      return block;
    case "tool_use":
      return { type: "tool_use", id: idOf(block.key), name: block.name, input: {} };
  }
}

function deltasOf(block: AnswerBlock): readonly object[] {
  switch (block.type) {
    case "text":
    case "refusal":
      return block.pieces.map((text) => ({ type: "text_delta", text }));
    case "thinking":
      return block.pieces.map((thinking) => ({ type: "thinking_delta", thinking }));
    case "redacted_thinking":
      return [];
    case "tool_use":
      // The API's own begin with an empty one.
      return ["", ...block.pieces].map((json) => ({ type: "input_json_delta", partial_json: json }));
  }
}

function finished(block: AnswerBlock): object {
  switch (block.type) {
    case "text":
    case "refusal":
      return { type: "text", text: block.pieces.join("") };
    case "thinking":
      return { type: "thinking", thinking: block.pieces.join(""), signature: block.signature };
    case "redacted_thinking":
      return block;
    case "tool_use":
      return { type: "tool_use", id: idOf(block.key), name: block.name, input: block.input };
  }
}

function idOf(key: string): string {
  return `toolu_demo_${key}`;
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
