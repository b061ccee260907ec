/**
 * Records requests without pause, as the server would, until it is killed or told to stop:
 * `bun record-requests.ts <database> <log file>`. Each one is told on stdout once it has ended
 * (`ended <id> <turn>`), or begun, when it is one that never ends (`begun <id> <turn>`). Turns are
 * counted and two milliseconds or more apart: a time that stands still while the process does.
 */
import { writeSync } from "node:fs";

import { createAccessLog } from "#store/access-log.ts";
import { openDatabase } from "#store/database.ts";
import { createAccessLogWriter } from "#telemetry/access-log-writer.ts";
import { createLogger } from "#telemetry/logger.ts";
import { createRequestRecorder } from "#telemetry/request-recorder.ts";

const [path = "", file] = process.argv.slice(2);
const logger = createLogger({
  level: "info",
  format: "json",
  file,
  maxFileMb: 0.05,
  maxFiles: 10_000,
  stream: { isTTY: false, write: () => true, on: () => undefined },
});
const { insertMany } = createAccessLog(openDatabase(path, { busyTimeoutMs: 100 }));
const writer = createAccessLogWriter({ insertMany, logger });
const recorder = createRequestRecorder({ writer, logger });

let turn = 0;
let count = 0;
const tell = (what: string, id: string) => writeSync(1, `${what} ${id} ${turn}\n`);
const begin = (id: string) => recorder.begin({ requestId: id, method: "POST", path: "/v1/messages" });

function work(): void {
  turn += 1;
  for (let burst = 0; burst < 5; burst += 1) {
    const id = `${process.pid}-${(count += 1)}`;
    const record = begin(id);
    record.set({ modelAsked: "opus", bytesIn: count });
    if (count % 50 === 0) {
      tell("begun", id);
      continue;
    }
    record.end({ status: 200, finishReason: "stop" });
    tell("ended", id);
  }
  setTimeout(work, 2);
}

process.on("SIGTERM", () => {
  recorder.stop();
  process.exit(0);
});
work();
