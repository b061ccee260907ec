import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Writes it whole or not at all, for its owner alone to read. Throws what the file system throws. */
export function writePrivately(path: string, text: string): void {
  const written = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    const file = openSync(written, "wx", 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(written, path);
  } catch (error) {
    rmSync(written, { force: true });
    throw error;
  }
}
