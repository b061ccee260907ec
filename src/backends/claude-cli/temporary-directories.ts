import { mkdirSync } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** A directory of a proxy that has just started may not show its process yet, in another container. */
const SETTLED_MS = 60_000;

/** One directory for each child: 2.1.329 leaves a probe directory a run, and a socket when it is killed. */
export interface TemporaryDirectories {
  /** Creates one. */
  open(): string;
  close(path: string): Promise<void>;
  /** Waits for what is being closed: Bun 1.4.5 leaves a directory that two remove at the same time. */
  settled(): Promise<void>;
  /** Removes what proxies that are gone left behind. */
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
      const names = await readdir(parent).catch(() => []);
      for (const name of names) if (await isAbandoned(parent, name)) await this.close(join(parent, name));
    },
  };
}

async function isAbandoned(parent: string, name: string): Promise<boolean> {
  const pid = Number(/^(\d+)-\d+$/.exec(name)?.[1]);
  if (!Number.isInteger(pid) || pid === process.pid || isRunning(pid)) return false;
  const age =
    Date.now() -
    (await lstat(join(parent, name)).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    ));
  return age > SETTLED_MS;
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
