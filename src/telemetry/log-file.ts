import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

import { GatewayError } from "#core/errors.ts";

export interface LogFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** Full files kept beside the current one. */
  readonly maxFiles: number;
  /** Told when a line could not be written, once for each run of such lines. */
  readonly onLost?: (error: unknown) => void;
}

/** Something lines are written to, each with its newline. Never throws. */
export interface LogSink {
  /** One that `mayWait` may be handed on a moment later, with others, but never behind one that came later. */
  write(line: string, mayWait?: boolean): void;
  close(): void;
}

interface OpenFile {
  readonly descriptor: number;
  readonly inode: number;
  /** A pipe or a device has no size to grow out of. */
  readonly rotates: boolean;
  bytes: number;
}

/**
 * Appends whole lines (O_APPEND, so several processes may share the file) and starts a new file
 * before one would grow past `maxBytes`. Each line is with the kernel when `write` returns: a killed
 * process has lost none. Full files are renamed to `<path>.<time>-<pid>-<n>`, a name nobody else
 * takes, so two processes that rotate at once cannot overwrite each other's file.
 * Throws GatewayError `unavailable` if the file cannot be opened.
 */
export function openLogFile(options: LogFileOptions): LogSink {
  const { path, maxBytes, maxFiles } = options;
  let file: OpenFile | undefined = openFirst(path);
  let rotations = 0;
  let losing = false;

  function rotate(full: OpenFile): OpenFile {
    if (inodeAt(path) === full.inode) {
      rotations += 1;
      renameSync(path, `${path}.${stamp()}-${process.pid}-${String(rotations).padStart(6, "0")}`);
    }
    const next = open(path);
    closeSync(full.descriptor);
    return next;
  }

  /** Another process may have written to the file, or rotated it, since this one last looked. */
  function fileFor(bytes: number, current: OpenFile): OpenFile {
    if (!current.rotates || current.bytes + bytes <= maxBytes) return current;
    current.bytes = fstatSync(current.descriptor).size;
    return current.bytes > 0 && current.bytes + bytes > maxBytes ? rotate(current) : current;
  }

  return {
    write(line) {
      if (file === undefined) return;
      const bytes = Buffer.from(line);
      try {
        const current = file;
        file = fileFor(bytes.length, current);
        if (file !== current) removeOldest(path, maxFiles);
      } catch {
        // The file at hand still takes lines; the next one tries again to rotate.
      }
      try {
        writeWhole(file, bytes);
        losing = false;
      } catch (error) {
        if (!losing) options.onLost?.(error);
        losing = true;
      }
    },
    close() {
      if (file !== undefined) closeSync(file.descriptor);
      file = undefined;
    },
  };
}

function openFirst(path: string): OpenFile {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return open(path);
  } catch (cause) {
    throw new GatewayError("unavailable", `The log file ${path} cannot be opened.`, {
      hint: "Give --log-file a path this user can write to.",
      cause,
    });
  }
}

function open(path: string): OpenFile {
  const descriptor = openSync(path, "a", 0o600);
  const stat = fstatSync(descriptor);
  return { descriptor, inode: stat.ino, rotates: stat.isFile(), bytes: stat.size };
}

function writeWhole(file: OpenFile, bytes: Buffer): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(file.descriptor, bytes, written);
  file.bytes += bytes.length;
}

function inodeAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** Names sort by time of rotation. */
function removeOldest(path: string, keep: number): void {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  const full = readdirSync(folder).filter(
    (name) => name.startsWith(prefix) && rotatedName.test(name.slice(prefix.length)),
  );
  for (const name of full.toSorted().slice(0, Math.max(0, full.length - keep)))
    rmSync(join(folder, name), { force: true });
}

const rotatedName = /^\d{8}T\d{9}Z-\d+-\d+$/;

function stamp(): string {
  return new Date().toISOString().replace(/[-:.]/g, "");
}
