import { describe, expect, test } from "bun:test";

import * as fc from "fast-check";

import { GatewayError } from "#core/errors.ts";
import { noUsage } from "#core/usage.ts";
import type { AccessLogRow } from "#store/access-log.ts";

import { createRequestRecord, type RequestFacts, type RequestOutcome, type RequestRecord } from "./request-record.ts";

function newRecord(initial: Partial<Parameters<typeof createRequestRecord>[0]> = {}) {
  const rows: AccessLogRow[] = [];
  const time = { now: 50 };
  const record = createRequestRecord(
    { requestId: "req_1", method: "POST", path: "/v1/messages", ...initial },
    { receivedAt: 1000, now: () => time.now, onEnd: (row) => rows.push(row) },
  );
  return { record, rows, time };
}

test("times are the arrival plus what has passed since", () => {
  const { record, rows, time } = newRecord();
  time.now = 60.4;
  record.mark("first-event");
  time.now = 70;
  record.mark("first-byte");
  record.mark("first-event");
  time.now = 99.6;
  record.end({ status: 200, finishReason: "stop" });
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ receivedAt: 1000, firstEventMs: 10, firstByteAt: 1020, endedAt: 1050, status: 200 });
});

test("a clock that goes backwards never makes a request end before it began", () => {
  const { record, time } = newRecord();
  time.now = 0;
  record.end({ status: 200 });
  expect(record.row().endedAt).toBe(1000);
});

test("facts add up; undefined leaves what is there, and a later value wins", () => {
  const { record } = newRecord();
  record.set({ modelAsked: "opus", backend: "claude-cli", costUsd: 1 });
  record.set({ modelAsked: undefined, costUsd: 2, start: "cold" });
  expect(record.row()).toMatchObject({ modelAsked: "opus", backend: "claude-cli", costUsd: 2, start: "cold" });
});

test("what happens after the end changes nothing", () => {
  const { record, rows, time } = newRecord();
  record.end({ status: 499, error: new GatewayError("cancelled", "gone") });
  const before = record.row();
  time.now = 500;
  record.set({ bytesOut: 5 });
  record.mark("first-byte");
  record.end({ status: 200 });
  expect(record.row()).toEqual(before);
  expect(rows).toEqual([before]);
});

test("a failure is kept as its kind alone, not in its words", () => {
  const { record } = newRecord();
  record.end({ status: 502, error: new GatewayError("upstream", "the model said something private") });
  expect(record.row().errorKind).toBe("upstream");
  expect(JSON.stringify(record.row())).not.toContain("private");
});

test("secrets in the path, the query, the agent and the model name are not kept", () => {
  const { record } = newRecord({
    path: "http://user:hunter2@h/v1/models/sk-ant-hunter2?api_key=hunter2#hunter2",
    userAgent: "curl Bearer hunter2hunter2",
    requestId: "sk-ant-api03-hunter2",
  });
  record.set({ modelAsked: "token=hunter2", ignoredFields: ["sk-ant-hunter2"] });
  expect(record.row().path).toBe("/v1/models/sk-ant-[redacted]");
  expect(JSON.stringify(record.row())).not.toContain("hunter2");
});

test("text a client chose is cut, after it was redacted", () => {
  const { record } = newRecord({
    userAgent: `${"a ".repeat(250)}sk-ant-${"z".repeat(5000)}`,
    path: `/${"p".repeat(9000)}`,
  });
  record.set({ ignoredFields: Array.from({ length: 1000 }, () => "f") });
  const row = record.row();
  expect(row.path.length).toBe(512);
  expect(row.userAgent).not.toContain("z");
  expect(row.ignoredFields.length).toBe(64);
});

test("numbers that are none do not reach an integer column", () => {
  const { record } = newRecord();
  record.set({
    queueMs: Number.NaN,
    spawnMs: 1.6,
    steps: Number.POSITIVE_INFINITY,
    bytesIn: Number.NaN,
    costUsd: Number.NaN,
  });
  expect(record.row()).toMatchObject({ queueMs: null, spawnMs: 2, steps: null, bytesIn: 0, costUsd: null });
});

test("two records of one request id have keys of their own, in order of time", () => {
  const [first, second] = [newRecord().record.row(), newRecord().record.row()];
  expect(first.requestId).toBe(second.requestId);
  expect(first.key < second.key).toBe(true);
});

const steps = fc.array(
  fc.oneof(
    fc
      .record(
        {
          modelUsed: fc.string(),
          costUsd: fc.double(),
          queueMs: fc.double(),
          bytesOut: fc.double(),
          start: fc.constantFrom("live", "warm", "cold"),
          ignoredFields: fc.array(fc.string()),
        },
        { requiredKeys: [] },
      )
      .map((facts: RequestFacts) => (record: RequestRecord) => record.set(facts)),
    fc.constantFrom("first-event", "first-byte").map((moment) => (record: RequestRecord) => record.mark(moment)),
    fc
      .record({ status: fc.integer({ min: 100, max: 599 }) })
      .map((outcome: RequestOutcome) => (record: RequestRecord) => record.end(outcome)),
  ),
  { maxLength: 30 },
);

test("any sequence of set, mark and end gives exactly one row, and the first end decides", () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 100, max: 599 }), (sequence, lastStatus) => {
      const { record, rows } = newRecord();
      for (const step of sequence) step(record);
      const already = rows[0];
      record.end({ status: lastStatus });
      expect(rows).toHaveLength(1);
      expect(rows[0]).toEqual(already ?? rows[0] ?? record.row());
      expect(record.row()).toEqual(rows[0] ?? record.row());
    }),
  );
});

describe("what it cost", () => {
  const usage = { ...noUsage, inputTokens: 10, outputTokens: 5 };
  const priceOf = (_backend: string, model: string) => (model === "free" ? 0 : model === "known" ? 0.5 : null);
  const costOf = (facts: Parameters<ReturnType<typeof createRequestRecord>["set"]>[0]) => {
    const record = createRequestRecord({ requestId: "r", method: "POST", path: "/" }, { priceOf });
    record.set({ backend: "b", usage, ...facts });
    const { costUsd, listCostUsd } = record.row();
    return [costUsd, listCostUsd];
  };

  test("is as the backend says, with what the list says beside it", () => {
    expect(costOf({ modelUsed: "known", costUsd: 0.4 })).toEqual([0.4, 0.5]);
    expect(costOf({ modelUsed: "unknown", costUsd: 0.4 })).toEqual([0.4, null]);
  });

  test("is as the list says where nobody else does; what is free is not unknown", () => {
    expect(costOf({ modelUsed: "known" })).toEqual([0.5, 0.5]);
    expect(costOf({ modelUsed: "free" })).toEqual([0, 0]);
    expect(costOf({ modelUsed: "unknown" })).toEqual([null, null]);
    expect(costOf({ modelUsed: "known", usage: noUsage })).toEqual([null, null]);
    expect(costOf({})).toEqual([null, null]);
  });

  test("is not known of an answer that was cut before its tokens were counted, nor is how many it had", () => {
    const { record } = newRecord();
    const counted = { ...usage, outputTokens: 1 };
    record.set({ backend: "b", modelUsed: "known", usage: counted, isBeginning: true });
    expect(record.row()).toMatchObject({ inputTokens: 10, outputTokens: null });
    expect(costOf({ modelUsed: "known", isBeginning: true })).toEqual([null, null]);
    record.set({ usage, isBeginning: false });
    expect(record.row()).toMatchObject({ inputTokens: 10, outputTokens: 5 });
  });
});
