import { chmodSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import type { JsonObject } from "#lib/json-object.ts";

import { writePrivately } from "./private-file.ts";

/** API keys that `ccproxy auth login` was given, one file a provider, for their owner alone to read. */
export interface KeyFiles {
  path(provider: string): string;
  /** Of a sign-in that `ccproxy auth login --oauth` made; no provider's name has a dot in it. */
  signInPath(provider: string): string;
  has(provider: string): boolean;
  /** Whole or not at all; in place of a sign-in. Throws what the file system throws. */
  save(provider: string, key: string): void;
  /** The same of a sign-in, in place of a key. */
  saveSignIn(provider: string, file: JsonObject): void;
  /** The key and the sign-in. False where there was neither. */
  remove(provider: string): boolean;
}

export function openKeyFiles(directory: string): KeyFiles {
  const path = (provider: string): string => join(directory, provider);
  const signInPath = (provider: string): string => join(directory, `${provider}.sign-in.json`);
  const save = (at: string, text: string): void => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // An existing directory keeps its mode in mkdir.
    chmodSync(directory, 0o700);
    writePrivately(at, `${text}\n`);
  };
  return {
    path,
    signInPath,
    has: (provider) => existsSync(path(provider)),
    save(provider, key) {
      save(path(provider), key);
      rmSync(signInPath(provider), { force: true });
    },
    saveSignIn(provider, file) {
      save(signInPath(provider), JSON.stringify(file, null, 2));
      rmSync(path(provider), { force: true });
    },
    remove(provider) {
      const kept = [path(provider), signInPath(provider)].filter((at) => existsSync(at));
      for (const at of kept) rmSync(at);
      return kept.length > 0;
    },
  };
}
