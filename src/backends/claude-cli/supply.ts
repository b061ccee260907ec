/** Where processes come from and where they go: parked ahead of need, claimed once, ended in the background. */
import { GatewayError } from "#core/errors.ts";
import { abortError, orAborted } from "#core/run-signal.ts";
import { createTemporaryDirectories } from "#lib/temporary-directories.ts";
import { availableMemoryBytes } from "#process/memory.ts";
import { PoolClosed } from "#process/pool-types.ts";
import { createPool } from "#process/pool.ts";

import type { Counters } from "./counters.ts";
import { findClaude } from "./find-claude.ts";
import { createHealth } from "./health.ts";
import {
  keyOfLaunch,
  launchOf,
  launchOfKey,
  permissionModeOf,
  type Wanted,
  type Launch,
  type ResumePoint,
} from "./launch.ts";
import type { ClaudeCliOptions } from "./options.ts";
import type { CliSession } from "./session.ts";
import type { Site } from "./site.ts";
import { startSession, type StartDeps } from "./start-session.ts";

/** A boot takes 400 to 700 ms of processor time, which the request that has just been claimed for needs more. */
const REFILL_DELAY_MS = 300;

export interface Acquired {
  readonly session: CliSession;
  readonly start: "warm" | "cold";
  readonly spawnMs: number;
}

export interface Supply {
  readonly claudePath: string | undefined;
  /** Why the last start failed; undefined when it did not. */
  readonly problem: GatewayError | undefined;
  readonly parked: number;
  start(): Promise<void>;
  /** A booted process nobody has used. Throws GatewayError. */
  acquire(wanted: Wanted, signal: AbortSignal): Promise<Acquired>;
  /** One that goes on with a conversation of the CLI's own. Throws GatewayError, also where there is none such. */
  resume(wanted: Wanted, resumed: ResumePoint, signal: AbortSignal): Promise<Acquired>;
  /** Ends a process in the background, interrupting what it works on. */
  discard(session: CliSession, working: boolean): void;
  /** Ends what is parked, and waits for everything that was discarded. */
  close(): Promise<void>;
}

export function createSupply(options: ClaudeCliOptions, counters: Counters): Supply {
  const claudePath = options.claudePath ?? findClaude(options.environment);
  const temporary = createTemporaryDirectories(options.temporaryDirectory);
  const ephemeral = createTemporaryDirectories(options.ephemeralDirectory);
  const ends = createEnds();
  const health = createHealth(options);
  const discard = (session: CliSession, working: boolean): void => ends.add(session, session.discard(working));
  const rehearsals = createRehearsals(options, counters);
  const keyOf = (wanted: Wanted): string => keyOfLaunch(launchOf(wanted, options.permissionMode));
  const startOne = createStart(claudePath, { options, counter: counters, temporary, ephemeral });
  const prepare = createPrepare(options.permissionMode, discard);
  const pool = createPool<CliSession>({
    start: (key, signal) => startOne(launchOfKey(key), signal, rehearsals.current),
    stop: (session) => session.discard(false),
    isAlive: (session) => session.usable,
    isWorn: (session) => session.oversized,
    whenGone: (session) => session.child.exited,
    size: claudePath === undefined ? 0 : options.pool.size,
    maxAgeMs: options.pool.maxAgeMs,
    refillDelayMs: REFILL_DELAY_MS,
    canStart: () => availableMemoryBytes() >= options.minFreeMemoryBytes,
    onEvent: health.note,
  });
  return {
    claudePath,
    get problem() {
      return claudePath === undefined ? notFound() : health.problem;
    },
    get parked() {
      return pool.stats().idle;
    },
    async start() {
      await Promise.all([temporary.sweep(), ephemeral.sweep()]);
      const { defaultMode = "agent" } = options;
      const agent = options.workspace === undefined ? [] : [options.workspace];
      // What is named last keeps most of the spares.
      const sites: readonly Site[] = defaultMode === "agent" ? ["chat", ...agent] : [...agent, "chat"];
      for (const site of sites) pool.warm(keyOf({ site }));
    },
    async acquire(wanted, signal) {
      try {
        const { resource, start, waitedMs } = await pool.acquire(keyOf(wanted), signal);
        const isReady = await prepare(resource, wanted, signal);
        if (!isReady) return await this.acquire(wanted, signal);
        if (start === "warm") counters.poolHits += 1;
        else counters.poolMisses += 1;
        return { session: resource, start, spawnMs: waitedMs };
      } catch (thrown) {
        if (signal.aborted) throw abortError(signal);
        throw thrown instanceof PoolClosed ? shuttingDown() : thrown;
      }
    },
    async resume(wanted, resumed, signal) {
      const before = performance.now();
      // What it says at its end belongs to what is resumed.
      await ends.of(resumed.sessionId);
      const session = await startOne({ ...launchOf(wanted, options.permissionMode), resumed }, signal);
      const isReady = await prepare(session, wanted, signal);
      if (!isReady) throw session.failure ?? new GatewayError("upstream", "Claude Code ended before it went on.");
      counters.poolMisses += 1;
      return { session, start: "cold", spawnMs: performance.now() - before };
    },
    discard,
    async close() {
      await pool.close();
      await ends.settled();
      await Promise.all([temporary.settled(), ephemeral.settled()]);
    },
  };
}

