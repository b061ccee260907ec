import { statSync, type Stats } from "node:fs";
import { stat } from "node:fs/promises";

/** Tells a directory from another one that has taken its path; undefined where there is none. */
export async function directoryIdentity(path: string): Promise<string | undefined> {
  return identityOf(await stat(path).catch(() => undefined));
}

export function directoryIdentitySync(path: string): string | undefined {
  return identityOf(statSync(path, { throwIfNoEntry: false }));
}

function identityOf(stats: Stats | undefined): string | undefined {
  return stats?.isDirectory() === true ? `${stats.dev}:${stats.ino}` : undefined;
}
