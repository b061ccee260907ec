import type { Answer, AnswerBlock } from "#demo/answer/answer.ts";
import type { StreamEvent, StreamPart, Writer } from "#demo/format.ts";
import { customPieces } from "#demo/openai/custom.ts";
import { codeAndMessage, errorBody } from "#demo/openai/error.ts";

import { finishReasonOf, usageOf } from "./ending.ts";

/** What changes the form of an answer in the request for it. */
export interface Wanted {
  readonly includeUsage: boolean;
  readonly customTools: readonly string[];
}

export function createChatWriter(wanted: Wanted): Writer {
  return {
    whole: (answer) => whole(answer, wanted),
    stream: (answer) => chunksOf(answer, wanted),
    failed: (answer, error) =>
      answer.quirks.has("error-chunk")
        ? chunk(answer, [choice({ content: "" }, "error")], {
            error: { code: error.status, message: codeAndMessage(error).message },
          })
        : { data: errorBody(error) },
  };
}

function* chunksOf(answer: Answer, { includeUsage, customTools }: Wanted): Generator<StreamPart, void> {
  const { quirks } = answer;
  const usage = quirks.has("no-usage") ? {} : { usage: usageOf(answer) };
  const between = quirks.has("usage-each") ? usage : quirks.has("usage-null") ? { usage: null } : {};
  const part = (kind: StreamPart["kind"], delta: object): StreamPart => ({
    kind,
    event: chunk(answer, [choice(delta, null)], between),
  });
  yield part("start", { role: "assistant", content: "", refusal: null });
  let calls = 0;
  for (const block of answer.blocks) {
    if (block.type !== "tool_use") {
      for (const delta of deltasOf(block, answer)) yield part("delta", delta);
      continue;
    }
    for (const [at, call] of callDeltas(block, { position: calls, answer, customTools }).entries())
      yield part(at === 0 && !quirks.has("whole-calls") ? "frame" : "delta", { tool_calls: [call] });
    calls += 1;
  }
  const last = quirks.has("usage-last") ? usage : between;
  yield { kind: "end", event: chunk(answer, [choice({}, finishReasonOf(answer))], last) };
  if (includeUsage && !quirks.has("usage-last") && !quirks.has("no-usage"))
    yield { kind: "end", event: chunk(answer, [], usage) };
  if (!quirks.has("no-done")) yield { kind: "end", event: { data: "[DONE]" } };
}

function chunk(answer: Answer, choices: readonly object[], more: object): StreamEvent {
  return { data: { ...commonOf(answer, "chat.completion.chunk"), choices, ...more } };
}

function choice(delta: object, finishReason: string | null): object {
  return { index: 0, delta, logprobs: null, finish_reason: finishReason };
}

function commonOf({ number, createdAt, model }: Answer, object: string): object {
  const id = `chatcmpl-demo_${number}`;
  return { id, object, created: Math.floor(createdAt / 1000), model, system_fingerprint: "fp_demo" };
}

function deltasOf(block: Exclude<AnswerBlock, CallBlock>, { quirks }: Answer): readonly object[] {
  switch (block.type) {
    case "text":
      return block.pieces.map((content) => ({ content }));
    case "refusal":
      return block.pieces.map((refusal) => ({ refusal }));
    case "thinking":
      return block.pieces.map((piece) => reasoning(piece, quirks.has("reasoning-field")));
    case "redacted_thinking":
      return [];
  }
}

function reasoning(text: string, otherField: boolean): object {
  return otherField ? { reasoning: text } : { reasoning_content: text };
}

type CallBlock = Extract<AnswerBlock, { readonly type: "tool_use" }>;

interface CallPlace {
  readonly position: number;
  readonly answer: Answer;
  readonly customTools: readonly string[];
}

/** The first names the call, the others bring its arguments; or the first brings all. */
function callDeltas(block: CallBlock, { position, answer: { quirks }, customTools }: CallPlace): readonly object[] {
  const index = quirks.has("no-call-index") ? {} : { index: position };
  const custom = customTools.includes(block.name);
  const pieces = custom ? customPieces(block.input) : block.pieces;
  if (quirks.has("whole-calls")) return [{ ...index, ...callOf(block, custom, pieces.join("")) }];
  return [
    { ...index, ...callOf(block, custom, "") },
    ...pieces.map((text) => ({
      ...index,
      ...(custom ? { custom: { input: text } } : { function: { arguments: text } }),
    })),
  ];
}

function callOf({ key, name }: CallBlock, custom: boolean, text: string): object {
  const id = `call_demo_${key}`;
  return custom
    ? { id, type: "custom", custom: { name, input: text } }
    : { id, type: "function", function: { name, arguments: text } };
}

/** The same answer as the one JSON body of a request that does not stream. */
function whole(answer: Answer, { customTools }: Wanted): object {
  const { blocks, quirks } = answer;
  const said = (type: "text" | "refusal" | "thinking"): string =>
    blocks.map((block) => (block.type === type ? block.pieces.join("") : "")).join("");
  const calls = blocks.filter((block) => block.type === "tool_use");
  const message = {
    role: "assistant",
    content: said("text") === "" && blocks.length > 0 ? null : said("text"),
    refusal: said("refusal") === "" ? null : said("refusal"),
    annotations: [],
    ...(said("thinking") !== "" && reasoning(said("thinking"), quirks.has("reasoning-field"))),
    ...(calls.length > 0 && {
      tool_calls: calls.map((call) => {
        const custom = customTools.includes(call.name);
        return callOf(call, custom, (custom ? customPieces(call.input) : call.pieces).join(""));
      }),
    }),
  };
  return {
    ...commonOf(answer, "chat.completion"),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReasonOf(answer) }],
    ...(!quirks.has("no-usage") && { usage: usageOf(answer) }),
  };
}
