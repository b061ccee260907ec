import { expect, test } from "bun:test";

import { listedItem } from "./listed-item.ts";

const message = { type: "message", status: "completed", id: "in_1" };

test("a message is listed in full form, however short it was said", () => {
  expect(listedItem({ id: "in_1", role: "user", content: "a" })).toEqual({
    ...message,
    role: "user",
    content: [{ type: "input_text", text: "a" }],
  });
  expect(listedItem({ id: "in_1", role: "assistant", type: null, content: "b" })).toEqual({
    ...message,
    role: "assistant",
    content: [{ type: "output_text", text: "b", annotations: [] }],
  });
});

test("what was said in full stays as it is", () => {
  const image = { type: "input_image", detail: "auto", image_url: "https://example.test/a.png" };
  const asked = { ...message, role: "user", content: [{ type: "input_text", text: "a" }, image] };
  const said = { ...message, status: "incomplete", role: "assistant", content: [{ type: "refusal", refusal: "No." }] };
  const reasoning = { type: "reasoning", id: "rs_1", summary: [] };
  for (const item of [asked, said, reasoning]) expect(listedItem(item)).toEqual(item);
});

test("calls and their results have a status", () => {
  const call = { type: "function_call", id: "fc_1", call_id: "c", name: "f", arguments: "{}" };
  const result = { type: "function_call_output", id: "in_2", call_id: "c", output: "r" };
  for (const item of [call, result]) expect(listedItem(item)).toEqual({ ...item, status: "completed" });
});
