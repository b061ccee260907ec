import { chmodSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { writePrivately } from "./private-file.ts";

/** API keys that `ccproxy auth login` was given, one file a provider, for their owner alone to read. */
export interface KeyFiles {
  path(provider: string): string;
  has(provider: string): boolean;
  /** Whole or not at all. Throws what the file system throws. */
  save(provider: string, key: string): void;
  /** False where there was none. */
  remove(provider: string): boolean;
}

export function openKeyFiles(directory: string): KeyFiles {
  const path = (provider: string): string => join(directory, provider);
  return {
    path,
    has: (provider) => existsSync(path(provider)),
    save(provider, key) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      // An existing directory keeps its mode in mkdir.
      chmodSync(directory, 0o700);
      writePrivately(path(provider), `${key}\n`);
    },
    remove(provider) {
      const had = existsSync(path(provider));
      rmSync(path(provider), { force: true });
      return had;
    },
  };
}
