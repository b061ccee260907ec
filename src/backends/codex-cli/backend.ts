/**
 * Answers canonical requests with the `codex` CLI over its app-server protocol: one process, and in it a thread for each
 * conversation. It knows no client, no wire format that clients speak, and no other backend.
 */
import type { BackendStatus, ForgottenSession, ModelInfo } from "#core/backend.ts";
import { estimateTokens } from "#core/estimate-tokens.ts";
import { endedWaiting, isLeftBy } from "#core/waiting-turn.ts";
import { LiveTable } from "#lib/live-table.ts";
import { createTemporaryDirectories } from "#lib/temporary-directories.ts";
import { availableMemoryBytes } from "#process/memory.ts";

import { createCatalogue } from "./catalogue.ts";
import { offeredTools, wireToolName } from "./client-tools.ts";
import { unsupportedFeatures } from "./features.ts";
import type { CodexCliBackend, CodexCliOptions } from "./options.ts";
import { readResume } from "./resume.ts";
import { run, type RunnerDeps, sessionKey } from "./runner.ts";
import { createSupply, shuttingDown, type Supply } from "./supply.ts";

/** An interrupted turn ends within 10 ms. */
const INTERRUPT_WAIT_MS = 1000;
const BUSY_POLL_MS = 20;

export function createCodexCliBackend(options: CodexCliOptions): CodexCliBackend {
  const shutdown = new AbortController();
  const supply = createSupply(options);
  const catalogue = createCatalogue(supply, options.model, shutdown.signal);
  const ephemeral = createTemporaryDirectories(options.ephemeralDirectory);
  const tables = createTables(options);
  const deps: RunnerDeps = {
    options,
    supply,
    ...tables,
    ephemeral,
    shutdown: shutdown.signal,
    running: new Set(),
    starts: { live: 0, warm: 0, cold: 0 },
    remove: (threads) => void removeThreads(supply, threads, shutdown.signal),
  };
  void ephemeral.sweep();

  return {
    id: "codex-cli",
    modes: ["agent", "chat"],
    answersBy: "processes",
    unsupported: (request, setup) => unsupportedFeatures(request.features, setup),
    toolName: wireToolName,
    run: (request, context) => run(deps, request, context),
    forget: (session) => forget(deps, session),
    endWaiting: (meant) => tables.parked.endWhere(({ left }) => isLeftBy(left, meant)),
    async countTokens(request, context) {
      const tools = offeredTools(request.features, context);
      const inputTokens = estimateTokens({ ...request, features: { tools } });
      return { inputTokens, exact: false };
    },
    knownModels: catalogue.known,
    listModels: (signal): Promise<readonly ModelInfo[]> => catalogue.list(signal),
    status: () => status(deps),
    async probe(signal) {
      const { version, login } = await supply.acquire(signal);
      return { path: supply.codexPath, version, login };
    },
    async stop(deadlineMs) {
      clear(tables);
      await untilIdle(deps.running, deadlineMs);
      shutdown.abort(shuttingDown());
      await untilIdle(deps.running, INTERRUPT_WAIT_MS);
      clear(tables);
      await supply.close();
      await ephemeral.settled();
    },
  };
}

function createTables(options: CodexCliOptions): Pick<RunnerDeps, "live" | "parked"> {
  const hasRoom = (): boolean => availableMemoryBytes() >= options.minFreeMemoryBytes;
  return {
    live: new LiveTable({
      maxSessions: options.maxSessions,
      ttlMs: options.sessionTtlMs,
      discard: (thread) => void thread.stop(),
      hasRoom,
    }),
    parked: new LiveTable({
      maxSessions: options.maxParkedTurns,
      ttlMs: options.parkedTtlMs,
      discard(thread, why) {
        if (why !== "over") options.onNotice?.(endedWaiting(why));
        void thread.stop();
      },
      hasRoom,
    }),
  };
}

function clear({ live, parked }: Pick<RunnerDeps, "live" | "parked">): void {
  live.clear();
  parked.clear();
}

function forget({ live, parked, running, remove }: RunnerDeps, { principal, id, resume }: ForgottenSession): void {
  const key = sessionKey(principal, id);
  for (const current of running) if (current.keys.includes(key)) current.isForgotten = true;
  const ended = [live.end(key), parked.end(key)].flatMap((kept) => kept?.session ?? []);
  const written = readResume({ resume })?.codexThreads ?? [];
  const others = ended.flatMap(({ id: thread, memory }) => (memory === undefined ? [] : [thread]));
  void Promise.all(ended.map((thread) => thread.stop())).then(() => remove([...new Set([...others, ...written])]));
}

/** The newest first: Codex keeps what another was cut off from. */
async function removeThreads(supply: Supply, threads: readonly string[], signal: AbortSignal): Promise<void> {
  try {
    for (const threadId of threads) {
      const { server } = await supply.acquire(signal);
      await server.request("thread/delete", { threadId }).catch(() => undefined);
    }
  } catch {
    // It stays among the sessions of the user's terminal.
  }
}

function status({ supply, running, starts }: RunnerDeps): BackendStatus {
  const { problem, version } = supply;
  const isBusy = running.size > 0;
  return {
    ready: problem === undefined,
    detail: problem?.explanation ?? (supply.running ? "Codex is ready." : "Codex starts with the first request."),
    ...(version !== undefined && { version }),
    children: { idle: supply.running && !isBusy ? 1 : 0, busy: isBusy ? 1 : 0, starts: { ...starts } },
  };
}

/** False when some were still busy at the deadline. */
async function untilIdle(busy: ReadonlySet<unknown>, deadlineMs: number): Promise<boolean> {
  const deadline = performance.now() + deadlineMs;
  while (busy.size > 0) {
    if (performance.now() >= deadline) return false;
    await Bun.sleep(BUSY_POLL_MS);
  }
  return true;
}
