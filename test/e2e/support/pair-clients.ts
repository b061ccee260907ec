/** One question in the words of each API, put in every way its official SDK has, and the answer in one common form. */
import type Anthropic from "@anthropic-ai/sdk";
import type OpenAI from "openai";

import type { Clients } from "./clients.ts";
import type { Format } from "./provider-ways.ts";

export interface Question {
  readonly model: string;
  readonly system?: string;
  readonly turns: readonly Turn[];
  readonly tools?: readonly Tool[];
  /** Members of the body that only this format has. */
  readonly more?: object;
}

export type Turn =
  | { readonly user: string; readonly png?: string }
  | { readonly assistant: string; readonly calls: readonly CalledTool[] }
  | { readonly results: readonly { readonly id: string; readonly text: string }[] };

export interface Tool {
  readonly name: string;
  readonly schema: object;
}

export interface CalledTool {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

/** undefined where the client has no way to say it. */
export interface Answer {
  readonly model: string | undefined;
  readonly text: string;
  readonly reasoning: string | undefined;
  readonly calls: readonly CalledTool[];
  /** In the words of the API. */
  readonly finish: string | null | undefined;
  readonly usage: {
    /** With what was read from a cache. */
    readonly input: number | undefined;
    readonly output: number | undefined;
    readonly cacheRead: number | null | undefined;
    readonly thinking: number | undefined;
  };
}

export interface Asker {
  readonly name: string;
  readonly format: Format;
  readonly ask: (clients: Clients, question: Question) => Promise<Answer>;
}

export const askers: readonly Asker[] = [
  { name: "openai chat, whole", format: "openai-chat", ask: chatWhole },
  { name: "openai chat, raw stream", format: "openai-chat", ask: chatStream },
  { name: "openai chat, stream helper", format: "openai-chat", ask: chatHelper },
  { name: "openai responses, whole", format: "openai-responses", ask: responsesWhole },
  { name: "openai responses, raw stream", format: "openai-responses", ask: responsesStream },
  { name: "openai responses, stream helper", format: "openai-responses", ask: responsesHelper },
  { name: "@anthropic-ai/sdk, whole", format: "anthropic-messages", ask: messagesWhole },
  { name: "@anthropic-ai/sdk, raw stream", format: "anthropic-messages", ask: messagesStream },
  { name: "@anthropic-ai/sdk, stream helper", format: "anthropic-messages", ask: messagesHelper },
];

// ---- OpenAI chat completions

type ChatBody = OpenAI.ChatCompletionCreateParamsNonStreaming;

function chatBody({ model, system, turns, tools, more }: Question): ChatBody {
  return {
    model,
    messages: [
      ...(system === undefined ? [] : [{ role: "system" as const, content: system }]),
      ...turns.flatMap(chatMessages),
    ],
    ...(tools && {
      tools: tools.map(({ name, schema }) => ({
        type: "function" as const,
        function: { name, parameters: { ...schema } },
      })),
    }),
    ...more,
  };
}

function chatMessages(turn: Turn): OpenAI.ChatCompletionMessageParam[] {
  if ("user" in turn)
    return [
      {
        role: "user",
        content: [
          { type: "text", text: turn.user },
          ...(turn.png === undefined
            ? []
            : [{ type: "image_url" as const, image_url: { url: `data:image/png;base64,${turn.png}` } }]),
        ],
      },
    ];
  if ("results" in turn) return turn.results.map(({ id, text }) => ({ role: "tool", tool_call_id: id, content: text }));
  const calls = turn.calls.map(({ id, name, input }) => ({
    id,
    type: "function" as const,
    function: { name, arguments: JSON.stringify(input) },
  }));
  return [{ role: "assistant", content: turn.assistant, ...(calls.length > 0 && { tool_calls: calls }) }];
}

async function chatWhole({ openai }: Clients, question: Question): Promise<Answer> {
  return completionAnswer(await openai.chat.completions.create(chatBody(question)));
}

const withUsage = { stream: true, stream_options: { include_usage: true } } as const;

async function chatHelper({ openai }: Clients, question: Question): Promise<Answer> {
  const stream = openai.chat.completions.stream({ ...chatBody(question), ...withUsage });
  // The helper keeps only the last delta of a field it does not know.
  return { ...completionAnswer(await stream.finalChatCompletion()), reasoning: undefined };
}

async function chatStream({ openai }: Clients, question: Question): Promise<Answer> {
  const chunks = await Array.fromAsync(await openai.chat.completions.create({ ...chatBody(question), ...withUsage }));
  const choices = chunks.flatMap((chunk) => chunk.choices);
  const deltas = choices.map(({ delta }) => delta);
  const calls: { id: string; name: string; json: string }[] = [];
  for (const { index, id, function: called } of deltas.flatMap(({ tool_calls = [] }) => tool_calls)) {
    const call = (calls[index] ??= { id: id ?? "", name: called?.name ?? "", json: "" });
    call.json += called?.arguments ?? "";
  }
  return {
    model: chunks.at(-1)?.model,
    text: deltas.map(({ content, refusal }) => content || refusal || "").join(""),
    reasoning: deltas.map(reasoningOf).join(""),
    calls: calls.map(({ id, name, json }) => ({ id, name, input: parsed(json) })),
    finish: choices.findLast(({ finish_reason }) => finish_reason)?.finish_reason,
    usage: completionUsage(chunks.findLast(({ usage }) => usage)?.usage ?? undefined),
  };
}

function completionAnswer({ model, choices: [choice], usage }: OpenAI.ChatCompletion): Answer {
  return {
    model,
    text: choice?.message.content || choice?.message.refusal || "",
    reasoning: choice && reasoningOf(choice.message),
    calls: (choice?.message.tool_calls ?? []).flatMap((call) =>
      call.type === "function"
        ? [{ id: call.id, name: call.function.name, input: parsed(call.function.arguments) }]
        : [],
    ),
    finish: choice?.finish_reason,
    usage: completionUsage(usage),
  };
}

/** An extension many clients read; the SDK does not name it, but passes it on. */
function reasoningOf(from: object): string {
  return "reasoning_content" in from && typeof from.reasoning_content === "string" ? from.reasoning_content : "";
}

function completionUsage(usage: OpenAI.CompletionUsage | undefined): Answer["usage"] {
  return {
    input: usage?.prompt_tokens,
    output: usage?.completion_tokens,
    cacheRead: usage?.prompt_tokens_details?.cached_tokens,
    thinking: usage?.completion_tokens_details?.reasoning_tokens,
  };
}

// ---- OpenAI Responses

type ResponseBody = OpenAI.Responses.ResponseCreateParamsNonStreaming;

function responseBody({ model, system, turns, tools, more }: Question): ResponseBody {
  return {
    model,
    store: false,
    ...(system !== undefined && { instructions: system }),
    input: turns.flatMap(responseItems),
    ...(tools && {
      tools: tools.map(({ name, schema }) => ({
        type: "function" as const,
        name,
        parameters: { ...schema },
        strict: false,
      })),
    }),
    ...more,
  };
}

function responseItems(turn: Turn): OpenAI.Responses.ResponseInputItem[] {
  if ("user" in turn)
    return [
      {
        role: "user",
        content: [
          { type: "input_text", text: turn.user },
          ...(turn.png === undefined
            ? []
            : [
                {
                  type: "input_image" as const,
                  detail: "auto" as const,
                  image_url: `data:image/png;base64,${turn.png}`,
                },
              ]),
        ],
      },
    ];
  if ("results" in turn)
    return turn.results.map(({ id, text }) => ({ type: "function_call_output", call_id: id, output: text }));
  return [
    { role: "assistant", content: turn.assistant },
    ...turn.calls.map(({ id, name, input }) => ({
      type: "function_call" as const,
      call_id: id,
      name,
      arguments: JSON.stringify(input),
    })),
  ];
}

async function responsesWhole({ openai }: Clients, question: Question): Promise<Answer> {
  return responseAnswer(await openai.responses.create(responseBody(question)));
}

async function responsesHelper({ openai }: Clients, question: Question): Promise<Answer> {
  return responseAnswer(await openai.responses.stream({ ...responseBody(question), stream: true }).finalResponse());
}

async function responsesStream({ openai }: Clients, question: Question): Promise<Answer> {
  const events = await Array.fromAsync(await openai.responses.create({ ...responseBody(question), stream: true }));
  const last = events.at(-1);
  if (last === undefined || !("response" in last)) throw new Error(`The stream ended with ${last?.type}.`);
  const output = events.flatMap((event) => (event.type === "response.output_item.done" ? [event.item] : []));
  const textOf = (...types: readonly string[]): string =>
    events
      .map((event) => (types.includes(event.type) && "delta" in event ? event.delta : ""))
      .filter((delta) => typeof delta === "string")
      .join("");
  return {
    ...responseAnswer({ ...last.response, output }),
    text: textOf("response.output_text.delta", "response.refusal.delta"),
    reasoning: textOf("response.reasoning_summary_text.delta", "response.reasoning_text.delta"),
  };
}

/** Its SDK leaves it to the reader to see that a response has failed. */
function responseAnswer(response: OpenAI.Responses.Response): Answer {
  if (response.status === "failed") throw new Error(response.error?.message);
  const { model, output, status, incomplete_details: details, usage } = response;
  const parts = output.flatMap((item) => (item.type === "message" ? item.content : []));
  return {
    model,
    text: parts.map((part) => (part.type === "output_text" ? part.text : part.refusal)).join(""),
    reasoning: output
      .flatMap((item) => (item.type === "reasoning" ? [...item.summary, ...(item.content ?? [])] : []))
      .map(({ text }) => text)
      .join(""),
    calls: output.flatMap((item) =>
      item.type === "function_call" ? [{ id: item.call_id, name: item.name, input: parsed(item.arguments) }] : [],
    ),
    finish: details?.reason ?? status,
    usage: {
      input: usage?.input_tokens,
      output: usage?.output_tokens,
      cacheRead: usage?.input_tokens_details.cached_tokens,
      thinking: usage?.output_tokens_details.reasoning_tokens,
    },
  };
}

// ---- Anthropic messages

type MessageBody = Anthropic.MessageCreateParamsNonStreaming;

function messageBody({ model, system, turns, tools, more }: Question): MessageBody {
  return {
    model,
    max_tokens: 4096,
    ...(system !== undefined && { system }),
    messages: turns.map(anthropicMessage),
    ...(tools && {
      tools: tools.map(({ name, schema }) => ({ name, input_schema: { type: "object" as const, ...schema } })),
    }),
    ...more,
  };
}

function anthropicMessage(turn: Turn): Anthropic.MessageParam {
  if ("user" in turn)
    return {
      role: "user",
      content: [
        { type: "text", text: turn.user },
        ...(turn.png === undefined
          ? []
          : [
              {
                type: "image" as const,
                source: { type: "base64" as const, media_type: "image/png" as const, data: turn.png },
              },
            ]),
      ],
    };
  if ("results" in turn)
    return {
      role: "user",
      content: turn.results.map(({ id, text }) => ({ type: "tool_result", tool_use_id: id, content: text })),
    };
  return {
    role: "assistant",
    content: [
      { type: "text", text: turn.assistant },
      ...turn.calls.map((call) => ({ type: "tool_use" as const, ...call })),
    ],
  };
}

async function messagesWhole({ anthropic }: Clients, question: Question): Promise<Answer> {
  return messageAnswer(await anthropic.messages.create(messageBody(question)));
}

async function messagesHelper({ anthropic }: Clients, question: Question): Promise<Answer> {
  return messageAnswer(await anthropic.messages.stream(messageBody(question)).finalMessage());
}

async function messagesStream({ anthropic }: Clients, question: Question): Promise<Answer> {
  const events = await Array.fromAsync(await anthropic.messages.create({ ...messageBody(question), stream: true }));
  const head = events.find((event) => event.type === "message_start")?.message;
  const end = events.findLast((event) => event.type === "message_delta");
  if (head === undefined || end === undefined || events.at(-1)?.type !== "message_stop")
    throw new Error("The stream was not whole.");
  const deltas = events.flatMap((event) => (event.type === "content_block_delta" ? [event] : []));
  const calls = events.flatMap((event) => {
    if (event.type !== "content_block_start" || event.content_block.type !== "tool_use") return [];
    const { id, name } = event.content_block;
    const json = deltas
      .filter(({ index }) => index === event.index)
      .map(({ delta }) => (delta.type === "input_json_delta" ? delta.partial_json : ""))
      .join("");
    return [{ id, name, input: parsed(json === "" ? "{}" : json) }];
  });
  return {
    model: head.model,
    text: deltas.map(({ delta }) => (delta.type === "text_delta" ? delta.text : "")).join(""),
    reasoning: deltas.map(({ delta }) => (delta.type === "thinking_delta" ? delta.thinking : "")).join(""),
    calls,
    finish: end.delta.stop_reason,
    usage: messageUsage(end.usage),
  };
}

function messageAnswer({ model, content, stop_reason, usage }: Anthropic.Message): Answer {
  return {
    model,
    text: content.map((block) => (block.type === "text" ? block.text : "")).join(""),
    reasoning: content.map((block) => (block.type === "thinking" ? block.thinking : "")).join(""),
    calls: content.flatMap((block) =>
      block.type === "tool_use" ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    finish: stop_reason,
    usage: messageUsage(usage),
  };
}

function messageUsage(usage: Anthropic.Usage | Anthropic.MessageDeltaUsage): Answer["usage"] {
  const { input_tokens: plain, cache_read_input_tokens: cacheRead, cache_creation_input_tokens: written } = usage;
  return {
    input: (plain ?? 0) + (cacheRead ?? 0) + (written ?? 0),
    output: usage.output_tokens,
    cacheRead,
    thinking: usage.output_tokens_details?.thinking_tokens,
  };
}

function parsed(json: string): unknown {
  return JSON.parse(json);
}
