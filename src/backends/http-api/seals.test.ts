import { expect, test } from "bun:test";

import type { Message } from "#core/request.ts";
import type { UpstreamRequest } from "#core/upstream-format.ts";
import { encodeMessages, unsignedReasoning } from "#wire/anthropic-messages/upstream/messages.ts";

import { opened, sealed } from "./seals.ts";

function requestWith(signature: string): UpstreamRequest {
  const said: Message = {
    role: "assistant",
    content: [
      { type: "reasoning", text: "hm", signature, field: "thinking" },
      { type: "text", text: "a" },
    ],
  };
  return {
    wireFormat: "anthropic-messages",
    model: "m",
    system: [],
    messages: [said],
    stream: false,
    includeUsage: true,
    features: {},
    featureFields: {},
    ignoredFields: [],
  };
}

const sealedBy = (id: string, signature = "EqQB") => {
  const event = sealed({ id }, { type: "reasoning-end", id: "1", signature });
  return event.type === "reasoning-end" ? (event.signature ?? "") : "";
};
const signatureAt = (id: string, signature: string) => {
  const [part] = opened({ id }, requestWith(signature)).messages[0]?.content ?? [];
  return part?.type === "reasoning" ? part.signature : "no reasoning";
};

test("what a provider sealed goes back to it as it was, and to no other", () => {
  expect(signatureAt("deepseek", sealedBy("deepseek"))).toBe("EqQB");
  expect(signatureAt("other", sealedBy("deepseek"))).toBeUndefined();
  expect(signatureAt("deepseek", sealedBy("anthropic"))).toBeUndefined();
});

test("Anthropic's is Claude Code's too, and neither is shown what others sealed", () => {
  expect(sealedBy("anthropic")).toBe("EqQB");
  expect(signatureAt("anthropic", "EqQB")).toBe("EqQB");
  const { messages } = opened({ id: "anthropic" }, requestWith(sealedBy("deepseek")));
  expect(JSON.stringify(encodeMessages({ messages }, (name) => name))).not.toContain("EqQB");
  expect(unsignedReasoning(messages)).toEqual(["thinking"]);
});

test("what a provider encrypted whole is as much its own", () => {
  const encrypted = sealed({ id: "deepseek" }, { type: "reasoning-start", id: "1", redactedData: "EmwK" });
  const redactedData = encrypted.type === "reasoning-start" ? (encrypted.redactedData ?? "") : "";
  const request = requestWith("");
  const said: Message = {
    role: "assistant",
    content: [
      { type: "reasoning", text: "", redactedData, field: "data" },
      { type: "text", text: "a" },
    ],
  };
  const toldTo = (id: string) => opened({ id }, { ...request, messages: [said] }).messages;
  const blocksFor = (id: string) => encodeMessages({ messages: toldTo(id) }, (name) => name)[0]?.content;
  expect(blocksFor("deepseek")?.[0]).toEqual({ type: "redacted_thinking", data: "EmwK" });
  for (const id of ["other", "anthropic"]) {
    expect(blocksFor(id)).toEqual([{ type: "text", text: "a" }]);
    expect(unsignedReasoning(toldTo(id))).toEqual(["data"]);
  }
});
