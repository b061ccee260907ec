import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Removes what killed children left: the entries of `dir` that have not changed since `olderThan` (Unix milliseconds).
 * Links are removed, never followed. Returns how many went; one that cannot be removed is skipped.
 */
export async function removeStale(dir: string, olderThan: number): Promise<number> {
  let removed = 0;
  for (const name of await entriesOf(dir)) if (await removeIfStale(join(dir, name), olderThan)) removed += 1;
  return removed;
}

async function removeIfStale(path: string, olderThan: number): Promise<boolean> {
  try {
    if ((await lstat(path)).mtimeMs >= olderThan) return false;
    await rm(path, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

async function entriesOf(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch {
    return [];
  }
}
