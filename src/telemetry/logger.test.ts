import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createLogger, type LoggerOptions } from "./logger.ts";
import { createRequestRecord } from "./request-record.ts";

const folder = mkdtempSync(join(tmpdir(), "ccproxy-logger-"));
afterAll(() => rmSync(folder, { recursive: true }));

function loggerTo(options: Partial<LoggerOptions> & { readonly terminal?: boolean } = {}) {
  const lines: string[] = [];
  const stream = {
    isTTY: options.terminal === true,
    write: (text: string) => lines.push(...text.split(/(?<=\n)/)),
    on: () => undefined,
  };
  const logger = createLogger({ level: "info", format: "auto", maxFileMb: 1, maxFiles: 2, stream, ...options });
  return { logger, lines };
}

function finishedRow(path = "/v1/messages", status = 200) {
  const record = createRequestRecord({ requestId: "req_1", method: "POST", path });
  record.end({ status });
  return record.row();
}

test("off a terminal each line is one JSON object that says when, how loud and what", () => {
  const { logger, lines } = loggerTo();
  logger.warn("The pool is empty.", { requestId: "req_1", data: { idle: 0 } });
  expect(lines.length).toBe(1);
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    level: "warn",
    message: "The pool is empty.",
    request_id: "req_1",
    data: { idle: 0 },
  });
});

test("on a terminal it is one line for people, in colour unless that is refused", () => {
  const coloured = loggerTo({ terminal: true });
  coloured.logger.info("Ready.");
  expect(coloured.lines[0]).toContain("\u001b[36minfo ");
  const plain = loggerTo({ terminal: true, colour: false });
  plain.logger.info("Ready.", { data: { url: "http://127.0.0.1:8000", name: "two words" } });
  expect(plain.lines[0]).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} info {2}Ready\. data=\{"url":"http:\/\/127.0.0.1:8000","name":"two words"\}\n$/,
  );
});

test.each([
  ["silent", []],
  ["error", ["error"]],
  ["warn", ["error", "warn"]],
  ["info", ["error", "warn", "info"]],
  ["debug", ["error", "warn", "info", "debug"]],
  ["trace", ["error", "warn", "info", "debug", "trace"]],
] as const)("level %s lets through %j", (level, expected) => {
  const { logger, lines } = loggerTo({ level });
  for (const say of ["error", "warn", "info", "debug", "trace"] as const) logger[say]("x");
  expect(lines.map((line): unknown => JSON.parse(line).level)).toEqual([...expected]);
});

test("for people an error is its chain of causes and where each began", () => {
  const { logger, lines } = loggerTo({ format: "pretty", colour: false });
  logger.error("It failed.", { error: new Error("outer", { cause: new TypeError("inner") }) });
  logger.error("It failed.", { error: "just text" });
  expect(lines[0]).toMatch(/ It failed\. error=Error: outer \(at .*\) because TypeError: inner \(at .*\)\n$/);
  expect(lines[1]).toEndWith(' error="just text"\n');
});

test("identical lines are all written, text and access lines alike", () => {
  const { logger, lines } = loggerTo();
  const row = finishedRow();
  for (let at = 0; at < 200; at += 1) {
    logger.info("The same.");
    logger.access(row);
  }
  logger.close();
  expect(lines.length).toBe(400);
});

test("data that looks like a log record stays data", () => {
  const { logger, lines } = loggerTo();
  logger.info("Heard.", { data: { level: 0, type: "error", message: "forged", args: ["forged"], time: "forged" } });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "info", message: "Heard." });
});

test('secrets in the message, the data and the error do not get out; proves("log-secrets")', () => {
  const { logger, lines } = loggerTo();
  const secret = `sk-ant-api03-${"y".repeat(30)}`;
  logger.error(`Upstream refused ${secret}.`, {
    data: { headers: { authorization: "open sesame" }, url: "http://h/?token=open-sesame" },
    error: new Error("outer", { cause: new Error(`x-api-key: ${secret}`) }),
  });
  expect(lines.join("")).not.toMatch(/yyyy|sesame/);
});

test("a client can neither start a line of its own nor move the cursor", () => {
  const { logger, lines } = loggerTo({ format: "pretty" });
  logger.access(finishedRow("/v1/\u001b[2J\r\n12:00:00 info forged\u009b1A\u202e"));
  logger.close();
  const moving = Array.from(lines.join("")).filter((character) => "\n\r\u001b\u009b\u202e".includes(character));
  expect(moving).toEqual(["\n"]);
});

test("access lines follow the level: at warn only what was refused or failed", () => {
  const { logger, lines } = loggerTo({ level: "warn" });
  for (const status of [200, 404, 500]) logger.access(finishedRow("/v1/messages", status));
  expect(lines.map((line): unknown => JSON.parse(line).status)).toEqual([404, 500]);
});

test("the file gets JSON beside a pretty stream, and the same lines", () => {
  const file = join(folder, "a", "ccproxy.log");
  const { logger, lines } = loggerTo({ format: "pretty", file });
  logger.info("Ready.");
  logger.access(finishedRow());
  logger.close();
  const written = readFileSync(file, "utf8").trim().split("\n");
  expect(written.map((line): unknown => JSON.parse(line).message)).toEqual(["Ready.", "request"]);
  expect(lines.length).toBe(2);
});

test("a file that cannot be written is told on the stream", () => {
  const { logger, lines } = loggerTo({ file: "/dev/full" });
  logger.info("Ready.");
  expect(lines.length).toBe(2);
  expect(lines.join("")).toContain("/dev/full");
});

test("a reader of stderr that goes away does not end the process", async () => {
  const program = `
    import { createLogger } from "#telemetry/logger.ts";
    const logger = createLogger({ level: "info", format: "json", maxFileMb: 1, maxFiles: 1, stream: process.stderr });
    for (let at = 0; at < 40; at += 1) { logger.info("x".repeat(1000)); await Bun.sleep(1); }
    process.stdout.write("still here");`;
  const child = Bun.spawn([process.execPath, "-e", program], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  await child.stderr.cancel();
  expect(await child.stdout.text()).toBe("still here");
  expect(await child.exited).toBe(0);
});
