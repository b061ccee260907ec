import { ChatAnthropic } from "@langchain/anthropic";
import {
  type AIMessage,
  type AIMessageChunk,
  type BaseMessage,
  HumanMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { tool as langchainTool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import {
  Agent,
  type Model,
  OpenAIChatCompletionsModel,
  OpenAIResponsesModel,
  run,
  setTracingDisabled,
  tool as agentTool,
} from "@openai/agents";
import { generateText, isStepCount, type LanguageModel, streamText, tool as aiTool } from "ai";
import { z } from "zod";

import type { Clients } from "../clients.ts";
import { jsonSchemaOf, type Loop, MOST_ROUNDS, type Outcome, type Task, type Toolbox } from "./loop.ts";

// It would send what it sees to its vendor.
setTracingDisabled(true);

export const frameworkLoops: readonly Loop[] = [
  chat("@ai-sdk/openai-compatible, generateText", (clients, task) => aiWhole(clients.openaiModel(task.model), task)),
  chat("@ai-sdk/openai-compatible, streamText", (clients, task) => aiStream(clients.openaiModel(task.model), task)),
  responses("@ai-sdk/openai, generateText on responses", (clients, task) =>
    aiWhole(clients.responsesModel(task.model), task),
  ),
  responses("@ai-sdk/openai, streamText on responses", (clients, task) =>
    aiStream(clients.responsesModel(task.model), task),
  ),
  messages("@ai-sdk/anthropic, generateText", (clients, task) => aiWhole(clients.anthropicModel(task.model), task)),
  messages("@ai-sdk/anthropic, streamText", (clients, task) => aiStream(clients.anthropicModel(task.model), task)),
  chat("@langchain/openai, invoke", (clients, task) => langchain(langchainOpenAi(clients, task.model), task, "invoke")),
  chat("@langchain/openai, stream", (clients, task) => langchain(langchainOpenAi(clients, task.model), task, "stream")),
  messages("@langchain/anthropic, invoke", (clients, task) =>
    langchain(langchainAnthropic(clients, task.model), task, "invoke"),
  ),
  messages("@langchain/anthropic, stream", async (clients, task) => ({
    ...(await langchain(langchainAnthropic(clients, task.model), task, "stream")),
    // It adds the count that a stream begins with to the one it ends with.
    tokens: undefined,
  })),
  chat("@openai/agents, run", (clients, task) => agentsWhole(chatModel(clients, task), task)),
  chat("@openai/agents, run streaming", (clients, task) => agentsStream(chatModel(clients, task), task)),
  responses("@openai/agents, run on responses", (clients, task) => agentsWhole(responsesModel(clients, task), task)),
  responses("@openai/agents, run streaming on responses", (clients, task) =>
    agentsStream(responsesModel(clients, task), task),
  ),
];

function chat(name: string, runLoop: Loop["run"]): Loop {
  return { name, format: "openai-chat", run: runLoop };
}

/** Neither of these clients passes on how a response ended. */
function responses(name: string, runLoop: Loop["run"]): Loop {
  const loop: Loop["run"] = async (clients, task) => ({ ...(await runLoop(clients, task)), finishes: undefined });
  return { name, format: "openai-responses", run: loop };
}

function messages(name: string, runLoop: Loop["run"]): Loop {
  return { name, format: "anthropic-messages", run: runLoop };
}

// ---- Vercel AI SDK

function aiTools({ tools }: Toolbox) {
  return Object.fromEntries(
    tools.map((one) => [
      one.name,
      aiTool({ description: one.description, inputSchema: one.schema, execute: (input: unknown) => one.run(input) }),
    ]),
  );
}

async function aiWhole(model: LanguageModel, { prompt, toolbox }: Task): Promise<Outcome> {
  const tools = aiTools(toolbox);
  const { text, steps } = await generateText({
    model,
    prompt,
    tools,
    stopWhen: isStepCount(MOST_ROUNDS),
    maxRetries: 0,
  });
  return aiOutcome(text, steps);
}

async function aiStream(model: LanguageModel, { prompt, toolbox }: Task): Promise<Outcome> {
  const failures: unknown[] = [];
  const result = streamText({
    model,
    prompt,
    tools: aiTools(toolbox),
    stopWhen: isStepCount(MOST_ROUNDS),
    maxRetries: 0,
    onError: ({ error }) => void failures.push(error),
  });
  await result.consumeStream();
  if (failures.length > 0) throw failures[0];
  return aiOutcome(await result.text, await result.steps);
}

interface AiStep {
  readonly rawFinishReason: string | undefined;
  readonly usage: { readonly inputTokens: number | undefined; readonly outputTokens: number | undefined };
}

function aiOutcome(text: string, steps: readonly AiStep[]): Outcome {
  return {
    text,
    finishes: steps.map(({ rawFinishReason }) => rawFinishReason),
    tokens: steps.map(({ usage }) => [usage.inputTokens, usage.outputTokens]),
  };
}

// ---- LangChain

export function langchainOpenAi({ access }: Clients, model: string): ChatOpenAI {
  const { url, apiKey, headers: defaultHeaders, fetch } = access;
  const configuration = { baseURL: `${url}/v1`, defaultHeaders, fetch };
  return new ChatOpenAI({ model, apiKey, maxRetries: 0, streamUsage: true, configuration });
}

export function langchainAnthropic({ access }: Clients, model: string): ChatAnthropic {
  const { url, apiKey, headers: defaultHeaders, fetch } = access;
  const clientOptions = { defaultHeaders, fetch };
  return new ChatAnthropic({ model, apiKey, maxRetries: 0, maxTokens: 4096, anthropicApiUrl: url, clientOptions });
}

async function langchain(
  model: ChatOpenAI | ChatAnthropic,
  { prompt, toolbox }: Task,
  way: "invoke" | "stream",
): Promise<Outcome> {
  const bound = model.bindTools(
    toolbox.tools.map((one) => langchainTool((input: unknown) => one.run(input), { ...one })),
  );
  const said: BaseMessage[] = [new HumanMessage(prompt)];
  const answers: (AIMessage | AIMessageChunk)[] = [];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const answer = way === "invoke" ? await bound.invoke(said) : await joined(await bound.stream(said));
    answers.push(answer);
    said.push(answer);
    const calls = answer.tool_calls ?? [];
    if (calls.length === 0) return langchainOutcome(answer.text, answers);
    for (const { id = "", name, args } of calls)
      said.push(new ToolMessage({ tool_call_id: id, content: toolbox.run(name, args) }));
  }
  throw new Error("The loop does not end.");
}

async function joined(stream: AsyncIterable<AIMessageChunk>): Promise<AIMessageChunk> {
  let whole: AIMessageChunk | undefined;
  for await (const chunk of stream) whole = whole === undefined ? chunk : whole.concat(chunk);
  if (whole === undefined) throw new Error("The stream was empty.");
  return whole;
}

interface LangchainAnswer {
  readonly response_metadata: object;
  readonly additional_kwargs: object;
  readonly usage_metadata?: { readonly input_tokens: number; readonly output_tokens: number } | undefined;
}

function langchainOutcome(text: string, answers: readonly LangchainAnswer[]): Outcome {
  return {
    text,
    finishes: answers.map(({ response_metadata: metadata, additional_kwargs: more }) => {
      const said: Record<string, unknown> = { ...more, ...metadata };
      return String(said["finish_reason"] ?? said["stop_reason"]);
    }),
    tokens: answers.map(({ usage_metadata: usage }) => [usage?.input_tokens, usage?.output_tokens]),
  };
}

// ---- OpenAI Agents SDK

function chatModel({ openai }: Clients, { model }: Task): Model {
  return new OpenAIChatCompletionsModel(openai, model);
}

function responsesModel({ openai }: Clients, { model }: Task): Model {
  return new OpenAIResponsesModel(openai, model);
}

function agentOf(model: Model, { toolbox }: Task) {
  const tools = toolbox.tools.map((one) =>
    agentTool({
      name: one.name,
      description: one.description,
      parameters: strictless(jsonSchemaOf(one)),
      strict: false,
      execute: (input: unknown) => one.run(input),
    }),
  );
  return new Agent({ name: "Helper", model, tools });
}

/** The form in which this SDK takes a JSON Schema that is not bound to OpenAI's strict subset. */
function strictless(schema: Record<string, unknown>) {
  const properties = z.record(z.string(), z.any()).parse(schema["properties"]);
  const required = z.array(z.string()).default([]).parse(schema["required"]);
  return { type: "object" as const, properties, required, additionalProperties: true as const };
}

async function agentsWhole(model: Model, task: Task): Promise<Outcome> {
  const result = await run(agentOf(model, task), task.prompt, { maxTurns: MOST_ROUNDS });
  return agentsOutcome(result.finalOutput, result.rawResponses);
}

async function agentsStream(model: Model, task: Task): Promise<Outcome> {
  const result = await run(agentOf(model, task), task.prompt, { maxTurns: MOST_ROUNDS, stream: true });
  await result.completed;
  return agentsOutcome(result.finalOutput, result.rawResponses);
}

function agentsOutcome(
  text: string | undefined,
  responses: readonly { readonly usage: { readonly inputTokens: number; readonly outputTokens: number } }[],
): Outcome {
  return {
    text: text ?? "",
    finishes: undefined,
    tokens: responses.map(({ usage }) => [usage.inputTokens, usage.outputTokens]),
  };
}
