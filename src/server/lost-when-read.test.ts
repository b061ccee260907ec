import { expect, test } from "bun:test";

import { lostWhenRead } from "./lost-when-read.ts";

const lost = (headers: Readonly<Record<string, string>>, query = "") =>
  lostWhenRead(new Headers(headers), new URLSearchParams(query));

test("another version than those spoken here is lost where a request is read", () => {
  expect(lost({})).toEqual([]);
  // The second: what @anthropic-ai/sdk sends since 1.0.
  for (const version of ["2023-06-01", "2026-10-21"]) expect(lost({ "anthropic-version": version })).toEqual([]);
  expect(lost({ "anthropic-version": "2099-01-01" })).toEqual(["anthropic-version"]);
});

test("so are whose bill it is, and OpenAI's betas but those that only open a path", () => {
  const said = { "openai-organization": "org-1", "openai-project": "proj_1" };
  expect(lost({ ...said, "openai-beta": "responses=experimental, x=v9,,agents=v1" })).toEqual([
    "openai-organization",
    "openai-project",
    "openai-beta=x=v9",
    "openai-beta=agents=v1",
  ]);
});

test("so is a query, once by its name, but for the one that Claude Code sends with everything", () => {
  expect(lost({}, "beta=true")).toEqual([]);
  expect(lost({}, "api-version=2030&beta=true&x&x=2")).toEqual(["?api-version", "?x"]);
});
