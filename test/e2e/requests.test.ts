/** Whatever a client sends, it is answered in the shape of its API, and nothing it sends wakes a child or ends the proxy. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";

import fc from "fast-check";

import type { WireFormat } from "./support/ask-all.ts";
import { type FaultBench, growthDuring, noSpares, openFaultBench } from "./support/fault-bench.ts";
import { malformedBodies, malformedTexts, paths, valid } from "./support/malformed.ts";
import { createSender, expectShape, type Sender } from "./support/refusals.ts";
import { readRows } from "./support/rows.ts";

setDefaultTimeout(30_000);

const mebibyte = 1024 * 1024;
const token = "correct-horse-battery-staple";
const formats = ["openai-chat", "anthropic-messages"] as const satisfies readonly WireFormat[];

let bench: FaultBench;
let sender: Sender;
beforeAll(async () => {
  bench = await openFaultBench({ CCPROXY__SERVER__MAX_BODY_MB: "1" });
  sender = createSender(bench.proxy.url);
});

afterAll(async () => {
  await using ended = bench;
  await ended.proxy.end();
  const rows = readRows(bench.proxy).map(
    ({ requestId, status, errorKind }) => [requestId, { status, errorKind }] as const,
  );
  for (const [requestId, outcome] of sender.refused)
    expect(rows.filter(([id]) => id === requestId)).toEqual([[requestId, outcome]]);
  expect(bench.proxy.output()).not.toContain("A fault nobody handled");
});

const post = (path: string, body: NonNullable<RequestInit["body"]>, headers: Record<string, string> = {}) =>
  sender.send(path, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });

// proves("api-openai-chat", "api-anthropic-messages", "log-access")
describe.each(formats)("%s refuses", (wireFormat) => {
  const path = paths[wireFormat];

  test.each(malformedBodies(wireFormat).map(({ name, ...more }) => [name, more] as const))(
    "%s",
    async (_name, { text, param }) => {
      const starts = bench.fake.starts();
      const sent = await post(path, text);
      sender.expectRefused(sent, { status: 400, kind: "invalid-request", param });
      expect(bench.fake.starts()).toBe(starts);
    },
  );

  test.each(malformedTexts)("%s", async (_name, body) => {
    sender.expectRefused(await post(path, body), { status: 400, kind: "invalid-request" });
  });

  test("what says that it is compressed, and is not", async () => {
    const body = JSON.stringify(valid[wireFormat]);
    for (const coding of ["gzip", "deflate", "br", "zstd"])
      sender.expectRefused(await post(path, body, { "content-encoding": coding }), {
        status: 400,
        kind: "invalid-request",
      });
    const torn = gzipSync(body).subarray(0, 20);
    sender.expectRefused(await post(path, torn, { "content-encoding": "gzip" }), {
      status: 400,
      kind: "invalid-request",
    });
    for (const coding of ["rot13", "gzip, gzip, gzip", "gzip;q=1", "compress"])
      sender.expectRefused(await post(path, body, { "content-encoding": coding }), {
        status: 415,
        kind: "unsupported-media-type",
      });
  });

  test('what is too large, as it is or once it is unpacked; proves("limit-body")', async () => {
    const large = " ".repeat(2 * mebibyte);
    const refusal = { status: 413, kind: "request-too-large" } as const;
    sender.expectRefused(await post(path, large), refusal);
    sender.expectRefused(await post(path, chunked(large)), refusal);
    sender.expectRefused(await post(path, gzipSync(large), { "content-encoding": "gzip" }), refusal);
    const bomb = Buffer.alloc(300 * mebibyte);
    const bombs = { gzip: gzipSync(bomb), zstd: zstdCompressSync(bomb), "gzip, gzip": gzipSync(gzipSync(bomb)) };
    for (const [coding, bytes] of Object.entries(bombs)) {
      const work = post(path, bytes, { "content-encoding": coding });
      expect(await growthDuring(bench.proxy, work)).toBeLessThan(50);
      sender.expectRefused(await work, refusal);
    }
  });

  test("headers of ours that it does not understand", async () => {
    const body = JSON.stringify(valid[wireFormat]);
    for (const headers of [
      { "x-ccproxy-mode": "root" },
      { "x-ccproxy-strict": "maybe" },
      { "x-ccproxy-mode": "agent, chat" },
    ])
      sender.expectRefused(await post(path, body, headers), {
        status: 400,
        kind: "invalid-request",
        param: "X-CCProxy",
      });
    const ignored = JSON.stringify({ ...valid[wireFormat], frequency_penalty: 1 });
    sender.expectRefused(await post(path, ignored, { "x-ccproxy-strict": "true" }), {
      status: 400,
      kind: "invalid-request",
      param: "frequency_penalty",
    });
  });

  test('methods that the path does not take, and says which; proves("api-unknown-route")', async () => {
    for (const method of ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]) {
      const sent = await sender.send(path, { method });
      sender.expectRefused(sent, { status: 405, kind: "method-not-allowed" });
      expect(sent.response.headers.get("allow")).toBe("POST");
    }
  });

  test('hosts and origins that are not its own; proves("auth-rebinding")', async () => {
    const body = JSON.stringify(valid[wireFormat]);
    const refusal = { status: 403, kind: "permission" } as const;
    for (const host of [
      "evil.example",
      "evil.example:8000",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "x@127.0.0.1",
    ])
      sender.expectRefused(await post(path, body, { host }), refusal);
    for (const origin of ["https://evil.example", "null", "http://localhost.evil.example", "file://"])
      sender.expectRefused(await post(path, body, { origin }), refusal);
  });

  test("nothing of a JSON value, however strange", async () => {
    await fc.assert(
      fc.asyncProperty(strangeBody(wireFormat), async (body) => {
        const { response, text } = await post(path, JSON.stringify(body));
        expect(response.status).toBeOneOf([200, 400]);
        if (response.status === 400) expectShape(wireFormat, text);
      }),
      { numRuns: 300 },
    );
  });

  test("nothing of a text, however broken", async () => {
    const whole = JSON.stringify(valid[wireFormat]);
    const broken = fc
      .tuple(fc.nat(whole.length), fc.nat(8), fc.string({ maxLength: 4, unit: "binary" }))
      .map(([at, length, text]) => whole.slice(0, at) + text + whole.slice(at + length));
    await fc.assert(
      fc.asyncProperty(fc.oneof(broken, fc.json(), fc.string()), async (body) => {
        const { response, text } = await post(path, body);
        expect(response.status).toBeOneOf([200, 400]);
        if (response.status === 400) expectShape(wireFormat, text);
      }),
      { numRuns: 300 },
    );
  });
});

/** A right body with some of its fields wrong, at the top or in a message. */
function strangeBody(wireFormat: WireFormat): fc.Arbitrary<unknown> {
  const right = valid[wireFormat];
  const fields = [
    "model",
    "messages",
    "stream",
    "max_tokens",
    "temperature",
    "stop",
    "stop_sequences",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "metadata",
    "stream_options",
    "response_format",
    "output_config",
    "n",
    "user",
  ];
  const field = fc.constantFrom(...fields);
  const wrongAtTop = fc
    .dictionary(field, fc.jsonValue({ maxDepth: 3 }), { minKeys: 1, maxKeys: 2 })
    .map((wrong) => ({ ...right, ...wrong }));
  const block = fc.record(
    {
      type: fc.constantFrom("text", "image", "image_url", "tool_use", "tool_result", "document", "thinking", "x"),
      text: fc.jsonValue({ maxDepth: 1 }),
      source: fc.jsonValue({ maxDepth: 2 }),
      id: fc.string(),
      input: fc.jsonValue({ maxDepth: 2 }),
    },
    { requiredKeys: ["type"] },
  );
  const message = fc.record({
    role: fc.constantFrom("user", "assistant", "system", "tool", "developer", "x"),
    content: fc.oneof(fc.string(), fc.array(block, { maxLength: 3 }), fc.jsonValue({ maxDepth: 2 })),
  });
  const wrongMessages = fc.array(message, { minLength: 1, maxLength: 4 }).map((messages) => ({ ...right, messages }));
  return fc.oneof(wrongAtTop, wrongMessages);
}

