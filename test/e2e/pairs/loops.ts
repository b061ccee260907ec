/** Loops over tools and answers in the form of a schema, by every helper that an official SDK has. */
import { expect } from "bun:test";

import { isRecord } from "#lib/is-record.ts";

import { conversationIn } from "../support/pair-upstreams.ts";
import { type Structurer, structurers } from "../support/structured.ts";
import { anthropicLoops } from "../support/tool-loops/anthropic.ts";
import { type Call, createToolbox, type Loop, resultOf } from "../support/tool-loops/loop.ts";
import { openaiLoops } from "../support/tool-loops/openai.ts";
import { responsesLoops } from "../support/tool-loops/responses.ts";
import { backends } from "./backends.ts";
import type { Client } from "./send.ts";
import { chatMode } from "./talk.ts";

const weather = (city: string): Call => ({ name: "get_weather", input: { city } });
const order: Call = {
  name: "place_order",
  input: { lines: [{ item: 'a "quoted" 🙂 item', options: { size: "größer\\als\n" } }] },
};
/** The calls of each answer but the last. */
const steps: readonly (readonly Call[])[] = [[weather("Zürich")], [order, { name: "now", input: {} }]];

const script = [
  ...steps.map(
    (calls) =>
      `[[demo think Hm.]] ${calls.map(({ name, input }) => `[[demo tool ${name} ${JSON.stringify(input)}]]`).join(" ")}`,
  ),
  "[[demo say All done, äöü.]]",
].join(" [[demo then]] ");

/** What an upstream keeps of a conversation (`previous_response_id`, `thread`) is not in the request that is looked at here. */
const goesOnUpstream = (name: string): boolean => /^openai responses, (?:whole|stream helper)|tool runner/.test(name);

export const loopsOf = ({ backend, format }: Omit<Client, "bench">): readonly Loop[] =>
  [...openaiLoops, ...responsesLoops, ...anthropicLoops].filter(
    (loop) => loop.format === format && !(backend === `${format}-api` && goesOnUpstream(loop.name)),
  );

/** One call, then two at once, then the answer. */
export async function expectLoop({ bench, backend }: Client, loop: Loop): Promise<void> {
  const { at, model, speaks } = backends[backend];
  const toolbox = createToolbox();
  const outcome = await loop.run(bench.clients(at), { model, prompt: script, toolbox });
  expect(outcome.text).toBe("All done, äöü.");
  expect(toolbox.ran).toEqual(steps.flat());
  expect(bench.asked()).toHaveLength(steps.length + 1);
  const seen = conversationIn(speaks, bench.lastAsked().body).filter(([kind]) => kind !== "system");
  const called = seen.filter(([kind]) => kind === "call");
  expect(called.map(([, , name, input]) => ({ name, input }))).toEqual([...steps.flat()]);
  const results = new Map(seen.flatMap(([kind, id, told]) => (kind === "result" ? [[id, told] as const] : [])));
  expect(called.map(([, id]) => results.get(id))).toEqual(steps.flat().map(resultOf));
}

/** What was thought goes back to who thought it, who wants it signed, or encrypted. */
export function expectThoughtsBack({ bench }: Client): void {
  const body: unknown = bench.lastAsked().body;
  const thoughts = JSON.stringify(body).match(/"signature":"|"encrypted_content":"/g) ?? [];
  expect(thoughts).toHaveLength(isRecord(body) ? steps.length : -1);
}

const report = { city: "Zürich 🙂", readings: [{ celsius: 21.5, sky: "clear" }] };

const namesOf = {
  "openai-chat": /^openai,/,
  "openai-responses": /^openai responses,/,
  "anthropic-messages": /^@anthropic-ai/,
};

export const structurersOf = (format: Client["format"]): readonly Structurer[] =>
  structurers.filter(({ name }) => namesOf[format].test(name));

export async function expectReport({ bench, backend }: Client, { ask }: Structurer): Promise<void> {
  const { at, model } = backends[backend];
  const prompt = `[[demo say ${JSON.stringify(report)}]]`;
  expect(await ask(bench.clients(at, chatMode), { model, prompt })).toEqual(report);
  const asked = JSON.stringify(bench.lastAsked().body);
  expect(asked).toContain('"json_schema"');
  expect(asked).toContain('"celsius"');
}
