import { describe, expect, test } from "bun:test";

import type { ModelRequest } from "#core/request.ts";
import type { WireFormat } from "#core/wire-format.ts";

import { anthropicMessages } from "./anthropic-messages/index.ts";
import { openaiChat } from "./openai-chat/index.ts";
import { openaiResponses } from "./openai-responses/index.ts";
import recorded from "./testing/client-requests.json";

const formats: Readonly<Record<string, WireFormat>> = {
  "/v1/messages": anthropicMessages,
  "/v1/chat/completions": openaiChat,
  "/v1/responses": openaiResponses,
};

function decode(path: string, body: unknown): ModelRequest {
  const format = formats[path];
  if (format === undefined) throw new Error(`No format is at ${path}.`);
  return format.decodeRequest(body);
}

/** What is said, called, answered or shown: text, names, ids of calls and media, wherever they stand. */
const telling: ReadonlySet<string> = new Set([
  "model",
  "content",
  "text",
  "input",
  "name",
  "call_id",
  "tool_call_id",
  "tool_use_id",
  "url",
  "image_url",
  "data",
  "output",
  "user_id",
]);

function toldIn(value: unknown, key = ""): string[] {
  if (typeof value === "string") return telling.has(key) ? [value.replace(/^data:[^,]*,/u, "")] : [];
  if (Array.isArray(value)) return value.flatMap((item) => toldIn(item, key));
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, member]) => toldIn(member, name))
    : [];
}

/** Every object in it has a member that nobody has heard of. */
function withUnknown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withUnknown);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, withUnknown(member)]);
  return { ...Object.fromEntries(members), unheard_of: { of: [null, 1] } };
}

// proves("recorded-clients")
describe.each(recorded)("a request of $client", ({ path, body, ignored }) => {
  test("loses nothing that it tells, and what it asks in vain is named", () => {
    const request = decode(path, body);
    const kept = new Set(everyText(request));
    const lost = toldIn(body).filter((text) => !kept.has(text));
    // Claude Code's note to its vendor's accounts alone is left out, and is no word of anybody's.
    expect(lost.filter((text) => !text.startsWith("x-anthropic-billing-header:"))).toEqual([]);
    expect(new Set<string>(request.ignoredFields)).toEqual(new Set<string>(ignored));
    expect(request.stream).toBe("stream" in body && body.stream);
  });

  test("is the same with fields that nobody knows", () => {
    const { system, messages, model, stream } = decode(path, body);
    expect(decode(path, withUnknown(body))).toMatchObject({ system, messages, model, stream });
  });
});

function everyText(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(everyText) : [];
}
