/**
 * Answers canonical requests with the `claude` CLI over its stream-json protocol: one process a conversation, some
 * parked ahead of need. It knows no client, no wire format, and no other backend.
 */
import { mkdir } from "node:fs/promises";

import type { BackendStatus, ForgottenSession, ModelInfo } from "#core/backend.ts";
import { orAborted } from "#core/run-signal.ts";
import { endedWaiting, isLeftBy } from "#core/waiting-turn.ts";
import { LiveTable } from "#lib/live-table.ts";
import { availableMemoryBytes } from "#process/memory.ts";

import { createCatalogue, modelsOf } from "./catalogue.ts";
import { toolNames } from "./client-tools.ts";
import { countTokens } from "./count-tokens.ts";
import { createCounters } from "./counters.ts";
import { createLogin } from "./login.ts";
import type { ClaudeCliBackend, ClaudeCliOptions } from "./options.ts";
import { unsupportedFeatures } from "./parameters.ts";
import { readResume, removeTranscript } from "./resume.ts";
import { modelOf, run, type RunnerDeps, sessionKey } from "./runner.ts";
import { createSupply, shuttingDown, type Supply } from "./supply.ts";

/** An interrupted turn ends within 30 ms; one whose client does not read is not waited for. */
const INTERRUPT_WAIT_MS = 1000;
const BUSY_POLL_MS = 20;
const CATALOGUE_TTL_MS = 10 * 60 * 1000;

export function createClaudeCliBackend(options: ClaudeCliOptions): ClaudeCliBackend {
  const shutdown = new AbortController();
  const counters = createCounters((name) =>
    options.onNotice?.({ level: "debug", message: "Claude Code printed a line of an unknown type.", data: { name } }),
  );
  const supply = createSupply(options, counters);
  const tables = createTables(options, supply);
  const { live, parked } = tables;
  const catalogue = createCatalogue(CATALOGUE_TTL_MS);
  const deps: RunnerDeps = {
    options,
    cliEnvironment: { ...options.environment, ...options.extraEnvironment },
    supply,
    ...tables,
    counters,
    catalogue,
    login: createLogin(),
    shutdown: shutdown.signal,
    busy: new Map(),
  };
  let listing: Promise<readonly ModelInfo[]> | undefined;

  return {
    id: "claude-cli",
    modes: ["agent", "chat"],
    answersBy: "processes",
    claudePath: supply.claudePath,
    unsupported: (request, setup) => unsupportedFeatures(request.features, modelOf(deps, request), setup),
    toolName: (name, { features }, setup) => toolNames(features, setup).toWire(name),
    run: (request, context) => run(deps, request, context),
    forget: (session) => forget(deps, session),
    endWaiting: (meant) => parked.endWhere(({ left }) => isLeftBy(left, meant)),
    countTokens: (request, context) => countTokens(deps, request, context),
    knownModels: catalogue.last,
    async listModels(signal) {
      const known = catalogue.known();
      if (known !== undefined) return known;
      listing ??= askForModels(deps).finally(() => {
        listing = undefined;
      });
      return await orAborted(listing, signal);
    },
    status: () => status(deps),
    async start() {
      await mkdir(options.chatDirectory, { recursive: true, mode: 0o700 });
      await mkdir(options.temporaryDirectory, { recursive: true, mode: 0o700 });
      await supply.start();
    },
    noteNoLogin: deps.login.missing,
    async stop(deadlineMs) {
      live.clear();
      parked.clear();
      const idle = untilIdle(deps.busy, deadlineMs);
      if (!(await idle)) shutdown.abort(shuttingDown());
      // Whoever is still at it gives its process back now, within the stop ladder.
      await untilIdle(deps.busy, INTERRUPT_WAIT_MS);
      live.clear();
      parked.clear();
      await supply.close();
    },
    stats: () => statsOf(deps),
  };
}

function createTables(options: ClaudeCliOptions, supply: Supply): Pick<RunnerDeps, "live" | "parked"> {
  const hasRoom = (): boolean => availableMemoryBytes() >= options.minFreeMemoryBytes;
  return {
    live: new LiveTable({
      maxSessions: options.maxSessions,
      ttlMs: options.sessionTtlMs,
      discard: (session) => supply.discard(session, false),
      hasRoom,
    }),
    parked: new LiveTable({
      maxSessions: options.maxParkedTurns,
      ttlMs: options.parkedTtlMs,
      discard(session, why) {
        if (why !== "over") options.onNotice?.(endedWaiting(why));
        supply.discard(session, true);
      },
      hasRoom,
    }),
  };
}

function forget(deps: RunnerDeps, { principal, id, resume }: ForgottenSession): void {
  const key = sessionKey(principal, id);
  const kept = readResume({ id, named: true, resume });
  if (kept !== undefined) void removeTranscript(kept.sessionId, deps.cliEnvironment);
  const ended = [deps.live.end(key), deps.parked.end(key)].flatMap((entry) => entry?.session ?? []);
  for (const [session, turn] of deps.busy) {
    if (!turn.keys.includes(key)) continue;
    turn.isForgotten = true;
    ended.push(session);
  }
  // What it has written down of a turn that was not to its end is not known by the session, and it writes until it ends.
  for (const session of ended) void session.child.exited.then(() => removeTranscript(session.id, deps.cliEnvironment));
}

function status({ supply, login, live, parked, busy, counters }: RunnerDeps): BackendStatus {
  const refused = login.problem();
  const problem = supply.problem ?? refused;
  return {
    ready: supply.problem === undefined && refused?.isRecent !== true,
    detail: problem === undefined ? "Claude Code is ready." : problem.explanation,
    ...(counters.version !== undefined && { version: counters.version }),
    children: {
      idle: supply.parked + live.size + parked.size,
      busy: busy.size,
      starts: { live: counters.liveHits, warm: counters.poolHits, cold: counters.poolMisses },
    },
  };
}

function statsOf({ supply, live, parked, busy, counters }: RunnerDeps): ReturnType<ClaudeCliBackend["stats"]> {
  return {
    poolHits: counters.poolHits,
    poolMisses: counters.poolMisses,
    liveHits: counters.liveHits,
    parked: supply.parked,
    live: live.size,
    waiting: parked.size,
    busy: busy.size,
    spawned: counters.spawned,
    rehearsed: counters.rehearsed,
    discarded: counters.discarded,
    unknownLines: Object.fromEntries(counters.unknownLines),
    garbageLines: counters.garbageLines,
  };
}

async function askForModels({ supply, catalogue, shutdown }: RunnerDeps): Promise<readonly ModelInfo[]> {
  const { session } = await supply.acquire({ site: "chat" }, shutdown);
  try {
    const initialized = await session.control({ subtype: "initialize" });
    catalogue.learn(initialized);
    return modelsOf(initialized) ?? [];
  } finally {
    // Its system prompt is settled now.
    supply.discard(session, false);
  }
}

/** False when some were still busy at the deadline. */
async function untilIdle(busy: RunnerDeps["busy"], deadlineMs: number): Promise<boolean> {
  const deadline = performance.now() + deadlineMs;
  while (busy.size > 0) {
    if (performance.now() >= deadline) return false;
    await Bun.sleep(BUSY_POLL_MS);
  }
  return true;
}
