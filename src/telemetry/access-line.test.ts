import { expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";

import { accessFields, accessLevel, accessText } from "./access-line.ts";
import { createRequestRecord } from "./request-record.ts";

function finished(status: number, error?: GatewayError) {
  let clock = 0;
  const record = createRequestRecord(
    { requestId: "req_1", method: "POST", path: "/v1/messages?key=x" },
    { receivedAt: 1000, now: () => clock },
  );
  record.set({
    backend: "claude-cli",
    modelAsked: "opus",
    modelUsed: "claude-opus-4-8",
    start: "warm",
    costUsd: 0.0123456,
  });
  record.set({
    usage: {
      inputTokens: 1200,
      outputTokens: 80,
      cacheReadInputTokens: 0,
      cacheWriteInputTokens: 0,
      cacheWrite1hInputTokens: 0,
      reasoningTokens: 0,
    },
  });
  clock = 412;
  record.mark("first-event");
  clock = 3140;
  record.end({ status, finishReason: error === undefined ? "stop" : "error", error });
  return record.row();
}

test("the line for people says what was asked, what answered, how long and how much", () => {
  expect(accessText(finished(200))).toBe(
    "POST /v1/messages 200 claude-cli opus→claude-opus-4-8 warm first 412ms total 3.1s 1200→80 tokens $0.0123 req_1",
  );
});

test("a failure after the first byte shows beside its 200", () => {
  const error = new GatewayError("upstream", "It broke.");
  expect(accessText(finished(200, error), error)).toEndWith(" error upstream req_1: It broke.");
});

test('an error is told in our words: neither what a vendor says nor what stands in quotes; proves("log-secrets")', () => {
  const vendors = new GatewayError("authentication", "Acme: you wrote: my prompt", {
    logged: "Acme answered with 401.",
  });
  expect(accessText(finished(401, vendors), vendors)).toEndWith(" authentication req_1: Acme answered with 401.");
  const clients = new GatewayError("invalid-request", 'messages: expected an array, got "my \\"prompt".');
  const { error_message: message } = accessFields(finished(400, clients), clients);
  expect(message).toBe('messages: expected an array, got "…".');
});

test("small sums have digits that say something, and are rounded", () => {
  const costing = (costUsd: number) => accessText({ ...finished(200), costUsd, listCostUsd: null });
  expect(costing(0.0008756)).toContain(" $0.000876 ");
  expect(costing(0)).toContain(" $0.0000 ");
});

test("a cost that was reported stands beside the list's where they differ", () => {
  const row = finished(200);
  expect(accessText({ ...row, costUsd: 0.0123, listCostUsd: 0.02 })).toContain(" $0.0123 (list $0.0200) ");
  expect(accessText({ ...row, costUsd: 0.0123, listCostUsd: 0.01231 })).toContain(" $0.0123 req_1");
});

test("what is not known is left out", () => {
  const record = createRequestRecord({ requestId: "r", method: "GET", path: "/nope" }, { now: () => 0 });
  record.end({ status: 404 });
  expect(accessText(record.row())).toBe("GET /nope 404 total 0ms r");
});

test("the line for machines has every column under its name in the database", () => {
  const fields = accessFields(finished(200));
  expect(Object.keys(fields).length).toBe(39);
  expect(fields).toMatchObject({
    model_used: "claude-opus-4-8",
    first_event_ms: 412,
    first_byte_at: null,
    cost_usd: 0.0123456,
  });
});

test("a WebSocket that is refused is nothing to look after: its client goes by POST", () => {
  expect(accessLevel(finished(426, new GatewayError("upgrade-refused", "")))).toBe("info");
});

test("faults are errors, refusals and broken answers warnings, the rest information", () => {
  const levels = [finished(200), finished(200, new GatewayError("upstream", "")), finished(404), finished(503)].map(
    accessLevel,
  );
  expect(levels).toEqual(["info", "warn", "warn", "error"]);
});
