/** Tool loops and answers in the form of a schema, by every official client on every provider's API. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { isRecord } from "#lib/is-record.ts";

import { conversationIn } from "../support/pair-upstreams.ts";
import type { ProviderBench } from "../support/provider-bench.ts";
import { formats, models, openPairBench } from "../support/provider-pairs.ts";
import { structurers } from "../support/structured.ts";
import { anthropicLoops } from "../support/tool-loops/anthropic.ts";
import { type Call, createToolbox, resultOf } from "../support/tool-loops/loop.ts";
import { openaiLoops } from "../support/tool-loops/openai.ts";
import { responsesLoops } from "../support/tool-loops/responses.ts";

setDefaultTimeout(30_000);

let bench: ProviderBench;
beforeAll(async () => {
  bench = await openPairBench();
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => bench.forget());

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

const loops = formats.flatMap((provider) =>
  [...openaiLoops, ...responsesLoops, ...anthropicLoops]
    .filter(({ name, format }) => format !== provider || !goesOnUpstream(name))
    .map((loop) => [loop.name, provider, loop] as const),
);

// proves("upstream-transform", "tool-client")
test.each(loops)("%s on %s: one call, then two at once, then the answer", async (_name, provider, loop) => {
  const toolbox = createToolbox();
  const outcome = await loop.run(bench.clients(`/providers/${provider}`), {
    model: models[provider],
    prompt: script,
    toolbox,
  });
  expect(outcome.text).toBe("All done, äöü.");
  expect(toolbox.ran).toEqual(steps.flat());
  expect(bench.asked()).toHaveLength(steps.length + 1);
  const seen = conversationIn(provider, bench.lastAsked().body).filter(([kind]) => kind !== "system");
  const called = seen.filter(([kind]) => kind === "call");
  expect(called.map(([, , name, input]) => ({ name, input }))).toEqual([...steps.flat()]);
  const results = new Map(seen.flatMap(([kind, id, told]) => (kind === "result" ? [[id, told] as const] : [])));
  expect(called.map(([, id]) => results.get(id))).toEqual(steps.flat().map(resultOf));
});

/** Where it is signed, or encrypted, the provider wants it back; who can carry it, does. */
const carriers = loops.filter(
  ([, provider, { format, name }]) =>
    (provider === "anthropic-messages" && format !== "openai-chat" && !name.includes("raw stream")) ||
    (provider === "openai-responses" && format === "anthropic-messages" && !name.includes("raw stream")),
);
test.each(carriers)("%s on %s: what was thought goes back to who thought it", async (_name, provider, loop) => {
  await loop.run(bench.clients(`/providers/${provider}`), {
    model: models[provider],
    prompt: script,
    toolbox: createToolbox(),
  });
  const body: unknown = bench.lastAsked().body;
  const thoughts = JSON.stringify(body).match(/"signature":"|"encrypted_content":"/g) ?? [];
  expect(thoughts).toHaveLength(isRecord(body) ? steps.length : -1);
});

const long = `mcp__${"a_server_with_a_long_name".repeat(3)}__tool`;
test.each(["openai-chat", "openai-responses"] as const)(
  "a name that is too long for %s is another one there, and the client's own here",
  async (provider) => {
    const { anthropic } = bench.clients(`/providers/${provider}`);
    const tools = [{ name: long, input_schema: { type: "object" as const } }];
    const messages = [{ role: "user" as const, content: "Use it." }];
    const tool_choice = { type: "tool" as const, name: long };
    const { content } = await anthropic.messages.create({
      model: models[provider],
      max_tokens: 99,
      messages,
      tools,
      tool_choice,
    });
    expect(content).toMatchObject([{ type: "tool_use", name: long }]);
    const renamed = bench.traffic.last().headers.get("x-ccproxy-renamed-tools") ?? "";
    expect(renamed).toStartWith(`${long}=`);
    const name = renamed.slice(long.length + 1);
    expect(name.length).toBeLessThanOrEqual(64);
    expect(JSON.stringify(bench.lastAsked().body)).toContain(`"name":"${name}"`);
  },
);

test.each(formats)("a custom tool of Responses gets its text from %s, and gives its result back", async (provider) => {
  const { openai } = bench.clients(`/providers/${provider}`);
  const model = models[provider];
  const tools = [{ type: "custom" as const, name: "patch" }];
  const user = { role: "user" as const, content: '[[demo tool patch {"input": "*** Begin “ü”"}]]' };
  const { output } = await openai.responses.create({ model, input: [user], tools, store: false });
  const calls = output.flatMap((item) => (item.type === "custom_tool_call" ? [item] : []));
  expect(calls).toMatchObject([{ name: "patch", input: "*** Begin “ü”" }]);
  const results = calls.map(({ call_id }) => ({
    type: "custom_tool_call_output" as const,
    call_id,
    output: "Patched.",
  }));
  const last = await openai.responses.create({ model, input: [user, ...calls, ...results], tools, store: false });
  expect(last.output_text).toContain("Patched.");
});

const report = { city: "Zürich 🙂", readings: [{ celsius: 21.5, sky: "clear" }] };
const structured = formats.flatMap((provider) =>
  structurers
    .filter(({ name }) => /^(?:openai|@anthropic-ai)/.test(name))
    .map((structurer) => [structurer.name, provider, structurer] as const),
);

// proves("structured-output")
describe("an answer in the form of a schema", () => {
  test.each(structured)("%s on %s", async (_name, provider, { ask }) => {
    const prompt = `[[demo say ${JSON.stringify(report)}]]`;
    expect(await ask(bench.clients(`/providers/${provider}`), { model: models[provider], prompt })).toEqual(report);
    const asked = JSON.stringify(bench.lastAsked().body);
    expect(asked).toContain('"json_schema"');
    expect(asked).toContain('"celsius"');
  });
});
