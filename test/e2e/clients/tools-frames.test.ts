/** Calls of a client's tools on the wire: how both formats frame them, and every way in which clients send them back. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { conversationOf } from "../support/asked.ts";
import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { pixel } from "../support/media.ts";
import { claudes } from "../support/proxy.ts";
import { type Frame, readFrames, terminalsOf } from "../support/raw-streams.ts";
import { expectOneRowEach } from "../support/traffic.ts";

setDefaultTimeout(60_000);
const model = "claude-sonnet-5-5";
const obedient = "claude-haiku-5-5";
const chatPath = "/v1/chat/completions";
const messagesPath = "/v1/messages";
const paths = [chatPath, messagesPath] as const;
type Path = (typeof paths)[number];

const object = { type: "object", properties: {} };
const long = { text: "a long text, which comes in pieces ".repeat(10), deep: { list: [1, { ä: "🙂" }] } };
const call = (name: string, input?: unknown): string =>
  `[[demo tool ${name}${input === undefined ? "" : ` ${JSON.stringify(input)}`}]]`;

/** Tools as either format declares them. */
function toolsOf(path: Path, declared: Readonly<Record<string, unknown>>): readonly object[] {
  return Object.entries(declared).map(([name, schema]) =>
    path === messagesPath
      ? { name, description: `Tool ${name}`, input_schema: schema }
      : { type: "function", function: { name, description: `Tool ${name}`, parameters: schema } },
  );
}

interface ReadCall {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

/** The message as the client would send it back, and its calls. */
async function readAnswer(
  response: Response,
): Promise<{ readonly message: object; readonly calls: readonly ReadCall[] }> {
  const answer = (await response.json()) as {
    choices?: { message: { tool_calls?: { id: string; function: { name: string; arguments: string } }[] } }[];
    content?: { type: string; id: string; name: string; input: unknown }[];
  }; // A whole answer of either API.
  const { choices, content } = answer;
  const message = choices?.[0]?.message;
  if (message === undefined) {
    const calls = (content ?? []).filter(({ type }) => type === "tool_use");
    return { message: { role: "assistant", content }, calls };
  }
  const calls = (message.tool_calls ?? []).map(({ id, function: { name, arguments: json } }) => ({
    id,
    name,
    input: JSON.parse(json) as unknown, // The model's own JSON.
  }));
  return { message, calls };
}

function resultsOf(path: Path, results: readonly (readonly [id: string, content: unknown])[]): readonly object[] {
  return path === messagesPath
    ? [{ role: "user", content: results.map(([id, content]) => ({ type: "tool_result", tool_use_id: id, content })) }]
    : results.map(([id, content]) => ({ role: "tool", tool_call_id: id, content }));
}

describe.each(claudes.slice(0, 1))("claude $version", ({ path: claude }) => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({ claude });
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());

  const post = async (path: Path, body: object, headers: Record<string, string> = {}): Promise<Response> =>
    await bench.clients(undefined, { headers }).post(path, { model, max_tokens: 4096, ...body });
  const prompt = (content: string) => ({ role: "user", content });
  const conversation = () => conversationOf(bench.lastAsked());
  const offered = () => (bench.lastAsked()["tools"] ?? []) as readonly { name: string; input_schema: unknown }[]; // Of this API.
  const refusal = async (response: Response) => ({ status: response.status, text: await response.text() });

