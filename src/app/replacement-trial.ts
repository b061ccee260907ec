/** Whether chat mode may replace the messages of an untested CLI's request to the model: it is tried, offline, once. */
import { readFileSync, writeFileSync } from "node:fs";

import * as v from "valibot";

import { findReplacement } from "./cli-differences.ts";
import type { ProbeOptions } from "./cli-probe.ts";

export interface ReplacementTrialOptions extends ProbeOptions {
  /** Holds what was found, for later starts. */
  readonly file: string;
  /** Our own: another one of us may get another answer. */
  readonly version: string;
  readonly onFound: (claudeVersion: string, replaces: boolean) => void;
}

const findings = v.record(v.string(), v.boolean());

/** Never rejects: what does not show is a no, and is tried again at the next start. */
export function createReplacementTrial(options: ReplacementTrialOptions): (claudeVersion: string) => Promise<boolean> {
  const trials = new Map<string, Promise<boolean>>();
  return (claudeVersion) => {
    const trial = trials.get(claudeVersion) ?? tryOnce(options, claudeVersion);
    trials.set(claudeVersion, trial);
    return trial;
  };
}

async function tryOnce(options: ReplacementTrialOptions, claudeVersion: string): Promise<boolean> {
  const { file, version, onFound } = options;
  const name = `claude ${claudeVersion}, ccproxy ${version}`;
  const known = readFindings(file);
  if (known[name] !== undefined) return known[name];
  const found = await findReplacement(options).catch(() => undefined);
  if (found === undefined) return false;
  onFound(claudeVersion, found);
  try {
    writeFileSync(file, JSON.stringify({ ...readFindings(file), [name]: found }, null, 2), { mode: 0o600 });
  } catch {
    // A full disk costs the next start a second.
  }
  return found;
}

function readFindings(file: string): v.InferOutput<typeof findings> {
  try {
    return v.parse(findings, JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return {};
  }
}
