import { expect, test } from "bun:test";

import type { Part } from "#core/request.ts";

import { deliverableResults, mcpContentOf } from "./tool-results.ts";

const image: Part = { type: "image", source: { type: "base64", mediaType: "image/png", data: "AAAA" } };
const result = (...content: readonly Part[]) =>
  ({ type: "tool-result", callId: "a", content, isError: false }) as const;
const bringing = (...content: readonly Part[]) => deliverableResults([{ role: "user", content }]);

test("text and images are given to a call that is held", () => {
  const brought = result({ type: "text", text: "sunny" }, image);
  expect(bringing(brought)).toEqual([brought]);
  expect(mcpContentOf(brought.content)).toEqual([
    { type: "text", text: "sunny" },
    { type: "image", mimeType: "image/png", data: "AAAA" },
  ]);
});

test.each<[string, Part[]]>([
  ["words beside the results", [result(), { type: "text", text: "and now?" }]],
  ["a text the CLI would put into a file", [result({ type: "text", text: "x".repeat(80_001) })]],
  ["a picture that is elsewhere", [result({ type: "image", source: { type: "url", url: "https://x.test/" } })]],
  ["a document", [result({ type: "document", source: { type: "text", mediaType: "text/plain", text: "t" } })]],
])("%s have to be told as history", (_what, content) => {
  expect(bringing(...content)).toBeUndefined();
});