  // proves("tool-client")
  describe("the frames of a stream", () => {
    const declared = { write: object, now: object };
    const content = `[[demo say Let me.]] ${call("write", long)} ${call("now")}`;

    test("of chat completions name a call once, then stream its arguments", async () => {
      const body = { messages: [prompt(content)], tools: toolsOf(chatPath, declared), stream: true };
      const frames = await readFrames(await post(chatPath, body));
      const deltas = frames.flatMap(chatDelta);
      const calls = deltas.flatMap(({ tool_calls = [] }) => tool_calls);
      const heads = calls.filter(({ id }) => id !== undefined);
      expect(heads).toMatchObject([
        { index: 0, type: "function", function: { name: "write", arguments: "" } },
        { index: 1, type: "function", function: { name: "now", arguments: "" } },
      ]);
      for (const one of calls)
        if (!heads.includes(one)) expect(Object.keys(one).toSorted()).toEqual(["function", "index"]);
      const argumentsOf = (index: number) =>
        calls.filter((one) => one.index === index).map(({ function: { arguments: json } }) => json);
      expect(argumentsOf(0).length).toBeGreaterThan(5);
      expect(JSON.parse(argumentsOf(0).join(""))).toEqual(long);
      expect(argumentsOf(1).join("")).toBe("{}");
      expect(deltas.map((delta) => delta.content ?? "").join("")).toBe("Let me.");
      expect(frames.flatMap(finishOf)).toEqual(["tool_calls"]);
      expect(terminalsOf(frames)).toEqual(["done"]);
    });

    test("of messages open a block with an empty input, then stream it", async () => {
      const body = { messages: [prompt(content)], tools: toolsOf(messagesPath, declared), stream: true };
      const frames = await readFrames(await post(messagesPath, body));
      const events = frames.filter(({ kind }) => kind === "data").map(({ data }) => data as MessageEvent); // Of this API.
      expect(events.flatMap(({ content_block }) => content_block ?? [])).toMatchObject([
        { type: "text", text: "" },
        { type: "tool_use", id: expect.stringMatching(/^toolu_demo_/), name: "write", input: {} },
        { type: "tool_use", id: expect.stringMatching(/^toolu_demo_/), name: "now", input: {} },
      ]);
      const json = (at: number) =>
        events.flatMap(({ index, delta }) =>
          index === at && delta?.type === "input_json_delta" ? [delta.partial_json] : [],
        );
      expect(json(1).length).toBeGreaterThan(5);
      expect(JSON.parse(json(1).join(""))).toEqual(long);
      expect(["", "{}"]).toContain(json(2).join(""));
      const order = events
        .filter(({ type }) => type.startsWith("content_block_st"))
        .map(({ type, index }) => [type, index]);
      expect(order).toEqual(
        [0, 1, 2].flatMap((index) => [
          ["content_block_start", index],
          ["content_block_stop", index],
        ]),
      );
      expect(events.find(({ type }) => type === "message_delta")?.delta).toMatchObject({ stop_reason: "tool_use" });
      expect(terminalsOf(frames)).toEqual(["message_stop"]);
    });

    test("of whole answers: no content beside calls is null, or no block", async () => {
      const chat = await post(chatPath, { messages: [prompt(call("now"))], tools: toolsOf(chatPath, declared) });
      expect(await chat.json()).toMatchObject({
        choices: [
          {
            finish_reason: "tool_calls",
            message: { content: null, tool_calls: [{ type: "function", function: { name: "now", arguments: "{}" } }] },
          },
        ],
      });
      const whole = await post(messagesPath, {
        messages: [prompt(call("now"))],
        tools: toolsOf(messagesPath, declared),
      });
      expect(await whole.json()).toMatchObject({
        stop_reason: "tool_use",
        content: [{ type: "tool_use", name: "now", input: {} }],
      });
    });
  });

  describe("what clients send back", () => {
    const text = (value: string) => ({ type: "text", text: value });
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: pixel } };
    const declared = { look: object, hear: object };

