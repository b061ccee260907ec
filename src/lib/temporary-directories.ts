import { mkdirSync } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** A directory of a process that has just started may not show it yet, in another container. */
const SETTLED_MS = 60_000;

/** Directories below one parent, each of which goes when its user does, or at the latest when another process starts. */
export interface TemporaryDirectories {
  /** Creates one. */
  open(): string;
  close(path: string): Promise<void>;
  /** Waits for what is being closed: Bun 1.4.5 leaves a directory that two remove at the same time. */
  settled(): Promise<void>;
  /** Removes what processes that are gone left behind. */
  sweep(): Promise<void>;
}

export function createTemporaryDirectories(parent: string): TemporaryDirectories {
  let opened = 0;
  const closing = new Set<Promise<void>>();
  return {
    open() {
      opened += 1;
      const path = join(parent, `${process.pid}-${opened}`);
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return path;
    },
    async close(path) {
      const work = rm(path, { recursive: true, force: true }).catch(() => undefined);
      closing.add(work);
      await work;
      closing.delete(work);
    },
    async settled() {
      await Promise.all(closing);
    },
    async sweep() {
      const names = (await readdir(parent).catch(() => [])).filter(isAbandoned);
      const settled = await Promise.all(names.map((name) => isSettled(join(parent, name))));
      for (const [index, name] of names.entries()) if (settled[index] === true) await this.close(join(parent, name));
      if (settled.includes(false)) setTimeout(() => void this.sweep(), SETTLED_MS).unref();
    },
  };
}

function isAbandoned(name: string): boolean {
  const pid = Number(/^(\d+)-\d+$/.exec(name)?.[1]);
  return Number.isInteger(pid) && pid !== process.pid && !isRunning(pid);
}

async function isSettled(path: string): Promise<boolean> {
  const { mtimeMs } = await lstat(path).catch(() => ({ mtimeMs: 0 }));
  return Date.now() - mtimeMs > SETTLED_MS;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // Not ours to signal is still there.
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}
