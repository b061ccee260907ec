/**
 * Child processes of any vendor: each leads its own process group, is read with back-pressure, and is stopped on a
 * ladder that ends in SIGKILL to the whole group. Knows lines, not what they mean.
 */
import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";

import { createInput } from "./child-input.ts";
import { readLines } from "./child-output.ts";
import { ChildFault } from "./fault.ts";
import { killMarked, MARK_VARIABLE } from "./marked-processes.ts";
import { residentBytes } from "./memory.ts";
import { signalGroup } from "./process-group.ts";
import { keepTail } from "./stderr-tail.ts";
import { settledWithin } from "./wait.ts";

const DEFAULT_MAX_LINE_BYTES = 64 * 1024 * 1024;
const DEFAULT_STDERR_TAIL_BYTES = 16 * 1024;
/** After SIGKILL only the kernel is left to wait for; a process stuck in it must not hang us. */
const KILL_WAIT_MS = 2000;

/** Where the running children are written down, so that a crash of ours can be cleaned up after. Must not throw. */
export interface ChildJournal {
  /** Names this proxy among all that ever ran; begins the mark each child carries in its environment. */
  readonly mark: string;
  /** Whether a watchdog ends the children when we are gone; without one (no /bin/sh) they must notice it themselves. */
  readonly guarded: boolean;
  started(pid: number): void;
  exited(pid: number): void;
}

export interface ChildOptions {
  /** Path of the program, or a name to look up in PATH. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the child; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Longest stdout line, in bytes. Default 64 MiB. */
  readonly maxLineBytes?: number;
  /** How much of the end of stderr is kept, in bytes. Default 16 KiB. */
  readonly stderrTailBytes?: number;
  readonly journal?: ChildJournal;
}

/** `code` is null when a signal ended it. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Milliseconds to wait on each rung; without `eofMs` SIGTERM follows the closed stdin at once. */
export interface StopLadder {
  readonly eofMs?: number;
  readonly termMs: number;
}

export interface Child {
  readonly pid: number;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /**
   * Whole stdout lines, one batch per chunk read; an unfinished last line counts as one. For one consumer: leaving its
   * loop ends the stream. The child blocks when nobody reads. Throws ChildFault `line-too-long`.
   */
  readonly lines: AsyncIterable<readonly string[]>;
  /**
   * Writes the line and a newline. Order is kept without awaiting; awaiting gives back-pressure. Rejects with ChildFault
   * `stdin-closed`; a promise nobody looks at is not an unhandled rejection.
   */
  write(line: string): Promise<void>;
  /** Closes stdin behind what is already written. */
  closeInput(): void;
  stderrTail(): string;
  /** Never rejects. What was left of its group has been killed by then. */
  readonly exited: Promise<ChildExit>;
  readonly alive: boolean;
  /**
   * Closes stdin, waits, SIGTERM to the group, waits, SIGKILL to the group. Resolves when the child is gone and, where
   * the system lets us find them, what it started outside its group too. May be called again, to hurry.
   */
  stop(ladder: StopLadder): Promise<void>;
  /** SIGKILL to the group, now. */
  kill(): void;
  /** undefined where the system does not say, or when it is gone. */
  residentBytes(): number | undefined;
}

/** Starts a child. Throws ChildFault `spawn-failed`. */
export function startChild(options: ChildOptions): Child {
  const { journal } = options;
  const mark = `${journal?.mark ?? "unowned"}/${randomUUID()}`;
  const subprocess = spawn(options, mark);
  const { pid } = subprocess;
  let alive = true;
  journal?.started(pid);

  const exited = subprocess.exited.then((): ChildExit => {
    alive = false;
    // The group's id cannot be reused while a member lives, and this is the last moment we may rely on that.
    signalGroup(pid, "SIGKILL");
    const { exitCode, signalCode } = subprocess;
    return { code: exitCode, signal: signalCode === null ? null : String(signalCode) };
  });
  const gone = exited.then(async ({ code }) => {
    // One that ended well has ended what it started, or left it running on purpose.
    if (code !== 0) await killMarked(mark);
    journal?.exited(pid);
  });
  const signal = (name: NodeJS.Signals): void => {
    if (alive) signalGroup(pid, name);
  };
  const input = createInput(subprocess.stdin, exited);
  const stderrTail = keepTail(subprocess.stderr, options.stderrTailBytes ?? DEFAULT_STDERR_TAIL_BYTES);

  return {
    pid,
    startedAt: Date.now(),
    lines: readLines(subprocess.stdout, options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES, exited),
    write: (line) => input.write(line),
    closeInput: () => input.close(),
    stderrTail,
    exited,
    get alive() {
      return alive;
    },
    async stop(ladder) {
      input.close();
      if (ladder.eofMs !== undefined && (await settledWithin(gone, ladder.eofMs))) return;
      signal("SIGTERM");
      if (await settledWithin(gone, ladder.termMs)) return;
      signal("SIGKILL");
      await settledWithin(gone, KILL_WAIT_MS);
    },
    kill: () => signal("SIGKILL"),
    residentBytes: () => (alive ? residentBytes(pid) : undefined),
  };
}

function spawn(options: ChildOptions, mark: string): Bun.Subprocess<"pipe", "pipe", "pipe"> {
  // A missing cwd fails as ENOENT naming the command.
  if (!isDirectory(options.cwd))
    throw new ChildFault("spawn-failed", `The working directory ${options.cwd} does not exist.`);
  try {
    return Bun.spawn({
      cmd: [options.command, ...options.args],
      cwd: options.cwd,
      env: { ...options.env, [MARK_VARIABLE]: mark },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    });
  } catch (cause) {
    throw new ChildFault("spawn-failed", `${options.command} could not be started: ${reasonOf(cause)}.`, cause);
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "there is no such program";
  if (code === "EACCES") return "it may not be executed";
  return cause instanceof Error ? cause.message : String(cause);
}
