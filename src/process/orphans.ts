import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { parseJournalRecord, type JournalRecord } from "./journal-record.ts";
import { killMarked } from "./marked-processes.ts";
import { signalGroup } from "./process-group.ts";
import { currentRealm, isRunning } from "./process-identity.ts";

const DEATH_POLL_MS = 10;
const DEATH_WAIT_MS = 2000;

export interface OrphanSweep {
  /** Proxies that had died without cleaning up. */
  readonly deadProxies: number;
  /** Process ids that were killed for them. */
  readonly killed: readonly number[];
}

/**
 * Finishes what dead proxies left, by the journals in `dir`: kills their children and the processes that carry their
 * mark, and removes the journals. Only ever kills a process whose id and start time are the recorded ones, or which
 * has the mark. A journal of another container's namespace is left to that container.
 */
export async function sweepOrphans(dir: string): Promise<OrphanSweep> {
  const killed: number[] = [];
  let deadProxies = 0;
  for (const name of await listFiles(dir)) {
    const path = join(dir, name);
    const record = parseJournalRecord(await readOrEmpty(path));
    if (record === undefined || !isDead(record)) continue;
    killed.push(...(await killRecorded(record)));
    await rm(path, { force: true });
    await rm(`${path}.new`, { force: true });
    deadProxies += 1;
  }
  return { deadProxies, killed };
}

function isDead({ proxy }: JournalRecord): boolean {
  const realm = currentRealm();
  if (proxy.realm === realm) return !isRunning(proxy);
  // An earlier boot is over; another namespace of this boot may well be alive.
  return bootOf(proxy.realm) !== bootOf(realm);
}

function bootOf(realm: string): string {
  return realm.split("/", 1).join();
}

async function killRecorded(record: JournalRecord): Promise<readonly number[]> {
  const alive = record.children.filter(isRunning);
  for (const { pid } of alive) signalGroup(pid, "SIGKILL");
  const marked = await killMarked(`${record.mark}/`);
  const deadline = performance.now() + DEATH_WAIT_MS;
  while (alive.some(isRunning) && performance.now() < deadline) await Bun.sleep(DEATH_POLL_MS);
  return [...new Set([...alive.map(({ pid }) => pid), ...marked])];
}

async function listFiles(dir: string): Promise<readonly string[]> {
  try {
    return (await readdir(dir)).filter((name) => name.endsWith(".json"));
  } catch {
    // Nothing was ever written there.
    return [];
  }
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}
