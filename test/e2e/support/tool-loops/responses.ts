import type OpenAI from "openai";

import type { Clients } from "../clients.ts";
import { jsonSchemaOf, type Loop, MOST_ROUNDS, type Outcome, type Task, type Toolbox } from "./loop.ts";

type Body = OpenAI.Responses.ResponseCreateParamsNonStreaming;
type Answer = Pick<OpenAI.Responses.Response, "id" | "output" | "status" | "usage">;
type Ask = (openai: OpenAI, body: Body) => Promise<Answer>;

export const responsesLoops: readonly Loop[] = [
  loop("openai responses, whole", askWhole, "from its id"),
  loop("openai responses, raw stream", askStream, "whole conversation"),
  loop("openai responses, stream helper", askHelper, "from its id"),
];

function loop(name: string, ask: Ask, goesOn: "from its id" | "whole conversation"): Loop {
  return { name, format: "openai-responses", run: (clients, task) => byHand(clients, task, { ask, goesOn }) };
}

async function askWhole(openai: OpenAI, body: Body): Promise<Answer> {
  return await openai.responses.create(body);
}

async function askHelper(openai: OpenAI, body: Body): Promise<Answer> {
  return await openai.responses.stream({ ...body, stream: true }).finalResponse();
}

/** As a client may that believes no other event than that of a whole item. */
async function askStream(openai: OpenAI, body: Body): Promise<Answer> {
  const events = await Array.fromAsync(await openai.responses.create({ ...body, stream: true }));
  const last = events.at(-1);
  if (last?.type !== "response.completed") throw new Error(`The stream ended with ${last?.type}.`);
  const output = events.flatMap((event) => (event.type === "response.output_item.done" ? [event.item] : []));
  return { ...last.response, output };
}

interface Way {
  readonly ask: Ask;
  readonly goesOn: "from its id" | "whole conversation";
}

async function byHand({ openai }: Clients, { model, prompt, toolbox }: Task, { ask, goesOn }: Way): Promise<Outcome> {
  const tools = toolbox.tools.map((tool) => ({
    type: "function" as const,
    name: tool.name,
    description: tool.description,
    parameters: jsonSchemaOf(tool),
    strict: false,
  }));
  const answers: Answer[] = [];
  let said: OpenAI.Responses.ResponseInputItem[] = [{ role: "user", content: prompt }];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const before = goesOn === "from its id" ? answers.at(-1)?.id : undefined;
    const answer = await ask(openai, {
      model,
      input: said,
      tools,
      ...(before === undefined ? { store: goesOn === "from its id" } : { previous_response_id: before }),
    });
    answers.push(answer);
    const calls = answer.output.filter((item) => item.type === "function_call");
    if (calls.length === 0) return outcomeOf(answers);
    const spoken = answer.output.flatMap((item) =>
      item.type === "message" || item.type === "reasoning" ? [item] : [],
    );
    const results = calls.map((call) => resultFor(call, toolbox));
    said = goesOn === "from its id" ? results : [...said, ...spoken, ...calls, ...results];
  }
  throw new Error("The loop does not end.");
}

function resultFor(
  { call_id, name, arguments: json }: OpenAI.Responses.ResponseFunctionToolCall,
  toolbox: Toolbox,
): OpenAI.Responses.ResponseInputItem.FunctionCallOutput {
  return { type: "function_call_output", call_id, output: toolbox.run(name, JSON.parse(json)) };
}

function outcomeOf(answers: readonly Answer[]): Outcome {
  const text = answers.at(-1)?.output.flatMap((item) => (item.type === "message" ? item.content : [])) ?? [];
  return {
    text: text.map((part) => (part.type === "output_text" ? part.text : "")).join(""),
    finishes: answers.map(({ status }) => status),
    tokens: answers.map(({ usage }) => [usage?.input_tokens, usage?.output_tokens]),
  };
}
