import { describe, expect, test } from "bun:test";

import { askingForUsage, withoutUsage } from "./ask-for-usage.ts";

function asked(text: string, wireFormat: "openai-chat" | "openai-responses" = "openai-chat"): string {
  const request = { wireFormat, method: "POST", path: "/v1/chat/completions", headers: new Headers() };
  const body = askingForUsage({ ...request, body: new TextEncoder().encode(text), json: JSON.parse(text) });
  return new TextDecoder().decode(body);
}

describe("a streamed request", () => {
  test("is asked as it came, with the question in front", () => {
    expect(asked('{ "stream":true, "seed":12345678901234567890, "x":"}ü" }\n')).toBe(
      '{"stream_options":{"include_usage":true}, "stream":true, "seed":12345678901234567890, "x":"}ü" }\n',
    );
  });

  test.each([
    ['{"stream":true,"stream_options":null}', { include_usage: true }],
    ['{"stream":true,"stream_options":{"include_usage":false}}', { include_usage: true }],
    [
      '{"stream":true,"stream_options":{"include_obfuscation":false}}',
      { include_obfuscation: false, include_usage: true },
    ],
  ])("that has options keeps what else they say: %s", (text, options) => {
    expect(JSON.parse(asked(text))).toEqual({ stream: true, stream_options: options });
  });

  test.each([
    ["asks itself", '{"stream":true,"stream_options":{"include_usage":true}}', "openai-chat"],
    ["is none", '{"stream":false}', "openai-chat"],
    ["is in a format that always tells", '{"stream":true}', "openai-responses"],
  ] as const)("that %s is left alone", (_why, text, format) => {
    expect(asked(text, format)).toBe(text);
  });
});

describe("what its client gets", () => {
  const chunks = (between: string, last: string) =>
    [
      ": a comment",
      'data: {"choices":[],"prompt_filter_results":[1]}',
      `event: x\ndata: {"choices":[{"delta":{"content":"Ü, \\"usage\\":null"}}]${between}}`,
      `data: {"choices":[{"delta":{},"finish_reason":"stop"}]${between}}`,
      ...(last === "" ? [] : [last]),
      "data: [DONE]",
    ].map((text) => `${text}\n\n`);
  const counts = 'data: {"choices":[],"usage":{"prompt_tokens":3}}';

  async function shown(text: string, size: number): Promise<string> {
    const bytes = new TextEncoder().encode(text);
    async function* pieces() {
      for (let from = 0; from < bytes.byteLength; from += size) yield bytes.subarray(from, from + size);
    }
    return new TextDecoder().decode(Buffer.concat(await Array.fromAsync(withoutUsage(pieces()))));
  }

  test.each([1, 2, 7, 60, 1000])("has nothing of the counts, wherever its bytes are cut (%i)", async (size) => {
    const plain = chunks("", "").join("");
    for (const between of [',"usage":null', ', "usage" : null'])
      expect(await shown(chunks(between, counts).join(""), size)).toBe(plain);
    const crlf = (text: string) => text.replaceAll("\n", "\r\n");
    expect(await shown(crlf(chunks(',"usage":null', counts).join("")), size)).toBe(crlf(plain));
    expect(await shown(chunks("", "").join("") + counts, size)).toBe(plain);
  });

  test("has counts that come with words, and whatever is no chunk", async () => {
    const said = 'data: {"choices":[{"delta":{}}],"usage":{}}\n\ndata: "usage"\n\ndata: {"usage\n\nrest "usage"';
    expect(await shown(said, 1000)).toBe(said);
  });

  test("has as it is what would have to be held for long", async () => {
    const endless = `data: ${"x".repeat(700_000)}`;
    expect(await shown(endless, 100_000)).toBe(endless);
  });
});
