/** Starts processes and keeps some parked: booted, and not told anything yet. */
import { statSync } from "node:fs";

import type { Mode } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import { startChild } from "#process/child.ts";
import { ChildFault } from "#process/fault.ts";
import { availableMemoryBytes } from "#process/memory.ts";

import { spawnArguments } from "./argv.ts";
import type { Counters } from "./counters.ts";
import { childEnvironment } from "./environment.ts";
import { findClaude } from "./find-claude.ts";
import type { ClaudeCliOptions } from "./options.ts";
import { CliSession, type LineCounter } from "./session.ts";

const MEMORY_RETRY_SECONDS = 10;

export interface Acquired {
  readonly session: CliSession;
  readonly start: "warm" | "cold";
  readonly spawnMs: number;
}

export interface Supply {
  start(): Promise<void>;
  /** A booted process nobody has used. Throws GatewayError. */
  acquire(mode: Mode, signal: AbortSignal): Promise<Acquired>;
  /** Ends a process in the background. */
  discard(session: CliSession, working: boolean): void;
  stop(options: StopOptions): Promise<void>;
  readonly parked: number;
  readonly claudePath: string | undefined;
  readonly version: string | undefined;
}

interface StopOptions {
  readonly deadlineMs: number;
  readonly busy: ReadonlySet<CliSession>;
  readonly interrupt: () => void;
}

export function createSupply(options: ClaudeCliOptions, counters: Counters): Supply {
  const ending = new Set<Promise<void>>();
  const claudePath = options.claudePath ?? findClaude(options.environment);
  return {
    parked: 0,
    claudePath,
    version: undefined,
    async start() {
      await Promise.resolve();
    },
    async acquire(mode) {
      if (claudePath === undefined) throw new GatewayError("unavailable", "no claude");
      const before = performance.now();
      const session = await startSession(mode, claudePath, options, counters);
      counters.spawned += 1;
      return { session, start: "cold", spawnMs: performance.now() - before };
    },
    discard(session, working) {
      const end = session.discard(working).finally(() => ending.delete(end));
      ending.add(end);
    },
    async stop({ interrupt }) {
      interrupt();
      await Promise.all(ending);
    },
  };
}

/** Starts a process and waits until it has booted. Throws GatewayError. */
async function startSession(
  mode: Mode,
  claudePath: string,
  options: ClaudeCliOptions,
  counter: LineCounter,
): Promise<CliSession> {
  const cwd = mode === "agent" ? options.workspace : options.chatDirectory;
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new GatewayError("unavailable", `The working directory ${cwd} does not exist.`, {
      hint: "Create it, or set claude.cwd (--cwd).",
    });
  if (availableMemoryBytes() < options.minFreeMemoryBytes)
    throw new GatewayError("rate-limit", "There is not enough free memory to start another Claude Code.", {
      hint: "limits.min_free_memory_mb sets how much must stay free.",
      retryAfterSeconds: MEMORY_RETRY_SECONDS,
    });
  const session = new CliSession(spawn(mode, cwd, claudePath, options), counter);
  try {
    await session.control({ subtype: "get_binary_version" });
    return session;
  } catch (cause) {
    void session.discard(false);
    throw cause;
  }
}

function spawn(mode: Mode, cwd: string, claudePath: string, options: ClaudeCliOptions) {
  try {
    return startChild({
      command: claudePath,
      args: spawnArguments(mode, options),
      cwd,
      env: childEnvironment(mode, options),
      ...(options.journal !== undefined && { journal: options.journal }),
    });
  } catch (cause) {
    if (!(cause instanceof ChildFault)) throw cause;
    throw new GatewayError("unavailable", "Claude Code could not be started.", {
      hint: "`ccproxy doctor` checks the installation.",
      cause,
    });
  }
}
