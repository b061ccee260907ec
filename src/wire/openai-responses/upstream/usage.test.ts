import { expect, test } from "bun:test";

import { usageOf } from "./usage.ts";

test("what a cache read and took in is part of the input, also where a server counts it beside the rest", () => {
  const counted = (cached: number) =>
    usageOf({
      input_tokens: 50,
      output_tokens: 10,
      total_tokens: 60,
      input_tokens_details: { cached_tokens: cached, cache_write_tokens: 20 },
    });
  expect(counted(30)).toMatchObject({ inputTokens: 50, cacheReadInputTokens: 30, outputTokens: 10 });
  expect(counted(80)).toMatchObject({ inputTokens: 150, cacheReadInputTokens: 80, outputTokens: 10 });
});