    test.each([
      ["null", null],
      ["parts of it", [text("Let me.")]],
    ])("chat completions: calls beside %s as content", async (_, said) => {
      const tools = toolsOf(chatPath, declared);
      const first = await readAnswer(
        await post(chatPath, { messages: [prompt(`${call("look", { at: 1 })} ${call("hear")}`)], tools }),
      );
      const [look, hear] = first.calls;
      const message = { ...first.message, content: said, refusal: null };
      // In any order, as text or as parts.
      const results = resultsOf(chatPath, [
        [hear?.id ?? "", [text("a"), text("b")]],
        [look?.id ?? "", "seen"],
      ]);
      const second = await post(chatPath, { messages: [prompt(call("look")), message, ...results], tools });
      expect(second.status).toBe(200);
      expect(bench.requests()).toHaveLength(2);
      expect(conversation()[2]?.slice(1)).toMatchObject([
        { tool_use_id: hear?.id, content: [text("a"), text("b")] },
        { tool_use_id: look?.id, content: [text("seen")] },
      ]);
      expect((await bench.rowOf(bench.traffic.last().requestId)).start).toBe("live");
    });

    test.each([
      ["a bare model", {}],
      ["an agent", { "x-ccproxy-tools": "both" }],
    ])("messages, %s: errors, images, texts and nothing as results", async (_, headers) => {
      const tools = toolsOf(messagesPath, declared);
      const content = `${call("look")} ${call("hear")} ${call("look", { again: true })} [[demo then]] [[demo say ok]]`;
      const first = await readAnswer(await post(messagesPath, { messages: [prompt(content)], tools }, headers));
      const [a, b, c] = first.calls.map(({ id }) => id);
      const results = [
        { type: "tool_result", tool_use_id: a, content: [text("a pixel"), image] },
        { type: "tool_result", tool_use_id: b, content: "too loud", is_error: true },
        { type: "tool_result", tool_use_id: c },
      ];
      const second = await post(
        messagesPath,
        { messages: [prompt(content), first.message, { role: "user", content: results }], tools },
        headers,
      );
      expect(await second.text()).toContain('"ok"');
      expect(bench.requests()).toHaveLength(2);
      const told = bench
        .lastAsked()
        .messages.flatMap(({ content: blocks }) => (typeof blocks === "string" ? [] : blocks))
        .filter(({ type }) => type === "tool_result");
      // An agent is told of them as they are ready, an image later.
      const toldOf = (id: string | undefined) => told.find(({ tool_use_id }) => tool_use_id === id);
      expect(told).toHaveLength(3);
      expect(JSON.stringify(toldOf(a))).toContain("a pixel");
      expect(JSON.stringify(toldOf(a))).toContain(pixel);
      expect(toldOf(b)).toMatchObject({ is_error: true });
      expect(JSON.stringify(toldOf(b))).toContain("too loud");
      expect(toldOf(c)).not.toMatchObject({ is_error: true });
      expect((await bench.rowOf(bench.traffic.last().requestId)).start).toBe("live");
    });
  });

  describe.each([...paths])("%s", (path) => {
    test.each([
      ["a bare model", {}],
      ["an agent", { "x-ccproxy-tools": "both" }],
    ])("%s is offered 128 tools with nested schemas", async (_, headers) => {
      const nested = {
        type: "object",
        properties: {
          rows: { type: "array", items: { $ref: "#/$defs/row" }, minItems: 1 },
          kind: { anyOf: [{ enum: ["a", "b"] }, { type: "null" }] },
        },
        required: ["rows"],
        $defs: { row: { type: "object", properties: { ключ: { type: "string" } }, additionalProperties: false } },
      };
      const names = Array.from({ length: 128 }, (_unused, at) => `tool_${at}`);
      const tools = toolsOf(path, Object.fromEntries(names.map((name) => [name, nested])));
      const input = { rows: [{ ключ: "значение" }], kind: null };
      const { calls } = await readAnswer(
        await post(path, { messages: [prompt(call("tool_127", input))], tools }, headers),
      );
      expect(calls).toMatchObject([{ name: "tool_127", input }]);
      const mine = offered().filter(({ name }) => name.startsWith("tool_"));
      expect(mine.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
      for (const { input_schema: schema } of mine) expect(schema).toMatchObject(nested);
    });

    test.each([
      ["a bare model", {}],
      ["an agent", { "x-ccproxy-tools": "both" }],
    ])("%s: names that the API does not take are told to it in another way, and back", async (_, headers) => {
      const names = ["files.read", "погода", "a b", "long".repeat(40), "Bash", "StructuredOutput", "mcp__x__y"];
      const tools = toolsOf(path, Object.fromEntries(names.map((name) => [name, object])));
      await post(path, { messages: [prompt("hi")], tools }, headers);
      const wire = new Map(names.map((name) => [name, wireNameOf(name)]));
      bench.forget();
      const content = `${names.map((name) => call(wire.get(name) ?? "")).join(" ")} [[demo then]] [[demo say ok]]`;
      const first = await readAnswer(await post(path, { messages: [prompt(content)], tools }, headers));
      expect(first.calls.map(({ name }) => name)).toEqual(names);
      const results = resultsOf(
        path,
        first.calls.map(({ id }) => [id, "fine"] as const),
      );
      const second = await post(path, { messages: [prompt(content), first.message, ...results], tools }, headers);
      expect(await second.text()).toContain('"ok"');
      expect(bench.requests()).toHaveLength(2);

      function wireNameOf(name: string): string {
        const found = offered().find((one) => "description" in one && String(one.description) === `Tool ${name}`);
        if (found === undefined) throw new Error(`${name} was not offered.`);
        expect(found.name).toMatch(/^[a-zA-Z0-9_-]{1,128}$/);
        return found.name;
      }
    });

    test.each([
      [
        "a schema that is none",
        { tools: toolsOf(path, { look: { type: "object", properties: 1 } }) },
        /look|properties/,
      ],
      ["a schema of no object", { tools: toolsOf(path, { look: { type: "string" } }) }, /look.*|"object"/],
      [
        "two tools of one name",
        { tools: [...toolsOf(path, { look: object }), ...toolsOf(path, { look: object })] },
        /look/,
      ],
      [
        "a choice of an unknown tool",
        {
          tools: toolsOf(path, { look: object }),
          tool_choice:
            path === messagesPath ? { type: "tool", name: "hear" } : { type: "function", function: { name: "hear" } },
        },
        /tool_choice.*hear/,
      ],
    ])("%s is a 400 that names it, and costs no question", async (_, body, message) => {
      const refused = await refusal(await post(path, { messages: [prompt("hi")], ...body }));
      expect(refused).toMatchObject({ status: 400, text: expect.stringMatching(message) });
      expect(bench.requests()).toEqual([]);
    });

    test("a forced call is obeyed by a model that can be made to, and `none` by each", async () => {
      const tools = toolsOf(path, { look: object, hear: object });
      const forced =
        path === messagesPath ? { type: "tool", name: "hear" } : { type: "function", function: { name: "hear" } };
      const first = await readAnswer(
        await post(path, { model: obedient, messages: [prompt("hi")], tools, tool_choice: forced }),
      );
      expect(first.calls).toMatchObject([{ name: "hear", input: {} }]);
      expect(bench.lastAsked()["tool_choice"]).toMatchObject({ type: "tool", name: "hear" });
      const none = path === messagesPath ? { type: "none" } : "none";
      await post(path, { messages: [prompt("hi")], tools, tool_choice: none });
      expect(bench.lastAsked()["tool_choice"]).toEqual({ type: "none" });
    });

    test("a model that cannot be made to call a tool is asked to in words, which the answer tells", async () => {
      const forced = { tool_choice: path === messagesPath ? { type: "any" } : "required" };
      const asked = { messages: [prompt(call("look"))], tools: toolsOf(path, { look: object }), ...forced };
      const response = await post(path, asked);
      expect(response.headers.get("x-ccproxy-ignored-params")).toBe("tool_choice");
      expect((await readAnswer(response)).calls).toMatchObject([{ name: "look" }]);
      expect(bench.lastAsked()).not.toHaveProperty("tool_choice");
      expect(JSON.stringify(bench.lastAsked()["system"])).toContain("Answer with a call of at least one of the tools");
    });

    test("an agent that has one of that name is asked to call the client's by the name it knows it as", async () => {
      const name = "Bash";
      const choice = path === messagesPath ? { type: "tool", name } : { type: "function", function: { name } };
      const asked = { messages: [prompt("[[demo say No.]]")], tools: toolsOf(path, { [name]: object }) };
      const agent = { "x-ccproxy-mode": "agent", "x-ccproxy-tools": "both" };
      const response = await post(path, { ...asked, tool_choice: choice }, agent);
      const [, known = ""] = /^Bash=(Bash_\w+)$/.exec(response.headers.get("x-ccproxy-renamed-tools") ?? "") ?? [];
      expect(offered().map((tool) => tool.name)).toContain(known);
      expect(JSON.stringify(bench.lastAsked()["system"])).toContain(`a call of the tool \\"${known}\\"`);
    });

    test("parallel calls can be forbidden", async () => {
      const serial =
        path === messagesPath
          ? { tool_choice: { type: "auto", disable_parallel_tool_use: true } }
          : { parallel_tool_calls: false };
      await post(path, { messages: [prompt("hi")], tools: toolsOf(path, { look: object }), ...serial });
      expect(bench.lastAsked()["tool_choice"]).toEqual({ type: "auto", disable_parallel_tool_use: true });
    });

    test("a result for some calls, or for an unknown one, is a 400", async () => {
      const tools = toolsOf(path, { look: object });
      const content = `${call("look")} ${call("look")} [[demo then]] [[demo say ok]]`;
      const first = await readAnswer(await post(path, { messages: [prompt(content)], tools }));
      const [a = "", b = ""] = first.calls.map(({ id }) => id);
      const ask = async (...ids: readonly string[]) =>
        await refusal(
          await post(path, {
            messages: [
              prompt(content),
              first.message,
              ...resultsOf(
                path,
                ids.map((id) => [id, "x"] as const),
              ),
            ],
            tools,
          }),
        );
      expect(await ask(a)).toMatchObject({ status: 400, text: expect.stringContaining(b) });
      expect(await ask(a, b, "toolu_nobody")).toMatchObject({
        status: 400,
        text: expect.stringContaining("toolu_nobody"),
      });
      // Neither has cost the turn its place.
      expect(await ask(a, b)).toMatchObject({ status: 200, text: expect.stringContaining("ok") });
      expect(bench.requests()).toHaveLength(2);
    });

    test("a call that its client drops is told to the model as not run", async () => {
      const tools = toolsOf(path, { look: object });
      const content = call("look");
      const first = await readAnswer(await post(path, { messages: [prompt(content)], tools }));
      const messages = [prompt(content), first.message, prompt("Never mind. [[demo say Fine.]]")];
      const second = await post(path, { messages, tools });
      expect(await second.text()).toContain("Fine.");
      expect(conversation().at(-1)).toMatchObject([
        "user",
        { type: "tool_result", tool_use_id: first.calls[0]?.id, is_error: true },
        { type: "text", text: expect.stringContaining("Never mind.") },
      ]);
    });
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});

interface ChatDelta {
  readonly content?: string;
  readonly tool_calls?: readonly {
    readonly index: number;
    readonly id?: string;
    readonly function: { readonly name?: string; readonly arguments: string };
  }[];
}

interface MessageEvent {
  readonly type: string;
  readonly index?: number;
  readonly content_block?: { readonly type: string };
  readonly delta?: { readonly type?: string; readonly partial_json?: string; readonly stop_reason?: string };
}

function choicesOf({ kind, data }: Frame) {
  if (kind !== "data") return [];
  return (data as { choices: readonly { delta: ChatDelta; finish_reason: string | null }[] }).choices; // Of this API.
}

function chatDelta(frame: Frame): readonly ChatDelta[] {
  return choicesOf(frame).map(({ delta }) => delta);
}

function finishOf(frame: Frame): readonly string[] {
  return choicesOf(frame).flatMap(({ finish_reason: reason }) => reason ?? []);
}
