/**
 * Answers canonical requests with the `codex` CLI over its app-server protocol: one process, and in it a thread of its
 * own for each turn. It knows no client, no wire format that clients speak, and no other backend.
 */
import type { BackendStatus, ModelInfo } from "#core/backend.ts";
import { estimateTokens } from "#core/estimate-tokens.ts";
import { createTemporaryDirectories } from "#lib/temporary-directories.ts";

import { createCatalogue } from "./catalogue.ts";
import { offeredTools } from "./client-tools.ts";
import { unsupportedFeatures } from "./features.ts";
import type { CodexCliBackend, CodexCliOptions, Notice } from "./options.ts";
import { type EndReason, ParkedTurns } from "./parked-turns.ts";
import { run, type RunnerDeps } from "./runner.ts";
import { createSupply, shuttingDown } from "./supply.ts";

/** An interrupted turn ends within 10 ms. */
const INTERRUPT_WAIT_MS = 1000;
const BUSY_POLL_MS = 20;

export function createCodexCliBackend(options: CodexCliOptions): CodexCliBackend {
  const shutdown = new AbortController();
  const supply = createSupply(options);
  const parked = new ParkedTurns({
    most: options.maxParkedTurns,
    ttlMs: options.parkedTtlMs,
    onEnd: (why) => options.onNotice?.(endedWaiting(why)),
  });
  const catalogue = createCatalogue(supply, shutdown.signal);
  const ephemeral = createTemporaryDirectories(options.ephemeralDirectory);
  const deps: RunnerDeps = {
    options,
    supply,
    parked,
    ephemeral,
    shutdown: shutdown.signal,
    busy: new Set(),
    starts: { live: 0, warm: 0, cold: 0 },
  };
  void ephemeral.sweep();

  return {
    id: "codex-cli",
    modes: ["agent", "chat"],
    answersBy: "processes",
    unsupported: (request, setup) => unsupportedFeatures(request.features, setup),
    run: (request, context) => run(deps, request, context),
    endWaiting: (meant) => parked.endOf(meant),
    async countTokens(request, context) {
      const tools = offeredTools(request.features, context);
      const inputTokens = estimateTokens({ ...request, features: { tools } });
      return { inputTokens, exact: false };
    },
    knownModels: catalogue.known,
    listModels: (signal): Promise<readonly ModelInfo[]> => catalogue.list(signal),
    status: () => status(deps),
    async stop(deadlineMs) {
      parked.clear();
      if (!(await untilIdle(deps.busy, deadlineMs))) shutdown.abort(shuttingDown());
      await untilIdle(deps.busy, INTERRUPT_WAIT_MS);
      parked.clear();
      await supply.close();
      await ephemeral.settled();
    },
  };
}

function status({ supply, parked, busy, starts }: RunnerDeps): BackendStatus {
  const { problem, version } = supply;
  const waits = parked.size > 0 || supply.running;
  return {
    ready: problem === undefined,
    detail: problem?.explanation ?? (supply.running ? "Codex is ready." : "Codex starts with the first request."),
    ...(version !== undefined && { version }),
    children: { idle: busy.size === 0 && waits ? 1 : 0, busy: busy.size > 0 ? 1 : 0, starts: { ...starts } },
  };
}

/** What an operator can have changed who sees turns begin anew. */
function endedWaiting(why: EndReason): Notice {
  const bound = why === "age" ? "pool.parked_ttl_minutes" : "pool.max_parked_turns";
  const message = `A turn that waited for a client's tools was ended by ${bound}; their results, should they come, are answered from the conversation.`;
  return { level: "info", message };
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
