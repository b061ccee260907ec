/** An answer in the form of a schema through every client and in each of its ways. */
import type Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { Agent, type Model, OpenAIChatCompletionsModel, OpenAIResponsesModel, run } from "@openai/agents";
import { generateText, type LanguageModel, Output, streamText } from "ai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

import type { Clients } from "./clients.ts";
import { langchainAnthropic, langchainOpenAi } from "./tool-loops/frameworks.ts";

const reportSchema = z.object({
  city: z.string(),
  readings: z.array(z.object({ celsius: z.number(), sky: z.enum(["clear", "grey"]) })),
});

export interface Asked {
  readonly model: string;
  readonly prompt: string;
}

export interface Structurer {
  readonly name: string;
  ask(clients: Clients, asked: Asked): Promise<unknown>;
}

export const structurers: readonly Structurer[] = [
  { name: "openai, create", ask: openaiCreate },
  { name: "openai, raw stream", ask: openaiStream },
  { name: "openai, parse", ask: openaiParse },
  { name: "openai, stream helper", ask: openaiHelper },
  { name: "openai responses, parse", ask: responsesParse },
  { name: "openai responses, streamed", ask: responsesHelper },
  { name: "@anthropic-ai/sdk, create", ask: anthropicCreate },
  { name: "@anthropic-ai/sdk, parse", ask: anthropicParse },
  { name: "@anthropic-ai/sdk, stream helper", ask: anthropicHelper },
  { name: "@ai-sdk/openai-compatible, generateText", ask: (clients, asked) => aiWhole(clients.openaiModel, asked) },
  { name: "@ai-sdk/openai-compatible, streamText", ask: (clients, asked) => aiStream(clients.openaiModel, asked) },
  { name: "@ai-sdk/openai, streamText on responses", ask: (clients, asked) => aiStream(clients.responsesModel, asked) },
  { name: "@ai-sdk/anthropic, generateText", ask: (clients, asked) => aiWhole(clients.anthropicModel, asked) },
  { name: "@ai-sdk/anthropic, streamText", ask: (clients, asked) => aiStream(clients.anthropicModel, asked) },
  {
    name: "@langchain/openai, withStructuredOutput",
    ask: (clients, { model, prompt }) =>
      langchainOpenAi(clients, model).withStructuredOutput(reportSchema, { method: "jsonSchema" }).invoke(prompt),
  },
  {
    name: "@langchain/anthropic, withStructuredOutput",
    ask: (clients, { model, prompt }) =>
      langchainAnthropic(clients, model).withStructuredOutput(reportSchema, { method: "jsonSchema" }).invoke(prompt),
  },
  {
    name: "@openai/agents, outputType",
    ask: (clients, asked) => agentsOutput(new OpenAIChatCompletionsModel(clients.openai, asked.model), asked),
  },
  {
    name: "@openai/agents, outputType on responses",
    ask: (clients, asked) => agentsOutput(new OpenAIResponsesModel(clients.openai, asked.model), asked),
  },
];

function openaiBody({ model, prompt }: Asked) {
  const response_format = zodResponseFormat(reportSchema, "report");
  return { model, messages: [{ role: "user" as const, content: prompt }], response_format };
}

async function openaiCreate({ openai }: Clients, asked: Asked): Promise<unknown> {
  const { choices } = await openai.chat.completions.create(openaiBody(asked));
  if (choices[0]?.finish_reason !== "stop") throw new Error(`It ended with ${choices[0]?.finish_reason}.`);
  return JSON.parse(choices[0].message.content ?? "");
}

async function openaiStream({ openai }: Clients, asked: Asked): Promise<unknown> {
  let text = "";
  for await (const { choices } of await openai.chat.completions.create({ ...openaiBody(asked), stream: true }))
    text += choices[0]?.delta.content ?? "";
  return JSON.parse(text);
}

async function openaiParse({ openai }: Clients, asked: Asked): Promise<unknown> {
  return (await openai.chat.completions.parse(openaiBody(asked))).choices[0]?.message.parsed;
}

async function openaiHelper({ openai }: Clients, asked: Asked): Promise<unknown> {
  const stream = openai.chat.completions.stream(openaiBody(asked));
  return (await stream.finalChatCompletion()).choices[0]?.message.parsed;
}

function responsesBody({ model, prompt }: Asked) {
  return { model, input: prompt, text: { format: zodTextFormat(reportSchema, "report") } };
}

async function responsesParse({ openai }: Clients, asked: Asked): Promise<unknown> {
  return (await openai.responses.parse(responsesBody(asked))).output_parsed;
}

async function responsesHelper({ openai }: Clients, asked: Asked): Promise<unknown> {
  const { output_parsed: read, error } = await openai.responses.stream(responsesBody(asked)).finalResponse();
  if (error !== null) throw new Error(error.message);
  return read;
}

function anthropicBody({ model, prompt }: Asked) {
  const output_config = { format: zodOutputFormat(reportSchema) };
  return { model, max_tokens: 4096, messages: [{ role: "user" as const, content: prompt }], output_config };
}

async function anthropicCreate({ anthropic }: Clients, asked: Asked): Promise<unknown> {
  const { content, stop_reason } = await anthropic.messages.create(anthropicBody(asked));
  if (stop_reason !== "end_turn") throw new Error(`It ended with ${stop_reason}.`);
  return JSON.parse(textOf(content));
}

async function anthropicParse({ anthropic }: Clients, asked: Asked): Promise<unknown> {
  return (await anthropic.messages.parse(anthropicBody(asked))).parsed_output;
}

async function anthropicHelper({ anthropic }: Clients, asked: Asked): Promise<unknown> {
  return (await anthropic.messages.stream(anthropicBody(asked)).finalMessage()).parsed_output;
}

function textOf(content: readonly Anthropic.ContentBlock[]): string {
  return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}

type Models = (id: string) => LanguageModel;

async function aiWhole(models: Models, { model, prompt }: Asked): Promise<unknown> {
  const output = Output.object({ schema: reportSchema });
  return (await generateText({ model: models(model), prompt, output, maxRetries: 0 })).output;
}

async function aiStream(models: Models, { model, prompt }: Asked): Promise<unknown> {
  const failures: unknown[] = [];
  const result = streamText({
    model: models(model),
    prompt,
    output: Output.object({ schema: reportSchema }),
    maxRetries: 0,
    onError: ({ error }) => void failures.push(error),
  });
  await result.consumeStream();
  if (failures.length > 0) throw failures[0];
  return await result.output;
}

async function agentsOutput(model: Model, { prompt }: Asked): Promise<unknown> {
  const agent = new Agent({ name: "Reporter", model, outputType: reportSchema });
  return (await run(agent, prompt)).finalOutput;
}
