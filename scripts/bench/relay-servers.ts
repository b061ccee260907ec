/**
 * A program of its own: an upstream, and a plain proxy in front of it. Prints their two ports. What the upstream does is
 * the model that it is asked for: `at-once`, `in-20-ms`, `never-ends`, `ticks` and `floods`.
 */
import * as v from "valibot";

const askedSchema = v.object({ model: v.string(), stream: v.optional(v.boolean()) });
const answer = JSON.stringify({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-haiku-5-5",
  content: [{ type: "text", text: "hello world" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 5, output_tokens: 3 },
});

const frame = (type: string, rest: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-haiku-5-5",
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 5, output_tokens: 1 },
};
const begins =
  frame("message_start", { message }) +
  frame("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
const ends =
  frame("content_block_stop", { index: 0 }) +
  frame("message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 300 } }) +
  frame("message_stop", {});
const says = (text: string): string => frame("content_block_delta", { index: 0, delta: { type: "text_delta", text } });

/** Milliseconds, and parts of them, by the clock that every process reads alike. */
const now = (): number => performance.timeOrigin + performance.now();
const ticks = { count: 50, everyMs: 10 };
const flood = says("The quick brown fox jumps over the lazy dog. ").repeat(500);
const floods = 80;

async function* streamOf(model: string): AsyncGenerator<string> {
  yield begins;
  if (model === "never-ends") await Promise.withResolvers<never>().promise;
  if (model === "ticks")
    for (let index = 0; index < ticks.count; index += 1) {
      await Bun.sleep(ticks.everyMs);
      yield says(`at=${now()};`);
    }
  if (model === "floods") for (let index = 0; index < floods; index += 1) yield flood;
  yield ends;
}

const local = { hostname: "127.0.0.1", port: 0, idleTimeout: 0 } as const;

const upstream = Bun.serve({
  ...local,
  async fetch(request) {
    const { model, stream } = v.parse(askedSchema, await request.json());
    if (stream === true) {
      const chunks = streamOf(model);
      const bytes = (async function* encoded() {
        for await (const chunk of chunks) yield new TextEncoder().encode(chunk);
      })();
      return new Response(bytes, { headers: { "content-type": "text/event-stream" } });
    }
    if (model === "in-20-ms") await Bun.sleep(20);
    return new Response(answer, { headers: { "content-type": "application/json" } });
  },
});

const plain = Bun.serve({
  ...local,
  async fetch(request) {
    const target = new URL(new URL(request.url).pathname, upstream.url);
    const { method, headers } = request;
    const told = await fetch(target, { method, headers, body: await request.arrayBuffer() });
    return new Response(told.body, { status: told.status, headers: told.headers });
  },
});

console.log(`${upstream.port} ${plain.port}`);
