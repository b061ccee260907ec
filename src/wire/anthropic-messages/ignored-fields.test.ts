import { expect, test } from "bun:test";

import { decodeRequest } from "./request.ts";

const image = { type: "image", source: { type: "url", url: "https://example.test/a.png" } };
const call = { type: "tool_use", id: "c", name: "f", input: {} };
const ignoredIn = (...content: readonly object[]) =>
  decodeRequest({
    max_tokens: 9,
    messages: [
      { role: "assistant", content: [{ ...call, caller: { type: "direct" } }, ...content] },
      { role: "user", content: [{ type: "text", text: "hi", cache_control: { type: "ephemeral" }, citations: [] }] },
    ],
    thinking: { type: "adaptive", block_binding: { prefix_mismatch_behavior: "error" } },
  }).ignoredFields;

test("fields of blocks and of thinking that nothing reads are named, once each; those that ask for nothing are not", () => {
  expect(ignoredIn()).toEqual(["thinking.block_binding"]);
  const caller = { type: "code_execution_20260120", tool_id: "t" };
  expect(
    ignoredIn({ ...image, transformations: { oversized_image: "x" } }, { ...call, id: "d", caller }, image),
  ).toEqual(["thinking.block_binding", "messages[].content[].transformations", "messages[].content[].caller"]);
});