function chunked(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 100_000) controller.enqueue(bytes.subarray(at, at + 100_000));
      controller.close();
    },
  });
}

describe("paths that lead nowhere", () => {
  const nowhere: readonly (readonly [string, WireFormat])[] = [
    ["/", "openai-chat"],
    ["/v1", "openai-chat"],
    ["/v1/", "openai-chat"],
    ["/v1/nope", "openai-chat"],
    ["/v2/chat/completions", "openai-chat"],
    ["/chat/completions", "openai-chat"],
    ["/v1/chat/completions/extra", "openai-chat"],
    ["/v1/v1/chat/completions", "openai-chat"],
    ["/v1/completions", "openai-chat"],
    ["/v1/embeddings", "openai-chat"],
    ["/claude/v1/nope", "openai-chat"],
    ["/codex/v1/chat/completions", "openai-chat"],
    ["/v1/messages/nope", "anthropic-messages"],
    ["/v1/messages/batches", "anthropic-messages"],
    ["/sdk/v1/messages/nope", "anthropic-messages"],
    ["/%", "openai-chat"],
    ["/%zz", "openai-chat"],
    ["/v1/%00", "openai-chat"],
    ["/v1/module/a/b", "openai-chat"],
    ["/..%2f..%2fetc/passwd", "openai-chat"],
    [`/${"x".repeat(5000)}`, "openai-chat"],
    ["/swagger/../../etc/passwd", "openai-chat"],
    ["/constructor", "openai-chat"],
    ["/__proto__", "openai-chat"],
  ];
  test.each(nowhere)(
    'POST %s is a 404 in the format of the path; proves("api-unknown-route")',
    async (path, wireFormat) => {
      const sent = await sender.send(path, { method: "POST", body: "{}" }, wireFormat);
      if (sent.response.status === 405) expect(path).toBe("/");
      else sender.expectRefused(sent, { status: 404, kind: "not-found" });
      expectShape(wireFormat, sent.text, sent.requestId);
    },
  );

  test("in the format that the client's version header asks for, where both are possible", async () => {
    const headers = { "anthropic-version": "2023-06-01" };
    const sent = await sender.send("/v1/nope", { method: "POST", body: "{}", headers }, "anthropic-messages");
    sender.expectRefused(sent, { status: 404, kind: "not-found" });
  });

  test("a model nobody has is a 404, and the list takes no body", async () => {
    sender.expectRefused(await sender.send("/v1/models/nobody-has-this"), {
      status: 404,
      kind: "model-not-found",
      param: "model",
    });
    const sent = await sender.send("/v1/models", { method: "POST", body: "{}" });
    sender.expectRefused(sent, { status: 405, kind: "method-not-allowed" });
    expect(sent.response.headers.get("allow")).toBe("GET, HEAD");
  });
});

