import { afterAll, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openLogFile } from "./log-file.ts";

const folder = mkdtempSync(join(tmpdir(), "ccproxy-logfile-"));
afterAll(() => rmSync(folder, { recursive: true }));

let places = 0;
const newPath = () => join(folder, String(places++), "ccproxy.log");
const filesOf = (path: string) => readdirSync(join(path, "..")).toSorted();
const linesOf = (path: string) =>
  filesOf(path).flatMap((name) =>
    readFileSync(join(path, "..", name), "utf8")
      .split("\n")
      .filter(Boolean),
  );

test("a restart appends to what is there", () => {
  const path = newPath();
  for (const line of ["first\n", "second\n"]) {
    const file = openLogFile({ path, maxBytes: 1000, maxFiles: 3 });
    file.write(line);
    file.close();
  }
  expect(readFileSync(path, "utf8")).toBe("first\nsecond\n");
});

test("the file and the ones it grows into are private", () => {
  const path = newPath();
  const file = openLogFile({ path, maxBytes: 10, maxFiles: 3 });
  for (let at = 0; at < 3; at += 1) file.write("12345678\n");
  file.close();
  expect(filesOf(path).map((name) => statSync(join(path, "..", name)).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
});

test("a line is in the file when write returns", () => {
  const path = newPath();
  const file = openLogFile({ path, maxBytes: 1000, maxFiles: 3 });
  file.write("line é🦀\n");
  expect(readFileSync(path, "utf8")).toBe("line é🦀\n");
  file.close();
  file.write("after the end\n");
  expect(readFileSync(path, "utf8")).toBe("line é🦀\n");
});

test("rotation loses no line, splits none, and keeps every file within its size", () => {
  const path = newPath();
  const file = openLogFile({ path, maxBytes: 100, maxFiles: 1000 });
  const lines = Array.from({ length: 500 }, (_, at) => `line ${at} ${"x".repeat(at % 40)}`);
  for (const line of lines) file.write(`${line}\n`);
  file.close();
  expect(linesOf(path).toSorted()).toEqual(lines.toSorted());
  expect(filesOf(path).filter((name) => statSync(join(path, "..", name)).size > 100)).toEqual([]);
});

test("rotated files sort by age, and only the newest are kept", () => {
  const path = newPath();
  const file = openLogFile({ path, maxBytes: 10, maxFiles: 2 });
  for (let at = 0; at < 9; at += 1) file.write(`number ${at}\n`);
  file.close();
  expect(linesOf(path).toSorted()).toEqual(["number 6", "number 7", "number 8"]);
});

test("files of other names are not taken for rotated ones", () => {
  const path = newPath();
  const file = openLogFile({ path, maxBytes: 10, maxFiles: 0 });
  writeFileSync(`${path}.keep`, "mine");
  for (let at = 0; at < 4; at += 1) file.write(`number ${at}\n`);
  file.close();
  expect(filesOf(path)).toEqual(["ccproxy.log", "ccproxy.log.keep"]);
});

test("a line larger than the limit is written whole, to a file of its own", () => {
  const path = newPath();
  const file = openLogFile({ path, maxBytes: 10, maxFiles: 5 });
  for (const line of ["a", "b".repeat(50), "c"]) file.write(`${line}\n`);
  file.close();
  expect(filesOf(path).length).toBe(3);
  expect(linesOf(path).toSorted()).toEqual(["a", "b".repeat(50), "c"]);
});

test("a file that someone else moved away is not rotated again, but a new one begun", () => {
  const path = newPath();
  const file = openLogFile({ path, maxBytes: 20, maxFiles: 5 });
  file.write("before the move\n");
  renameSync(path, `${path}.moved`);
  file.write("after the move\n");
  file.close();
  expect(filesOf(path)).toEqual(["ccproxy.log", "ccproxy.log.moved"]);
});

test("a device is written to and never renamed", () => {
  const file = openLogFile({ path: "/dev/null", maxBytes: 5, maxFiles: 1 });
  file.write("more than five\n");
  file.write("more than five\n");
  file.close();
  expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
});

test("a path that cannot be opened is an error that names the flag", () => {
  expect(() => openLogFile({ path: "/dev/null/x.log", maxBytes: 5, maxFiles: 1 })).toThrow("/dev/null/x.log");
});

test("a line that cannot be written is told once for each run of them, and thrown never", () => {
  const told: unknown[] = [];
  const file = openLogFile({ path: "/dev/full", maxBytes: 5, maxFiles: 1, onLost: (error) => told.push(error) });
  file.write("a\n");
  file.write("b\n");
  file.close();
  expect(told.length).toBe(1);
});

test("a folder that is gone takes the lines with it; once it is back they go on in a new file", () => {
  const path = newPath();
  const file = openLogFile({ path, maxBytes: 10, maxFiles: 5 });
  file.write("one line\n");
  rmSync(join(path, ".."), { recursive: true });
  file.write("two line\n");
  mkdirSync(join(path, ".."));
  file.write("new line\n");
  file.close();
  expect(linesOf(path)).toEqual(["new line"]);
});
