import { expect, test } from "bun:test";

import { betasIn } from "./anthropic-headers.ts";

const headers = (said: Record<string, string>) => new Headers(said);

test("betas are read once each, and are none where nothing is named", () => {
  expect(betasIn(headers({ "anthropic-beta": " a-2026-01-01,b,, a-2026-01-01" }))?.names).toEqual([
    "a-2026-01-01",
    "b",
  ]);
  expect(betasIn(headers({ "anthropic-beta": " , " }))).toBeUndefined();
  expect(betasIn(headers({}))).toBeUndefined();
});

test("those that change something by themselves are named where they are lost, unknown ones among them", () => {
  const said =
    "model-context-window-exceeded-2025-08-26,effort-2025-11-24,some-beta-2030-01-01,effort-and-more-2030-01-01";
  expect(betasIn(headers({ "anthropic-beta": said }))?.fields).toEqual([
    "anthropic-beta=model-context-window-exceeded-2025-08-26",
    "anthropic-beta=some-beta-2030-01-01",
    "anthropic-beta=effort-and-more-2030-01-01",
  ]);
});

test.each([
  [
    "2.1.329",
    "claude-code-20250219,oauth-2025-04-20,interleaved-thinking-2025-05-14,context-management-2025-06-27,per-turn-control-2026-07-01,mid-conversation-tool-changes-2026-07-01,thinking-token-count-2026-05-13,advanced-tool-use-2025-11-20,extended-cache-ttl-2025-04-11,effort-2025-11-24",
  ],
  [
    "2.1.197",
    "claude-code-20250219,context-1m-2025-08-07,interleaved-thinking-2025-05-14,thinking-token-count-2026-05-13,context-management-2025-06-27,prompt-caching-scope-2026-01-05,mid-conversation-system-2026-04-07,effort-2025-11-24",
  ],
])("what Claude Code %s sends of itself loses nothing", (_version, said) => {
  expect(betasIn(headers({ "anthropic-beta": said }))?.fields).toEqual([]);
});
