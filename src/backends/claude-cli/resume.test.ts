import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { pointAt, readResume, type Resume, removeTranscript, resumeAfter } from "./resume.ts";
import { noTotals } from "./usage.ts";

const uuid = (at: number): string => `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`;
const process = (at: number, answer: number | undefined) => ({
  id: uuid(at),
  answerId: answer === undefined ? undefined : uuid(answer),
  totals: noTotals,
});
const read = (resume: string) => readResume({ id: "s", named: true, resume });

test("each answer of the CLI's session is found by the conversation up to it, and comes back as it was written", () => {
  const first = resumeAfter(process(1, 10), ["a", "a joined"]);
  const second = resumeAfter(process(1, 11), ["b"], first);
  const written = read(JSON.stringify(second));
  expect(written).toEqual(second);
  expect(written && pointAt(written, "a joined")).toEqual({ sessionId: uuid(1), answerId: uuid(10) });
  expect(written && pointAt(written, "b")).toEqual({ sessionId: uuid(1), answerId: uuid(11) });
  expect(written && pointAt(written, "c")).toBeUndefined();
});

test("another session of the CLI's begins anew, and the oldest answers are let go", () => {
  let resume: Resume | undefined = resumeAfter(process(1, 10), ["a"]);
  resume = resumeAfter(process(2, 20), ["b"], resume);
  expect(resume && pointAt(resume, "a")).toBeUndefined();
  for (let at = 0; at < 30; at += 1) resume = resumeAfter(process(2, 30 + at), [`k${at}`], resume);
  expect(resume?.points).toHaveLength(20);
  expect(resume && pointAt(resume, "k29")).toBeDefined();
});

test("an answer that ended in a call, or a conversation not to be found again, is nothing to go on from", () => {
  expect(resumeAfter(process(1, undefined), ["a"])).toBeUndefined();
  expect(resumeAfter(process(1, 10), [])).toBeUndefined();
});

test("what is no such record is none: its ids become arguments and paths", () => {
  const resume = resumeAfter(process(1, 10), ["a"]);
  for (const sessionId of ["../../etc", "", "--help"])
    expect(read(JSON.stringify({ ...resume, sessionId }))).toBeUndefined();
  expect(read("{")).toBeUndefined();
  expect(readResume(undefined)).toBeUndefined();
});

test("a transcript is removed from whichever project it lies in, and no other", async () => {
  const config = mkdtempSync(join(tmpdir(), "ccproxy-transcripts-"));
  const project = join(config, "projects", "-a-b");
  mkdirSync(join(project, uuid(1)), { recursive: true });
  for (const at of [1, 2]) writeFileSync(join(project, `${uuid(at)}.jsonl`), "");
  await removeTranscript(uuid(1), { CLAUDE_CONFIG_DIR: config });
  expect([`${uuid(1)}.jsonl`, uuid(1), `${uuid(2)}.jsonl`].map((name) => existsSync(join(project, name)))).toEqual([
    false,
    false,
    true,
  ]);
  await removeTranscript(uuid(2), { HOME: join(config, "none") });
  // A process that was asked nothing has no id yet.
  for (const none of ["", ".", "../-a-b"]) await removeTranscript(none, { CLAUDE_CONFIG_DIR: config });
  expect(existsSync(join(project, `${uuid(2)}.jsonl`))).toBe(true);
  rmSync(config, { recursive: true });
});
