import { afterAll, expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";

import { exchangeBytes, startTestServer } from "./testing/test-server.ts";

const server = startTestServer();
afterAll(() => server[Symbol.asyncDispose]());

const body = JSON.stringify({ model: "x", max_tokens: 9, messages: [{ role: "user", content: "Hi" }] });
const paths = ["/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens"];

function post(path: string, sent: Bun.BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(server.url + path, { method: "POST", body: sent, headers });
}

test.each(["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""])(
  "JSON is read whatever the content type says: %p",
  async (type) => {
    expect((await post("/v1/messages", body, { "content-type": type })).status).toBe(200);
  },
);

test("compressed bodies and byte order marks are read", async () => {
  expect((await post("/v1/messages", gzipSync(body), { "content-encoding": "gzip" })).status).toBe(200);
  expect((await post("/v1/messages", zstdCompressSync(body), { "content-encoding": "zstd" })).status).toBe(200);
  expect((await post("/v1/messages", `\uFEFF${body}`)).status).toBe(200);
});

const bomb = gzipSync(Buffer.alloc(50_000_000, 32));
const tooMuch = " ".repeat(1_000_001);

// proves("limit-body")
test.each(paths)("%s refuses what is too large, as sent or unpacked, in its own format", async (path) => {
  for (const response of [
    await post(path, tooMuch),
    await post(path, bomb, { "content-encoding": "gzip" }),
    await post(path, new Blob([tooMuch]).stream()),
  ]) {
    expect(response.status).toBe(413);
    const type = path.includes("messages") ? "request_too_large" : "invalid_request_error";
    expect(await response.json()).toMatchObject({ error: { type, message: expect.stringContaining("max_body_mb") } });
  }
});

test("a body that announces too much is refused before it is sent", async () => {
  const head = "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n";
  expect(await exchangeBytes(server.port, head)).toMatch(/^HTTP\/1.1 413 .*request_too_large/s);
});

test("an unknown content encoding is 415", async () => {
  const response = await post("/v1/chat/completions", body, { "content-encoding": "snappy" });
  expect(response.status).toBe(415);
  expect(await response.json()).toMatchObject({ error: { param: "Content-Encoding" } });
});

const wrongBodies: readonly (Bun.BodyInit | undefined)[] = [
  undefined,
  "",
  " ",
  "{",
  "}",
  "null",
  "true",
  "1",
  '"text"',
  "[]",
  "{}",
  '{"messages":null}',
  '{"messages":{}}',
  '{"messages":[]}',
  '{"messages":["x"]}',
  '{"messages":[null]}',
  '{"messages":[[]]}',
  '{"messages":[{}]}',
  '{"messages":[{"role":"user"}]}',
  '{"messages":[{"role":"user","content":1}]}',
  '{"messages":[{"role":"user","content":[{"type":"text"}]}]}',
  '{"messages":[{"role":"user","content":[{"type":7}]}]}',
  '{"messages":[{"role":"robot","content":"Hi"}]}',
  '{"messages":[{"role":"user","content":"Hi"}],"stream":"yes"}',
  '{"model":1,"max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}',
  '{"model":"x","max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"tools":"all"}',
  '{"model":"x","max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"temperature":"hot"}',
  "[".repeat(100_000),
  "[".repeat(5000) + "]".repeat(5000),
  '{"a":'.repeat(5000) + "1" + "}".repeat(5000),
  "<html></html>",
  "a=1&b=2",
  '{"messages":[{"role":"user","content":"Hi"}]',
  '{"messages":[{"role":"user","content":"Hi",}]}',
  "\u0000",
  new Uint8Array([0xff, 0xfe, 0x7b, 0x00]),
  new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
  gzipSync(body),
];

test.each(paths)("%s answers every malformed body with a shaped 400", async (path) => {
  for (const sent of wrongBodies) {
    const response = await post(path, sent ?? "");
    const shown = typeof sent === "string" ? sent.slice(0, 60) : "bytes";
    expect([shown, response.status]).toEqual([shown, 400]);
    const { error }: { error: { type: string; message: string } } = JSON.parse(await response.text());
    expect([shown, error.type]).toEqual([shown, "invalid_request_error"]);
    expect(error.message).not.toBe("");
  }
});

test("the message of a syntax error says where it is", async () => {
  const response = await post("/v1/messages", '{\n  "model": "x",\n  "max_tokens" 9\n}');
  expect(await response.text()).toContain("line 3, column 16");
});
