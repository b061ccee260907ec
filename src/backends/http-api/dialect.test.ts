import { expect, test } from "bun:test";

import { modelsIn } from "./dialect.ts";

// proves("model-limits")
test.each([
  ["Anthropic", { display_name: "A", max_input_tokens: 9, max_tokens: 5 }, { displayName: "A" }],
  ["OpenRouter", { name: "A", context_length: 9, top_provider: { max_completion_tokens: 5 } }, { displayName: "A" }],
  ["Groq", { owned_by: "Meta", context_window: 9, max_completion_tokens: 5 }, { displayName: "a", ownedBy: "Meta" }],
])("limits are read as %s tells them", (_who, told, more) => {
  expect(modelsIn({ data: [{ id: "a", ...told }] })).toEqual([
    { id: "a", aliases: [], contextWindow: 9, maxOutputTokens: 5, ...more },
  ]);
});

test("what is told in a strange way is left out, and the model is not", () => {
  const strange = { id: "a", name: 1, max_tokens: null, context_length: "9", top_provider: null, max_model_len: 0 };
  expect(modelsIn({ data: [strange] })).toEqual([{ id: "a", displayName: "a", aliases: [] }]);
});
