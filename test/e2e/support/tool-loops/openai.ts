import type OpenAI from "openai";

import type { Clients } from "../clients.ts";
import { jsonSchemaOf, type Loop, MOST_ROUNDS, type Outcome, type Task, type Toolbox } from "./loop.ts";

type Message = OpenAI.ChatCompletionMessageParam;
type Completion = Pick<OpenAI.ChatCompletion, "choices"> & { readonly usage?: OpenAI.CompletionUsage | undefined };
type Ask = (openai: OpenAI, body: Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, "stream">) => Promise<Completion>;

export const openaiLoops: readonly Loop[] = [
  { name: "openai, whole", format: "openai-chat", run: (clients, task) => byHand(clients, task, askWhole) },
  { name: "openai, raw stream", format: "openai-chat", run: (clients, task) => byHand(clients, task, askStream) },
  { name: "openai, stream helper", format: "openai-chat", run: (clients, task) => byHand(clients, task, askHelper) },
  { name: "openai, runTools", format: "openai-chat", run: runTools },
  { name: "openai, runTools streaming", format: "openai-chat", run: runToolsStreaming },
];

const askWhole: Ask = (openai, body) => openai.chat.completions.create(body);

const askHelper: Ask = (openai, body) =>
  openai.chat.completions.stream({ ...body, stream_options: { include_usage: true } }).finalChatCompletion();

const askStream: Ask = async (openai, body) => {
  const stream = await openai.chat.completions.create({
    ...body,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await Array.fromAsync(stream);
  const choices = chunks.flatMap((chunk) => chunk.choices);
  const finish = choices.findLast(({ finish_reason: reason }) => reason !== null)?.finish_reason;
  if (finish === null || finish === undefined) throw new Error("The stream gave no finish reason.");
  const text = choices.map(({ delta }) => delta.content ?? "").join("");
  const calls: FunctionCall[] = [];
  for (const delta of choices.flatMap((choice) => choice.delta.tool_calls ?? [])) addDelta(calls, delta);
  const message = {
    role: "assistant" as const,
    content: text === "" ? null : text,
    refusal: null,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  const usage = chunks.findLast((chunk) => chunk.usage)?.usage ?? undefined;
  return { choices: [{ index: 0, finish_reason: finish, logprobs: null, message }], usage };
};

type FunctionCall = OpenAI.ChatCompletionMessageFunctionToolCall;

/** As strictly as a client may: id, type and name once, in the first delta of a call; one call after the other. */
function addDelta(calls: FunctionCall[], delta: OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall): void {
  const { index, id, type, function: called } = delta;
  const open = calls[index];
  if (open === undefined) {
    if (index !== calls.length || id === undefined || type !== "function" || called?.name === undefined)
      throw new Error(`A call began with ${JSON.stringify(delta)}.`);
    calls.push({ id, type, function: { name: called.name, arguments: called.arguments ?? "" } });
    return;
  }
  const again = [id, type, called?.name].some((value) => value !== undefined);
  if (index !== calls.length - 1 || again) throw new Error(`A call went on with ${JSON.stringify(delta)}.`);
  open.function.arguments += called?.arguments ?? "";
}

async function byHand({ openai }: Clients, { model, prompt, toolbox }: Task, ask: Ask): Promise<Outcome> {
  const messages: Message[] = [{ role: "user", content: prompt }];
  const finishes: string[] = [];
  const tokens: [number | undefined, number | undefined][] = [];
  const tools = toolbox.tools.map((tool) => ({
    type: "function" as const,
    function: { name: tool.name, description: tool.description, parameters: jsonSchemaOf(tool) },
  }));
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const { choices, usage } = await ask(openai, { model, messages, tools });
    const [choice] = choices;
    if (choice === undefined) throw new Error("There is no choice.");
    finishes.push(choice.finish_reason);
    tokens.push([usage?.prompt_tokens, usage?.completion_tokens]);
    messages.push(choice.message);
    const calls = choice.message.tool_calls ?? [];
    if (calls.length === 0) return { text: choice.message.content ?? "", finishes, tokens };
    for (const call of calls) messages.push({ role: "tool", tool_call_id: call.id, content: answerTo(call, toolbox) });
  }
  throw new Error("The loop does not end.");
}

function answerTo(call: OpenAI.ChatCompletionMessageToolCall, toolbox: Toolbox): string {
  if (call.type !== "function") throw new Error(`There is a call of type ${call.type}.`);
  return toolbox.run(call.function.name, JSON.parse(call.function.arguments));
}

function runnable({ tools }: Toolbox) {
  return tools.map((tool) => ({
    type: "function" as const,
    function: {
      name: tool.name,
      description: tool.description,
      parameters: jsonSchemaOf(tool),
      parse: (json: string): object => JSON.parse(json) as object, // A tool's input is one.
      function: (input: object) => tool.run(input),
    },
  }));
}

async function runTools({ openai }: Clients, { model, prompt, toolbox }: Task): Promise<Outcome> {
  const runner = openai.chat.completions.runTools({
    model,
    messages: [{ role: "user", content: prompt }],
    tools: runnable(toolbox),
  });
  const text = (await runner.finalContent()) ?? "";
  return { text, ...ofCompletions(runner.allChatCompletions()) };
}

async function runToolsStreaming({ openai }: Clients, { model, prompt, toolbox }: Task): Promise<Outcome> {
  const runner = openai.chat.completions.runTools({
    model,
    messages: [{ role: "user", content: prompt }],
    tools: runnable(toolbox),
    stream: true,
    stream_options: { include_usage: true },
  });
  const text = (await runner.finalContent()) ?? "";
  return { text, ...ofCompletions(runner.allChatCompletions()) };
}

function ofCompletions(completions: readonly OpenAI.ChatCompletion[]): Omit<Outcome, "text"> {
  return {
    finishes: completions.map(({ choices }) => choices[0]?.finish_reason),
    tokens: completions.map(({ usage }) => [usage?.prompt_tokens, usage?.completion_tokens]),
  };
}
