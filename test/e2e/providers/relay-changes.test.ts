/** What is passed on can be left, cancelled, repeated and renamed like any other, and is read where it has to be. */
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";

import { readTold } from "../support/provider-ways.ts";
import { waitFor } from "../support/proxy.ts";
import { accessToken, cases, openRelayBench, type RelayBench, type Speech, speeches } from "../support/relay-bench.ts";

setDefaultTimeout(20_000);

let bench: RelayBench;
beforeAll(async () => {
  bench = await openRelayBench();
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => bench.forget());

// ---- who leaves, who cancels, who repeats

const slow = "[[demo text 50 delay=100]]";

/** Sent, and its first bytes read. */
async function begin(speech: Speech, stream: boolean, signal?: AbortSignal) {
  const requestId = `relay-${crypto.randomUUID()}`;
  const answering = fetch(`${bench.proxy.url}/providers/${speech.provider}${speech.path}`, {
    method: "POST",
    headers: { ...speech.headers, "x-request-id": requestId },
    body: speech.body(slow, stream),
    ...(signal && { signal }),
  });
  answering.catch(() => undefined);
  await waitFor(() => bench.demo.openRequests() > 0 || undefined, 10_000);
  if (stream) await answering;
  return { requestId, answering };
}

const cancel = async (requestId: string): Promise<number> =>
  (
    await fetch(`${bench.proxy.url}/v1/requests/${requestId}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${accessToken}` },
    })
  ).status;

test.each(cases)(
  '%s, %s: a client that leaves, leaves nothing upstream; proves("stream-cancel")',
  async (_format, _how, speech, stream) => {
    const client = new AbortController();
    const { requestId } = await begin(speech, stream, client.signal);
    client.abort();
    await bench.quiet();
    expect(bench.lastAsked().outcome).toBe("aborted");
    bench.expectRow(requestId, { status: 499, errorKind: "cancelled", finishReason: null });
  },
);

test.each(cases)(
  '%s, %s: one that is cancelled is told so in its format; proves("request-cancel")',
  async (_format, _how, speech, stream) => {
    const { requestId, answering } = await begin(speech, stream);
    expect(await cancel(requestId)).toBe(200);
    const response = await answering;
    const text = await response.text();
    expect(response.status).toBe(stream ? 200 : 499);
    const way = { client: speech.format, provider: speech.format, stream };
    const told = readTold({ way, raw: text, headers: response.headers });
    expect(told).toMatchObject({ ending: "failed", message: expect.stringContaining("cancel") });
    // One beginning, and one end.
    expect(text.split(/response\.created|message_start/).length).toBeLessThanOrEqual(3);
    await bench.quiet();
    expect(bench.lastAsked().outcome).toBe("aborted");
    expect(await cancel(requestId)).toBe(404);
    bench.expectRow(requestId, { status: 499, errorKind: "cancelled" });
  },
);

test.each(cases)(
  '%s, %s: a repetition with its key is the same to the byte, and asked once; proves("request-idempotency")',
  async (_format, _how, speech, stream) => {
    const body = speech.body("[[demo text 4 delay=20]]", stream);
    const headers = { ...speech.headers, "idempotency-key": crypto.randomUUID() };
    const path = `/providers/${speech.provider}${speech.path}`;
    const [first, second] = await Promise.all([bench.send(path, body, headers), bench.send(path, body, headers)]);
    const third = await bench.send(path, body, headers);
    expect([second.text, third.text]).toEqual([first.text, first.text]);
    expect(first.text).toContain("chunk 4");
    expect(
      [first, second, third].filter(({ response }) => response.headers.get("x-ccproxy-replayed") === "true"),
    ).toHaveLength(2);
    expect(bench.asked()).toHaveLength(1);
    expect(third.response.headers.get("content-type")).toBe(first.response.headers.get("content-type"));
    const other = await bench.send(path, speech.body("Another.", stream), headers);
    expect(other.response.status).toBe(422);
  },
);

// ---- where something is to be changed

test.each(cases)(
  '%s, %s: a rule that names another model changes that alone, and says so; proves("request-model-truth")',
  async (_format, _how, speech, stream) => {
    const body = speech.body("Hello.", stream);
    const { requestId, response, text } = await bench.send(`/providers/${speech.provider}${speech.path}`, body, {
      ...speech.headers,
      "x-team": "blue",
    });
    const asked: unknown = bench.lastAsked().body;
    expect(asked).toEqual({ ...(JSON.parse(body) as object), model: "claude-haiku-4-5" }); // Ours, an object.
    expect(response.headers.get("x-ccproxy-model")).toBe("claude-haiku-4-5");
    expect(text).toContain('"model":"claude-haiku-4-5"');
    bench.expectRow(requestId, { status: 200, modelUsed: "claude-haiku-4-5" });
  },
);

test("a request that names no model gets the provider's, and is else as it came", async () => {
  const messages = [{ role: "user", content: "Hello." }];
  const { response } = await bench.send(
    "/providers/openai/v1/chat/completions",
    JSON.stringify({ messages, future: 1 }),
  );
  expect(bench.lastAsked().body).toEqual({ messages, future: 1, model: "gpt-priced" });
  expect(response.headers.get("x-ccproxy-model")).toBe("gpt-priced");
});

