import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as v from "valibot";

import { configSchema } from "#config/schema.ts";

import { createReplacementTrial } from "./replacement-trial.ts";

const scratch = mkdtempSync(join(tmpdir(), "ccproxy-trial-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Of a CLI that is not there, so that a trial finds nothing. */
function trialWith(file: string, version = "1") {
  const config = v.parse(configSchema, { claude: { path: join(scratch, "absent") }, state_dir: scratch });
  const options = { config, environment: {}, signal: new AbortController().signal };
  return createReplacementTrial({ ...options, file, version, onFound: () => undefined });
}

test("what an earlier start found is not tried again, unless it was another ccproxy or claude", async () => {
  const file = join(scratch, "known.json");
  const known = JSON.stringify({ "claude 3.0.0, ccproxy 1": true });
  writeFileSync(file, known);
  expect(await trialWith(file)("3.0.0")).toBe(true);
  expect(await trialWith(file)("3.0.1")).toBe(false);
  expect(await trialWith(file, "2")("3.0.0")).toBe(false);
  expect(readFileSync(file, "utf8")).toBe(known);
});

test("a trial that shows nothing is a no, and is not remembered; nor does a broken file matter", async () => {
  const file = join(scratch, "none.json");
  expect(await trialWith(file)("3.0.0")).toBe(false);
  expect(existsSync(file)).toBe(false);
  writeFileSync(file, "{");
  expect(await trialWith(file)("3.0.0")).toBe(false);
});
