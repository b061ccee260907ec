import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type AccessLogRow, accessLogColumns, createAccessLog } from "./access-log.ts";
import { openDatabase } from "./database.ts";

const folder = mkdtempSync(join(tmpdir(), "ccproxy-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

let databases = 0;
const newDatabase = () => openDatabase(join(folder, `${databases++}.db`));
const noon = Date.UTC(2026, 2, 14, 12);

const answered: AccessLogRow = {
  key: "k1",
  requestId: "req_1",
  receivedAt: noon,
  firstByteAt: noon + 420,
  endedAt: noon + 1500,
  method: "POST",
  path: "/v1/messages",
  wireFormat: "anthropic-messages",
  backend: "claude-cli",
  mode: "agent",
  modelAsked: "opus",
  modelUsed: "claude-opus-4-8",
  sessionId: "5d0b",
  principal: "local",
  status: 200,
  finishReason: "stop",
  errorKind: null,
  clientAddress: "127.0.0.1",
  userAgent: "anthropic-sdk/1.11",
  streaming: true,
  queueMs: 0,
  spawnMs: 3,
  firstEventMs: 410,
  start: "warm",
  inputTokens: 1200,
  outputTokens: 80,
  cacheReadInputTokens: 900,
  cacheWriteInputTokens: 200,
  cacheWrite1hInputTokens: 200,
  reasoningTokens: 12,
  costUsd: 0.0123,
  listCostUsd: 0.0123,
  retries: 1,
  fellBackFrom: "openai",
  steps: 2,
  bytesIn: 512,
  bytesOut: 4096,
  ignoredFields: ["logprobs", "seed"],
};

const refused: AccessLogRow = {
  ...answered,
  key: "k2",
  firstByteAt: null,
  endedAt: noon + 2,
  wireFormat: null,
  backend: null,
  mode: null,
  modelAsked: null,
  modelUsed: null,
  sessionId: null,
  principal: null,
  status: 401,
  finishReason: null,
  errorKind: "authentication",
  clientAddress: null,
  userAgent: null,
  streaming: false,
  queueMs: null,
  spawnMs: null,
  firstEventMs: null,
  start: null,
  inputTokens: null,
  outputTokens: null,
  cacheReadInputTokens: null,
  cacheWriteInputTokens: null,
  cacheWrite1hInputTokens: null,
  reasoningTokens: null,
  costUsd: null,
  listCostUsd: null,
  retries: null,
  fellBackFrom: null,
  steps: null,
  ignoredFields: [],
};

test("a row comes back as it went in, every column of it", () => {
  const log = createAccessLog(newDatabase());
  log.insertMany([answered, refused]);
  expect(log.findByRequestId("req_1")).toEqual([answered, refused]);
});

test("the table has exactly the columns of a row", () => {
  const columns = newDatabase().query<{ name: string }, []>("SELECT name FROM pragma_table_info('access_log')").all();
  expect(columns.map(({ name }) => name)).toEqual(Object.values(accessLogColumns));
});

test("a request id sent twice keeps both rows", () => {
  const log = createAccessLog(newDatabase());
  log.insertMany([answered]);
  log.insertMany([{ ...answered, key: "k9", receivedAt: noon + 1 }]);
  expect(log.findByRequestId("req_1").map(({ key }) => key)).toEqual(["k1", "k9"]);
});

test("a row written again replaces what was there, but a running one never a finished one", () => {
  const log = createAccessLog(newDatabase());
  const running = { ...answered, status: 0, endedAt: null };
  log.insertMany([running, { ...running, modelUsed: null }]);
  expect(log.recent({ limit: 10 })).toEqual([{ ...running, modelUsed: null }]);
  log.insertMany([{ ...answered, costUsd: 9 }, answered, running]);
  expect(log.recent({ limit: 10 })).toEqual([answered]);
});

test("a batch with a bad row is refused whole", () => {
  const log = createAccessLog(newDatabase());
  expect(() => log.insertMany([answered, { ...refused, status: 1.5 }])).toThrow("INTEGER");
  expect(log.recent({ limit: 10 })).toEqual([]);
});

test("text is stored as it is, whatever is in it", () => {
  const log = createAccessLog(newDatabase());
  const odd = { ...answered, path: "/v1/'); DROP TABLE access_log; --", userAgent: "\u0000é🦀\ud800", requestId: "" };
  log.insertMany([odd]);
  expect(log.findByRequestId("")[0]?.path).toBe(odd.path);
});

test("recent rows come newest first, in pages that neither repeat nor skip", () => {
  const log = createAccessLog(newDatabase());
  const rows = Array.from({ length: 25 }, (_, at) => ({ ...answered, key: `k${at}`, receivedAt: noon + (at >> 2) }));
  log.insertMany(rows);
  const seen: AccessLogRow[] = [];
  for (;;) {
    const before = seen.at(-1);
    const page = log.recent({ limit: 7, ...(before !== undefined && { before }) });
    if (page.length === 0) break;
    seen.push(...page);
  }
  expect(seen.map(({ key }) => key).toSorted()).toEqual(rows.map(({ key }) => key).toSorted());
  expect(seen.map(({ receivedAt }) => receivedAt)).toEqual(rows.map(({ receivedAt }) => receivedAt).toReversed());
});
