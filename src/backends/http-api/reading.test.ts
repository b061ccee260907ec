import { afterAll, describe, expect, test } from "bun:test";

import type { RelayContext } from "#core/backend.ts";
import type { ModelEvent } from "#core/events.ts";
import type { WireFormatId } from "#core/request.ts";

import { alices, backendAt, hello, mostHeldBytes } from "./testing/backend-at.ts";

/** What the upstream answers with from now on. */
const said: { answer: () => Response } = { answer: () => new Response() };
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => said.answer() });
afterAll(() => server.stop(true));

const { signal } = alices;

const backendFor = (format: WireFormatId) => backendAt({ format, baseUrl: server.url.href });

const paths: Readonly<Record<WireFormatId, string>> = {
  "anthropic-messages": "/v1/messages",
  "openai-chat": "/v1/chat/completions",
  "openai-responses": "/v1/responses",
};

const request = { ...hello, stream: true };

async function translated(wireFormat: WireFormatId): Promise<readonly ModelEvent[]> {
  return (await Array.fromAsync(backendFor(wireFormat).run({ ...request, wireFormat }, alices))).flat();
}

/** The bytes as they arrive, and what is noted of them. */
async function relayed(
  wireFormat: WireFormatId,
  path = paths[wireFormat],
  onChunk: (chunk: Uint8Array) => void = () => undefined,
) {
  const noted: ModelEvent[] = [];
  const context: RelayContext = {
    principal: "alice",
    session: undefined,
    signal,
    report: () => undefined,
    note: (event) => void noted.push(event),
  };
  const method = path === paths[wireFormat] ? "POST" : "GET";
  const asked = { wireFormat, method, path, headers: new Headers(), body: undefined };
  const { body } = (await backendFor(wireFormat).relay?.(asked, context)) ?? {};
  const chunks: Uint8Array[] = [];
  for await (const chunk of body instanceof Uint8Array ? [body] : (body ?? [])) {
    chunks.push(chunk);
    onChunk(chunk);
  }
  return { text: Buffer.concat(chunks).toString(), noted };
}

function streams(text: string): void {
  said.answer = () => new Response(text, { headers: { "content-type": "text/event-stream" } });
}

const text = (delta: string) => `{"choices":[{"delta":{"role":"assistant","content":"${delta}"}}]}`;
const usage = '"usage":{"prompt_tokens":3,"completion_tokens":2}';
const wholeStreams: readonly (readonly [WireFormatId, readonly string[]])[] = [
  ["openai-chat", [text("Hi"), `{"choices":[{"delta":{},"finish_reason":"stop"}],${usage}}`]],
  [
    "openai-responses",
    [
      '{"type":"response.created","response":{"id":"resp_1","model":"m"}}',
      '{"type":"response.output_text.delta","output_index":0,"delta":"Hi"}',
      '{"type":"response.completed","response":{"id":"resp_1","model":"m","status":"completed","usage":{"input_tokens":3,"output_tokens":2}}}',
    ],
  ],
  [
    "anthropic-messages",
    [
      '{"type":"message_start","message":{"id":"msg_1","model":"m","usage":{"input_tokens":3,"output_tokens":0}}}',
      '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Hi"}}',
      '{"type":"content_block_stop","index":0}',
      '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}',
    ],
  ],
];

describe.each(wholeStreams)("%s: a stream's last frame", (format, frames) => {
  const whole = frames.map((data) => `data: ${data}`).join("\n\n");
  const finish = { type: "finish", reason: "stop", usage: { inputTokens: 3, outputTokens: 2 } };

  test.each(["", "\n"])("counts without its empty line (%j), and is passed on with it", async (end) => {
    streams(whole + end);
    expect((await translated(format)).at(-1)).toMatchObject(finish);
    const { text: passed, noted } = await relayed(format);
    expect(passed).toBe(`${whole}${end}\n\n`);
    expect(noted.at(-1)).toMatchObject(finish);
  });

  test("is none where it is cut off", async () => {
    streams(whole.slice(0, -1));
    expect((await translated(format)).at(-1)).toMatchObject({ type: "error", error: { kind: "upstream" } });
    expect(relayed(format)).rejects.toMatchObject({ kind: "upstream" });
  });
});