const future = (speech: Speech, headers: Readonly<Record<string, string>>, prompt = "Hello.") =>
  bench.send(`/providers/${speech.provider}${speech.path}`, speech.body(prompt, false), {
    ...speech.headers,
    ...headers,
  });

test.each(speeches)("$format: a rule has it read, or passed on whatever it says", async (speech) => {
  const read = await future(speech, { "x-team": "translated" });
  expect(read.response.status).toBe(200);
  expect(bench.lastAsked().body).not.toHaveProperty("future");
  expect(read.response.headers.get("x-ccproxy-ignored-params")).toContain("future");
  const passed = await future(speech, { "x-team": "passed", "x-ccproxy-session": "s" });
  expect(passed.response.status).toBe(200);
  expect(bench.lastAsked().body).toHaveProperty("future");
  // Nobody remembers a conversation that nobody reads.
  expect(passed.response.headers.get("x-ccproxy-session")).toBeNull();
});

test("what has to pass, and cannot, is refused before anybody is asked", async () => {
  const [speech] = speeches;
  const { response, text } = await bench.send("/providers/openai/v1/messages", speech?.body("Hello.", false) ?? "", {
    "x-team": "passed",
  });
  expect(response.status).toBe(400);
  expect(JSON.parse(text)).toMatchObject({
    type: "error",
    error: { message: expect.stringContaining("anthropic-messages") },
  });
  expect(bench.asked()).toEqual([]);
});

test.each(speeches)("$format: a session has a memory, so its requests are read", async (speech) => {
  const headers = { "x-ccproxy-session": `of ${speech.format}` };
  const first = await future(speech, headers);
  expect(first.response.headers.get("x-ccproxy-session")).toBe(encodeURIComponent(headers["x-ccproxy-session"]));
  await future(speech, headers, "And then?");
  const asked = bench.asked().map(({ body }) => {
    const { messages, input = messages } = body as Partial<Record<"messages" | "input", readonly { role: string }[]>>; // The demo took it.
    return input?.map(({ role }) => role);
  });
  expect(asked).toEqual([["user"], ["user", "assistant", "user"]]);
});

test("an alias with instructions is more than a name, so its requests are read", async () => {
  const { response } = await bench.send(
    "/v1/messages",
    JSON.stringify({ model: "terse", max_tokens: 99, messages: [{ role: "user", content: "Hello." }] }),
  );
  expect(response.headers.get("x-ccproxy-model")).toBe("claude-haiku-5-5");
  expect(bench.lastAsked().body).toMatchObject({
    model: "claude-haiku-5-5",
    system: [{ type: "text", text: "Be terse." }],
  });
});

test('what is read loses neither its betas nor its marks, and says what else it does; proves("request-ignored-params")', async () => {
  const content = [{ type: "text", text: "Hello.", cache_control: { type: "ephemeral", ttl: "1h" } }];
  const body = JSON.stringify({ model: "terse", max_tokens: 99, messages: [{ role: "user", content }] });
  const headers = {
    "anthropic-beta": "effort-2025-11-24,model-context-window-exceeded-2025-08-26",
    "anthropic-version": "2099-01-01",
  };
  const { response } = await bench.send("/v1/messages?beta=true&trace=1", body, headers);
  const { body: asked, headers: told } = bench.lastAsked();
  expect(asked).toMatchObject({ messages: [{ role: "user", content }] });
  expect(asked).not.toHaveProperty("cache_control");
  expect(told).toMatchObject({ "anthropic-beta": headers["anthropic-beta"], "anthropic-version": "2023-06-01" });
  expect(response.headers.get("x-ccproxy-ignored-params")).toBe("anthropic-version, ?trace");
  const elsewhere = await bench.send("/providers/openai/v1/messages", body.replace("terse", "gpt-priced"), headers);
  expect(elsewhere.response.headers.get("x-ccproxy-ignored-params")).toBe(
    "anthropic-version, anthropic-beta=model-context-window-exceeded-2025-08-26",
  );
});

/** As it was recorded, key mode. */
const betasOfClaudeCode =
  "claude-code-20250219,context-1m-2025-08-07,interleaved-thinking-2025-05-14,thinking-token-count-2026-05-13,context-management-2025-06-27,prompt-caching-scope-2026-01-05,mid-conversation-system-2026-04-07,effort-2025-11-24";

test('what Claude Code 2.1.197 says of itself is no reason for a strict refusal elsewhere; proves("request-ignored-params")', async () => {
  const body = JSON.stringify({ model: "gpt-priced", max_tokens: 99, messages: [{ role: "user", content: "Hello." }] });
  const path = "/providers/openai/v1/messages";
  const strict = { "x-ccproxy-strict": "true", "anthropic-beta": betasOfClaudeCode };
  expect((await bench.send(`${path}?beta=true`, body, strict)).response.status).toBe(200);
  const lost = { ...strict, "openai-organization": "org-1" };
  for (const [at, headers, name] of [
    [`${path}?trace=1`, strict, "?trace"],
    [path, lost, "openai-organization"],
  ] as const) {
    const { response, text } = await bench.send(at, body, headers);
    expect([response.status, text]).toEqual([400, expect.stringContaining(name)]);
  }
});

test('each request is one row that says what happened; proves("log-access")', () => bench.checkRows());
