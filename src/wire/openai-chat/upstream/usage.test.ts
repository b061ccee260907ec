import { expect, test } from "bun:test";

import { usageOf } from "./usage.ts";

test("what a cache read is part of the input, also where a server counts it beside the rest", () => {
  const counted = (cached: number) =>
    usageOf({
      prompt_tokens: 50,
      completion_tokens: 10,
      total_tokens: 60,
      prompt_tokens_details: { cached_tokens: cached },
    });
  expect(counted(30)).toMatchObject({ inputTokens: 50, cacheReadInputTokens: 30, outputTokens: 10 });
  expect(counted(80)).toMatchObject({ inputTokens: 130, cacheReadInputTokens: 80, outputTokens: 10 });
});
