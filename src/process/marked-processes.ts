import { readdir, readFile } from "node:fs/promises";

/**
 * A child carries this variable and so does all it starts, whatever session or group that moves to. It is the only
 * thread that leads to the commands of an agent: claude gives each its own session, out of reach of a group signal,
 * and leaves them running when it dies of SIGKILL (2.1.329 and 2.1.197; the latter also of SIGTERM).
 */
export const MARK_VARIABLE = "CCPROXY_CHILD";

/** Something can fork between the look and the kill; each round sees what the one before missed. */
const MAX_ROUNDS = 5;
/** A killed process shows its environment until the kernel has torn it down. */
const DEATH_MS = 5;

/**
 * SIGKILLs every process whose mark begins so, and says which. Only Linux shows us the environment of
 * another process; elsewhere this finds nothing.
 */
export async function killMarked(markPrefix: string): Promise<readonly number[]> {
  const killed = new Set<number>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const found = await findMarked(markPrefix);
    if (found.length === 0) break;
    for (const pid of found) {
      killProcess(pid);
      killed.add(pid);
    }
    await Bun.sleep(DEATH_MS);
  }
  return [...killed];
}

async function findMarked(markPrefix: string): Promise<readonly number[]> {
  const entries = process.platform === "linux" ? await readdir("/proc").catch(() => []) : [];
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  const marked: number[] = [];
  for (const pid of pids) if (pid !== process.pid && (await isMarked(pid, markPrefix))) marked.push(pid);
  return marked;
}

async function isMarked(pid: number, markPrefix: string): Promise<boolean> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, "latin1");
    return `\0${environment}`.includes(`\0${MARK_VARIABLE}=${markPrefix}`);
  } catch {
    // Gone, or another user's.
    return false;
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just gone by itself.
  }
}
