/** Answers in the form of a schema: an object that fits it, or an error; never prose. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { Mode } from "#core/backend.ts";

import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { failureOf } from "../support/clients.ts";
import { claudes } from "../support/proxy.ts";
import { readFrames, terminalsOf } from "../support/raw-streams.ts";
import { structurers } from "../support/structured.ts";
import { expectOneRowEach } from "../support/traffic.ts";

setDefaultTimeout(60_000);
/** One that can be made to call a tool, and one that cannot. */
const obedient = "claude-haiku-5-5";
const free = "claude-sonnet-5-5";

const report = { city: "Zürich 🙂", readings: [{ celsius: 21.5, sky: "clear" }] };
const answer = (value: unknown): string => `[[demo tool StructuredOutput ${JSON.stringify(value)}]]`;
const unfit = { city: "Zürich", readings: [{ celsius: "warm", sky: "clear" }] };

const schema = {
  type: "object",
  properties: { n: { type: "integer" } },
  required: ["n"],
  additionalProperties: false,
} as const;
const bodies = {
  "/v1/chat/completions": (model: string, content: string) => ({
    model,
    messages: [{ role: "user", content }],
    response_format: { type: "json_schema", json_schema: { name: "number", schema } },
  }),
  "/v1/messages": (model: string, content: string) => ({
    model,
    max_tokens: 2000,
    messages: [{ role: "user", content }],
    output_config: { format: { type: "json_schema", schema } },
  }),
} as const;
const unfitting = [
  ["prose", "[[demo say Seven.]]"],
  ["no content", "[[demo empty]]"],
  ["a value of the wrong type", answer({ n: "x" })],
] as const;
/** The CLI has an agent try five times. */
const neverFitting = Array.from({ length: 8 }, () => answer(unfit)).join(" [[demo then]] ");
const paths = ["/v1/chat/completions", "/v1/messages"] as const;