function createStart(
  claudePath: string | undefined,
  deps: Omit<StartDeps, "claudePath" | "rehearsal" | "counter" | "onVersion"> & { readonly counter: Counters },
) {
  const onVersion = (version: string): void => {
    deps.counter.version = version;
  };
  return async (launch: Launch, signal: AbortSignal, rehearsal?: StartDeps["rehearsal"]): Promise<CliSession> => {
    if (claudePath === undefined) throw notFound();
    deps.counter.spawned += 1;
    return await startSession({ ...deps, claudePath, rehearsal, onVersion }, launch, signal);
  };
}

interface Ends {
  add(session: CliSession, end: Promise<void>): void;
  /** Of the processes that have this session of the CLI's. */
  of(sessionId: string): Promise<unknown>;
  settled(): Promise<unknown>;
}

/** Processes that end in the background. */
function createEnds(): Ends {
  const ends = new Map<Promise<void>, CliSession>();
  return {
    add(session, end) {
      const tracked = end.finally(() => ends.delete(tracked));
      ends.set(tracked, session);
    },
    of: (sessionId) => Promise.all(Array.from(ends).flatMap(([end, { id }]) => (id === sessionId ? [end] : []))),
    settled: () => Promise.all(ends.keys()),
  };
}

/** How parked processes rehearse, until one of them did not fail as it should: the next would not either. */
function createRehearsals(
  { onNotice }: ClaudeCliOptions,
  counters: Counters,
): { readonly current: StartDeps["rehearsal"] } {
  let current: StartDeps["rehearsal"] = {
    onDone() {
      counters.rehearsed += 1;
    },
    onFailed(error) {
      current = undefined;
      onNotice?.({ level: "warn", message: "Claude Code could not rehearse its first turn.", data: { error } });
    },
  };
  return {
    get current() {
      return current;
    },
  };
}

/**
 * Brings a process to where it can be claimed; false for one that has gone meanwhile. Whoever leaves, or is refused,
 * leaves none behind.
 */
function createPrepare(configured: string, discard: Supply["discard"]) {
  return async (session: CliSession, wanted: Wanted, signal: AbortSignal): Promise<boolean> => {
    try {
      await orAborted(session.rehearsal?.settle() ?? Promise.resolve(), signal);
      if (session.usable) await orAborted(permit(session, wanted, configured), signal);
    } catch (cause) {
      discard(session, true);
      throw cause;
    }
    if (!session.usable) discard(session, true);
    return session.usable;
  };
}

/** Before it is told anything: one that cannot be switched is to do nothing. */
async function permit(session: CliSession, wanted: Wanted, configured: string): Promise<void> {
  const mode = permissionModeOf(wanted, configured);
  if (mode !== launchOf(wanted, configured).permissionMode)
    await session.control({ subtype: "set_permission_mode", mode });
}

function notFound(): GatewayError {
  return new GatewayError("unavailable", "The `claude` CLI was not found.", {
    hint: "Install it (https://claude.com/claude-code), or name it with --claude-path.",
  });
}

export function shuttingDown(): GatewayError {
  return new GatewayError("unavailable", "ccproxy is shutting down.", { retryAfterSeconds: 5 });
}
