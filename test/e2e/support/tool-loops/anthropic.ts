import type Anthropic from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";

import type { Clients } from "../clients.ts";
import { jsonSchemaOf, type Loop, MOST_ROUNDS, type Outcome, type Task, type Toolbox } from "./loop.ts";

type Answer = Pick<Anthropic.Message, "content" | "stop_reason" | "usage">;
type Ask = (anthropic: Anthropic, body: Anthropic.MessageCreateParamsNonStreaming) => Promise<Answer>;

export const anthropicLoops: readonly Loop[] = [
  loop("@anthropic-ai/sdk, whole", (clients, task) => byHand(clients, task, askWhole)),
  loop("@anthropic-ai/sdk, raw stream", (clients, task) => byHand(clients, task, askStream)),
  loop("@anthropic-ai/sdk, stream helper", (clients, task) => byHand(clients, task, askHelper)),
  loop("@anthropic-ai/sdk, tool runner", runner),
  loop("@anthropic-ai/sdk, tool runner streaming", runnerStreaming),
];

function loop(name: string, run: Loop["run"]): Loop {
  return { name, format: "anthropic-messages", run };
}

const askWhole: Ask = (anthropic, body) => anthropic.messages.create(body);
const askHelper: Ask = (anthropic, body) => anthropic.messages.stream(body).finalMessage();

const askStream: Ask = async (anthropic, body) => {
  const events = await Array.fromAsync(await anthropic.messages.create({ ...body, stream: true }));
  const head = events.find((event) => event.type === "message_start")?.message;
  const end = events.find((event) => event.type === "message_delta");
  if (head === undefined || end === undefined) throw new Error("The stream was not whole.");
  const starts = events.filter((event) => event.type === "content_block_start");
  const deltas = events.filter((event) => event.type === "content_block_delta");
  const content = starts.map(({ index, content_block: block }, at) => {
    if (index !== at) throw new Error(`Block ${index} came after ${at} others.`);
    return grown(
      block,
      deltas.filter((event) => event.index === index).map(({ delta }) => delta),
    );
  });
  const usage = { ...head.usage, output_tokens: end.usage.output_tokens };
  return { content, stop_reason: end.delta.stop_reason, usage };
};

function grown(
  block: Anthropic.ContentBlock,
  deltas: readonly Anthropic.RawContentBlockDelta[],
): Anthropic.ContentBlock {
  const text = deltas.map((delta) => (delta.type === "text_delta" ? delta.text : "")).join("");
  const json = deltas.map((delta) => (delta.type === "input_json_delta" ? delta.partial_json : "")).join("");
  if (block.type === "text") return { ...block, text: block.text + text };
  return block.type === "tool_use" && json !== "" ? { ...block, input: JSON.parse(json) as unknown } : block; // The model's own.
}

async function byHand({ anthropic }: Clients, { model, prompt, toolbox }: Task, ask: Ask): Promise<Outcome> {
  const messages: Anthropic.MessageParam[] = [{ role: "user", content: prompt }];
  const tools = toolbox.tools.map((tool) => ({
    name: tool.name,
    description: tool.description,
    input_schema: { type: "object" as const, ...jsonSchemaOf(tool) },
  }));
  const answers: Answer[] = [];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const answer = await ask(anthropic, { model, max_tokens: 4096, messages, tools });
    answers.push(answer);
    const calls = answer.content.filter((block) => block.type === "tool_use");
    if (calls.length === 0) return outcomeOf(answers);
    messages.push({ role: "assistant", content: answer.content });
    messages.push({ role: "user", content: calls.map((call) => resultFor(call, toolbox)) });
  }
  throw new Error("The loop does not end.");
}

function resultFor({ id, name, input }: Anthropic.ToolUseBlock, toolbox: Toolbox): Anthropic.ToolResultBlockParam {
  return { type: "tool_result", tool_use_id: id, content: toolbox.run(name, input) };
}

interface Said {
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly stop_reason: string | null;
  readonly usage: { readonly input_tokens: number; readonly output_tokens: number };
}

function outcomeOf(answers: readonly Said[]): Outcome {
  return {
    text: (answers.at(-1)?.content ?? []).map(({ text = "" }) => text).join(""),
    finishes: answers.map(({ stop_reason }) => stop_reason),
    tokens: answers.map(({ usage }) => [usage.input_tokens, usage.output_tokens]),
  };
}

function runnable({ tools }: Toolbox) {
  return tools.map((tool) =>
    betaTool({
      name: tool.name,
      description: tool.description,
      inputSchema: { type: "object", ...jsonSchemaOf(tool) },
      run: (input: unknown) => tool.run(input),
    }),
  );
}

async function runner({ anthropic }: Clients, { model, prompt, toolbox }: Task): Promise<Outcome> {
  const answers: Said[] = [];
  const run = anthropic.beta.messages.toolRunner({
    model,
    max_tokens: 4096,
    messages: [{ role: "user", content: prompt }],
    tools: runnable(toolbox),
    max_iterations: MOST_ROUNDS,
  });
  for await (const message of run) answers.push(message);
  return outcomeOf(answers);
}

async function runnerStreaming({ anthropic }: Clients, { model, prompt, toolbox }: Task): Promise<Outcome> {
  const answers: Said[] = [];
  const run = anthropic.beta.messages.toolRunner({
    model,
    max_tokens: 4096,
    messages: [{ role: "user", content: prompt }],
    tools: runnable(toolbox),
    max_iterations: MOST_ROUNDS,
    stream: true,
  });
  for await (const stream of run) answers.push(await stream.finalMessage());
  return outcomeOf(answers);
}