test("a chat stream's [DONE] counts without its empty line", async () => {
  streams(`data: ${text("Hi")}\n\ndata: [DONE]`);
  expect((await translated("openai-chat")).at(-1)).toMatchObject({ type: "finish", reason: "stop" });
});

test.each([
  ["nothing but [DONE]", "data: [DONE]\n\n"],
  ["words alone before [DONE]", 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n'],
])("a chat stream that is passed on with %s is no broken one", async (_what, whole) => {
  streams(whole);
  const { text: passed, noted } = await relayed("openai-chat");
  expect(passed).toBe(whole);
  expect(noted.at(-1)).toMatchObject({ type: "finish", reason: "stop" });
});

const long = "x".repeat(mostHeldBytes + 1);

describe("what would have to be held in memory", () => {
  test.each(["data: ", "data: x\ndata: ", ""])(
    "of a stream that is read ends it, once it is too much (%j)",
    async (start) => {
      streams(start + long + long);
      expect((await translated("openai-chat")).at(-1)).toMatchObject({
        type: "error",
        error: { kind: "answer-too-large" },
      });
    },
  );

  test("of a stream that is passed on is let go of: it passes, and what it cost is not known", async () => {
    const begun = `data: ${long}`;
    const rest = `\n\ndata: {"choices":[{"delta":{},"finish_reason":"stop"}],${usage}}\n\n`;
    const isRead = Promise.withResolvers<void>();
    async function* body() {
      yield begun;
      await isRead.promise;
      yield rest;
    }
    said.answer = () => new Response(body(), { headers: { "content-type": "text/event-stream" } });
    let length = 0;
    const { text: passed, noted } = await relayed("openai-chat", undefined, ({ byteLength }) => {
      if ((length += byteLength) >= begun.length) isRead.resolve();
    });
    expect(passed).toBe(begun + rest);
    expect(noted).toEqual([]);
  });

  const json = { headers: { "content-type": "application/json" } };
  const pieces = () =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(`"${long}`));
        controller.enqueue(new TextEncoder().encode(`${long}"`));
        controller.close();
      },
    });

  test.each([
    ["announced", () => new Response(`"${long}${long}"`, json)],
    ["in pieces", () => new Response(pieces(), json)],
  ])("of a whole answer is an error, once it is too much (%s)", async (_how, answer) => {
    said.answer = answer;
    expect((await translated("openai-chat")).at(-1)).toMatchObject({ error: { kind: "answer-too-large" } });
    expect(relayed("openai-chat")).rejects.toMatchObject({ kind: "answer-too-large" });
  });

  test("of what no model answered is nothing, where it is long", async () => {
    const lines = `${long}\n${long}`;
    said.answer = () => new Response(lines, { headers: { "content-type": "application/x-jsonl" } });
    const { text: passed } = await relayed("anthropic-messages", "/v1/messages/batches/b/results");
    expect(passed).toBe(lines);
  });
});

test.each(wholeStreams)(
  "a web page with a 200 for %s is told with what to check, and by whose name",
  async (format) => {
    const told = {
      message: "Acme answered with something that is no answer.",
      options: { hint: expect.stringContaining("Check providers.acme.base_url ") },
    };
    said.answer = () => new Response("<html>Welcome</html>", { headers: { "content-type": "text/html" } });
    expect(await translated(format)).toMatchObject([{ type: "error", error: told }]);
    await expect(relayed(format)).rejects.toMatchObject(told);
    streams("data: <html>Welcome</html>\n\n");
    expect((await translated(format)).at(-1)).toMatchObject({ type: "error", error: told });
  },
);
