/**
 * What this proxy started, on disk and with a watchdog, so that nothing outlives a crash: the watchdog kills within
 * moments of our death, and the next start sweeps what even that left behind.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { ChildJournal } from "./child.ts";
import type { JournalRecord } from "./journal-record.ts";
import { identifyProcess, type ProcessIdentity } from "./process-identity.ts";
import { startWatchdog } from "./watchdog.ts";

export interface Journal extends ChildJournal {
  /** Removes the file and ends the watchdog, which kills what is still left of the children. */
  close(): Promise<void>;
}

export interface JournalOptions {
  /** Default true. Without one, only the next start's sweep cleans up after a crash. */
  readonly watchdog?: boolean;
}

/** Opens the journal of this process in `dir` (made 0700 if missing). Throws what the file system throws. */
export function openJournal(dir: string, options: JournalOptions = {}): Journal {
  const proxy = identifyProcess(process.pid);
  const mark = randomUUID();
  const name = `${process.pid}-${(proxy?.startTime ?? mark).replaceAll(/\W+/g, "-")}.json`;
  const path = join(dir, name);
  const children = new Map<number, ProcessIdentity>();

  const write = (): void => {
    // Without an identity nobody could tell later whether we live; then only the watchdog guards.
    if (proxy === undefined) return;
    const record: JournalRecord = { version: 1, mark, proxy, children: [...children.values()] };
    // One name for the new file: writes are synchronous, and the next one replaces what a crash left.
    writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };

  const save = (): void => {
    try {
      write();
    } catch {
      // A full disk must not cost a request; the mark and the watchdog still lead to the child.
    }
  };

  mkdirSync(dir, { recursive: true, mode: 0o700 });
  write();
  const watchdog = options.watchdog === false ? undefined : startWatchdog(`${mark}/`);

  return {
    mark,
    guarded: watchdog !== undefined,
    started(pid) {
      watchdog?.started(pid);
      const identity = identifyProcess(pid);
      if (identity === undefined) return;
      children.set(pid, identity);
      save();
    },
    exited(pid) {
      watchdog?.exited(pid);
      if (children.delete(pid)) save();
    },
    async close() {
      await watchdog?.close();
      rmSync(path, { force: true });
    },
  };
}
