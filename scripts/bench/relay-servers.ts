/** A program of its own: an upstream that answers at once, and a plain proxy in front of it. Prints their two ports. */
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
const begins = `event: message_start\ndata: ${JSON.stringify({
  type: "message_start",
  message: { id: "msg_1", type: "message", model: "claude-haiku-5-5", usage: { input_tokens: 5 } },
})}\n\n`;

/** Begins to answer, and never ends. */
function openStream(): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(begins));
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

const local = { hostname: "127.0.0.1", port: 0, idleTimeout: 0 } as const;

const upstream = Bun.serve({
  ...local,
  async fetch(request) {
    const streams = (await request.text()).includes('"stream":true');
    return streams ? openStream() : new Response(answer, { headers: { "content-type": "application/json" } });
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