test("a request id that is unfit for headers and logs is replaced", async () => {
  for (const id of ["a b", "x".repeat(129), "<script>", "é"]) {
    const response = await fetch(`${bench.proxy.url}/v1/nope`, { headers: { "x-request-id": id } });
    expect(response.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
    await response.body?.cancel();
  }
});

test('without the access token nothing is answered; proves("auth-token", "auth-x-api-key")', async () => {
  await using guarded = await openFaultBench({}, [...noSpares, "--auth-token", token]);
  const { send, expectRefused, refused } = createSender(guarded.proxy.url);
  const bad: readonly Record<string, string>[] = [
    {},
    { authorization: "Bearer" },
    { authorization: "Bearer " },
    { authorization: `Basic ${btoa(`user:${token}`)}` },
    { authorization: token },
    { authorization: `Bearer ${token}x` },
    { authorization: `Bearer ${token.slice(0, -1)}` },
    { authorization: `Bearer ${token.toUpperCase()}` },
    { authorization: `Bearer ${"x".repeat(8000)}` },
    { "x-api-key": "sk-wrong" },
    { "x-api-key": `Bearer ${token}` },
    { "api-key": token },
    { cookie: `token=${token}` },
  ];
  for (const wireFormat of formats)
    for (const headers of bad) {
      const sent = await send(paths[wireFormat], { method: "POST", body: JSON.stringify(valid[wireFormat]), headers });
      expectRefused(sent, { status: 401, kind: "authentication" });
      expect(sent.response.headers.get("www-authenticate")).toBe("Bearer");
    }
  expectRefused(await send(`/v1/models?api_key=${token}`), { status: 401, kind: "authentication" });
  expect(guarded.fake.starts()).toBe(0);
  for (const headers of [{ authorization: `Bearer ${token}` }, { "x-api-key": token }]) {
    const { response } = await send(paths["openai-chat"], {
      method: "POST",
      body: JSON.stringify(valid["openai-chat"]),
      headers,
    });
    expect(response.status).toBe(200);
  }
  await guarded.proxy.end();
  expect(readRows(guarded.proxy).filter(({ status }) => status === 401)).toHaveLength(refused.size);
  expect(guarded.proxy.output()).not.toContain(token);
});