describe.each([...claudes])("claude $version", ({ path, version }) => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({ claude: path });
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());
  const isNewest = version === claudes[0]?.version;

  const post = async (where: (typeof paths)[number], mode: Mode, content: string, more: object = {}) =>
    await bench.clients(mode).post(where, { ...bodies[where](free, content), ...more });

  // proves("structured-output")
  describe.each(isNewest ? (["chat", "agent"] as const) : (["chat"] as const))("%s mode", (mode) => {
    const isWhole = isNewest && mode === "chat";
    const used = isWhole ? structurers : structurers.filter(({ name }) => name.endsWith("parse"));
    const failing = isWhole ? structurers.filter(({ name }) => !/create|helper|generateText/.test(name)) : used;

    test.each([...used])("$name reads an object that fits, after one question", async ({ ask }) => {
      const read = await ask(bench.clients(mode), {
        model: free,
        prompt: `${answer(report)} [[demo then]] [[demo say ok]]`,
      });
      expect(read).toEqual(report);
      if (mode === "chat") expect(bench.requests()).toHaveLength(1);
    });

    test.each([...failing])("$name fails where nothing fits", async ({ ask }) => {
      const clients = bench.clients(mode);
      const failure = await failureOf(() =>
        ask(clients, { model: free, prompt: mode === "chat" ? answer(unfit) : neverFitting }),
      );
      expect(failure).toBeInstanceOf(Error);
    });
  });

  describe.each([...paths])("%s", (where) => {
    test.each(isNewest ? [...unfitting] : unfitting.slice(0, 1))(
      "%s is an error of the upstream, and in a stream never a clean end",
      async (_, content) => {
        const whole = await post(where, "chat", content);
        expect(whole.status).toBe(502);
        expect(await whole.text()).toContain("did not fit the schema");
        const frames = await readFrames(await post(where, "chat", content, { stream: true }));
        expect(terminalsOf(frames)).toEqual(["error"]);
      },
    );

    // What follows depends on us alone.
    if (!isNewest) return;

    test("a model that can be made to is made to answer in that form", async () => {
      const whole = await post(where, "chat", "Which number?", { model: obedient });
      expect(await whole.text()).toContain('{\\"n\\":1}');
      expect(bench.lastAsked()["tool_choice"]).toEqual({ type: "tool", name: "StructuredOutput" });
      expect(bench.requests()).toHaveLength(1);
    });

    test("what the model says beside it is left out", async () => {
      const whole = await post(where, "chat", `[[demo say Let me ponder.]] ${answer({ n: 3 })}`);
      const text = await whole.text();
      expect(text).toContain('{\\"n\\":3}');
      expect(text).not.toContain("ponder");
    });

    test("a schema that cannot be followed is a 400", async () => {
      const broken = { type: "object", properties: { n: { $ref: "#/$defs/none" } } };
      const format = { json_schema: { name: "x", schema: broken }, schema: broken, type: "json_schema" };
      const refused = await post(where, "chat", "hi", { response_format: format, output_config: { format } });
      expect(refused.status).toBe(400);
      expect(await refused.text()).toContain("refers to nothing in it");
      expect(bench.requests()).toEqual([]);
    });

    test("an agent that erred is told so, and its next answer counts", async () => {
      const content = `${answer({ n: "x" })} [[demo then]] ${answer({ n: 7 })} [[demo then]] [[demo say ok]]`;
      const whole = await post(where, "agent", content);
      expect(whole.status).toBe(200);
      const text = await whole.text();
      expect(text).toContain('{\\"n\\":7}');
      expect(text).not.toContain("StructuredOutput");
    });

    test("a conversation goes on with answers in that form", async () => {
      const first = await post(where, "chat", answer({ n: 1 }));
      expect(first.status).toBe(200);
      const messages = [
        { role: "user", content: answer({ n: 1 }) },
        { role: "assistant", content: '{"n":1}' },
        { role: "user", content: answer({ n: 2 }) },
      ];
      const second = await post(where, "chat", "", { messages });
      expect(await second.text()).toContain('{\\"n\\":2}');
    });

    test("tools of the client come first, and then the answer in that form", async () => {
      const tool = { name: "look", description: "Looks.", input_schema: { type: "object", properties: {} } };
      const tools = where === "/v1/messages" ? [tool] : [{ type: "function", function: { name: "look" } }];
      const content = `[[demo tool look]] [[demo then]] ${answer({ n: 5 })}`;
      const first: unknown = await (await post(where, "chat", content, { tools })).json();
      const [call, id] = callOf(first);
      const result =
        where === "/v1/messages"
          ? { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: "seen" }] }
          : { role: "tool", tool_call_id: id, content: "seen" };
      const messages = [{ role: "user", content }, call, result];
      const second = await post(where, "chat", "", { tools, messages });
      expect(await second.text()).toContain('{\\"n\\":5}');
      expect(bench.requests()).toHaveLength(2);
    });
  });

  // 2.1.197 knows the fewest words.
  test("schemas as Pydantic, Zod and OpenAPI write them are held to", async () => {
    const { openai } = bench.clients("chat");
    const rich = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      title: "Event",
      type: "object",
      $defs: {
        place: { type: "object", properties: { zip: { type: "string", pattern: "^\\d+$" } }, required: ["zip"] },
      },
      properties: {
        when: { type: "string", format: "date-time", title: "When" },
        where: { $ref: "#/$defs/place" },
        pair: { type: "array", prefixItems: [{ type: "integer" }, { type: "string" }], minItems: 2 },
        note: { type: "string", nullable: true, example: "none" },
      },
      required: ["when", "where", "pair"],
      additionalProperties: false,
    };
    const ask = (value: unknown) =>
      openai.chat.completions.create({
        model: free,
        messages: [{ role: "user", content: answer(value) }],
        response_format: { type: "json_schema", json_schema: { name: "event", schema: rich, strict: true } },
      });
    const good = { when: "2026-11-25T10:00:00Z", where: { zip: "8000" }, pair: [1, "a"], note: null };
    expect(JSON.parse((await ask(good)).choices[0]?.message.content ?? "")).toEqual(good);
    const bad = [
      { ...good, where: { zip: "x" } },
      { ...good, pair: ["a", 1] },
      { ...good, more: 1 },
    ];
    for (const value of bad) expect(await failureOf(() => ask(value))).toMatchObject({ status: 502 });
  });

  test("json_object asks for any object", async () => {
    const { openai } = bench.clients("chat");
    const ask = (content: string) =>
      openai.chat.completions.create({
        model: free,
        messages: [{ role: "user", content }],
        response_format: { type: "json_object" },
      });
    const { choices } = await ask(answer({ anything: [1] }));
    expect(JSON.parse(choices[0]?.message.content ?? "")).toEqual({ anything: [1] });
    expect(await failureOf(() => ask("[[demo say No object.]]"))).toMatchObject({ status: 502 });
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});

/** The message with the call, as a client sends it back, and the call's id. */
function callOf(answered: unknown): readonly [object, string] {
  const { choices, content } = answered as {
    choices?: { message: { tool_calls: { id: string }[] } }[];
    content?: { type: string; id: string }[];
  }; // A whole answer of either API.
  const message = choices?.[0]?.message ?? {
    role: "assistant",
    content: content?.filter(({ type }) => type === "tool_use"),
  };
  const id = choices?.[0]?.message.tool_calls[0]?.id ?? content?.find(({ type }) => type === "tool_use")?.id ?? "";
  return [message, id];
}
