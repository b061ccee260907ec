import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { GatewayError } from "#core/errors.ts";
import { createAccessLog } from "#store/access-log.ts";
import { openDatabase } from "#store/database.ts";

import { createAccessLogWriter } from "./access-log-writer.ts";
import { createLogger } from "./logger.ts";
import { createRequestRecorder } from "./request-recorder.ts";

const folder = mkdtempSync(join(tmpdir(), "ccproxy-recorder-"));
afterAll(() => rmSync(folder, { recursive: true }));

let databases = 0;

function newRecorder(showAfterMs?: number) {
  const lines: string[] = [];
  const stream = { isTTY: false, write: (text: string) => lines.push(...text.split(/(?<=\n)/)), on: () => undefined };
  const logger = createLogger({ level: "info", format: "json", maxFileMb: 1, maxFiles: 1, stream });
  const log = createAccessLog(openDatabase(join(folder, `${databases++}.db`)));
  const writer = createAccessLogWriter({ insertMany: log.insertMany, logger, intervalMs: 1 });
  const recorder = createRequestRecorder({
    writer,
    logger,
    ...(showAfterMs !== undefined && { showAfterMs }),
  });
  const begin = (requestId: string) => recorder.begin({ requestId, method: "POST", path: "/v1/messages" });
  return { recorder, logger, begin, log, lines };
}

test("a finished request leaves one row and one line", () => {
  const { recorder, logger, begin, log, lines } = newRecorder();
  const record = begin("req_1");
  record.set({ start: "warm", costUsd: 0.5 });
  record.end({ status: 200, finishReason: "stop" });
  record.end({ status: 500 });
  recorder.stop();
  logger.close();
  expect(log.recent({ limit: 9 })).toEqual([record.row()]);
  expect(lines.map((line): unknown => JSON.parse(line).request_id)).toEqual(["req_1"]);
});

test("one request id used by two requests at once gives two rows", () => {
  const { recorder, begin, log } = newRecorder();
  const [first, second] = [begin("same"), begin("same")];
  second.end({ status: 200 });
  first.end({ status: 200 });
  recorder.stop();
  expect(log.findByRequestId("same").length).toBe(2);
});

test("a fault of ours is logged with its cause beside the line of the request", () => {
  const { begin, lines } = newRecorder();
  const cause = new TypeError("x is not a function");
  begin("req_1").end({ status: 500, error: new GatewayError("internal", "It failed.", { cause }) });
  expect(lines.length).toBe(2);
  expect(JSON.parse(lines[1] ?? "")).toMatchObject({
    level: "error",
    request_id: "req_1",
    error: { cause: { message: "x is not a function" } },
  });
});

test("requests still open at the very end get their row too, as unavailable", () => {
  const { recorder, begin, log } = newRecorder();
  begin("req_1");
  recorder.stop();
  expect(log.findByRequestId("req_1")).toMatchObject([{ status: 503, errorKind: "unavailable" }]);
});

test("a long request has its row while it runs, and still only one when it ends", async () => {
  const { recorder, begin, log } = newRecorder(0);
  const record = begin("req_1");
  record.set({ modelAsked: "opus" });
  for (let tries = 0; tries < 500 && log.findByRequestId("req_1").length === 0; tries += 1) await Bun.sleep(2);
  expect(log.findByRequestId("req_1")).toMatchObject([{ status: 0, endedAt: null, modelAsked: "opus" }]);
  record.end({ status: 200 });
  recorder.stop();
  expect(log.recent({ limit: 9 })).toEqual([record.row()]);
});
