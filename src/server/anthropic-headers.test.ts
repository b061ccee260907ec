import { expect, test } from "bun:test";

import { betasIn, lostWhenRead } from "./anthropic-headers.ts";

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
  const said = "context-1m-2025-08-07,effort-2025-11-24,some-beta-2030-01-01,effort-and-more-2030-01-01";
  expect(betasIn(headers({ "anthropic-beta": said }))?.fields).toEqual([
    "anthropic-beta=context-1m-2025-08-07",
    "anthropic-beta=some-beta-2030-01-01",
    "anthropic-beta=effort-and-more-2030-01-01",
  ]);
});

test("what Claude Code 2.1.329 sends of itself loses nothing", () => {
  const said =
    "claude-code-20250219,oauth-2025-04-20,interleaved-thinking-2025-05-14,context-management-2025-06-27,per-turn-control-2026-07-01,mid-conversation-tool-changes-2026-07-01,thinking-token-count-2026-05-13,advanced-tool-use-2025-11-20,extended-cache-ttl-2025-04-11,effort-2025-11-24";
  expect(betasIn(headers({ "anthropic-beta": said }))?.fields).toEqual([]);
});

test("another version than those spoken here is lost where a request is read", () => {
  expect(lostWhenRead(headers({}))).toEqual([]);
  // The second: what @anthropic-ai/sdk sends since 1.0.
  for (const version of ["2023-06-01", "2026-10-21"])
    expect(lostWhenRead(headers({ "anthropic-version": version }))).toEqual([]);
  expect(lostWhenRead(headers({ "anthropic-version": "2099-01-01" }))).toEqual(["anthropic-version"]);
});
