/** Which process serves a request, and what becomes of it afterwards. */
import type { RunContext } from "#core/backend.ts";
import { toGatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { ModelRequest } from "#core/request.ts";

import type { Catalogue } from "./catalogue.ts";
import { planTurn, type TurnPlan } from "./claim.ts";
import type { Counters } from "./counters.ts";
import { fingerprint, splitAtLastAnswer } from "./fingerprint.ts";
import type { LiveTable } from "./live-table.ts";
import type { ClaudeCliOptions } from "./options.ts";
import { abortError, joinSignals } from "./run-signal.ts";
import type { CliSession } from "./session.ts";
import type { Supply } from "./supply.ts";
import { runTurn, type TurnOutcome } from "./turn.ts";

/**
 * Input tokens beyond which a chat process is not used again: the CLI refuses a turn of its own accord when it takes
 * its context for nearly full, and the next request may well be shorter. Half of the smallest context window.
 */
const CHAT_CONTEXT_TOKENS = 100_000;
/** Measured: 2.1.x stays near 200 MB resident; one that grew far beyond is cheaper to replace. */
const MAX_RESIDENT_BYTES = 700 * 1024 * 1024;

export interface RunnerDeps {
  readonly options: ClaudeCliOptions;
  readonly supply: Supply;
  readonly live: LiveTable;
  readonly counters: Counters;
  readonly catalogue: Catalogue;
  /** Fires when the backend stops. */
  readonly shutdown: AbortSignal;
  readonly busy: Set<CliSession>;
}

interface Lease {
  readonly session: CliSession;
  readonly plan: TurnPlan;
  readonly start: "live" | "warm" | "cold";
}

export async function* run(
  deps: RunnerDeps,
  request: ModelRequest,
  context: RunContext,
): AsyncGenerator<readonly ModelEvent[], void, undefined> {
  const joined = joinSignals([context.signal, deps.shutdown], deps.options.requestTimeoutMs);
  const { signal } = joined;
  let lease: Lease | undefined;
  let outcome: TurnOutcome | undefined;
  try {
    if (signal.aborted) throw abortError(signal);
    lease = await acquire(deps, request, context, signal);
    deps.busy.add(lease.session);
    yield* runTurn(lease.session, {
      plan: lease.plan,
      live: lease.start === "live",
      signal,
      onSessionId: (sessionId) => context.report({ sessionId }),
      onInitialized: deps.catalogue.learn,
      onEnded: (ended) => {
        outcome = ended;
      },
    });
  } catch (thrown) {
    yield [{ type: "error", error: toGatewayError(thrown) }];
  } finally {
    joined.release();
    if (lease !== undefined) release(deps, lease.session, liveKey(deps, request, context, { lease, outcome }));
  }
}

async function acquire(
  deps: RunnerDeps,
  request: ModelRequest,
  context: RunContext,
  signal: AbortSignal,
): Promise<Lease> {
  // Before any process is touched: a request that cannot be told to the CLI costs nothing.
  const plan = planTurn(request, context.mode, deps.options);
  const going = takeLive(deps, request, context);
  if (going !== undefined) {
    deps.counters.liveHits += 1;
    context.report({ start: "live", spawnMs: 0 });
    const query = context.mode === "chat" ? plan : planTurn(going.rest, context.mode, deps.options);
    return { session: going.session, plan: query, start: "live" };
  }
  const { session, start, spawnMs } = await deps.supply.acquire(context.mode, signal);
  context.report({ start, spawnMs });
  return { session, plan, start };
}

function takeLive(
  { live }: RunnerDeps,
  request: ModelRequest,
  context: RunContext,
): { readonly session: CliSession; readonly rest: ModelRequest } | undefined {
  const split = live.size === 0 ? undefined : splitAtLastAnswer(request);
  if (split === undefined) return undefined;
  const session = live.take(conversationKey(request, context, split.before));
  return session === undefined ? undefined : { session, rest: { ...request, messages: split.added } };
}

function conversationKey(request: ModelRequest, context: RunContext, messages: ModelRequest["messages"]): string {
  const { mode, principal } = context;
  return fingerprint({ principal, mode, system: request.system, model: request.model, messages });
}

/** Under which conversation the process may be used again; undefined when it may not. */
function liveKey(
  { options, shutdown }: RunnerDeps,
  request: ModelRequest,
  context: RunContext,
  { lease, outcome }: { readonly lease: Lease; readonly outcome: TurnOutcome | undefined },
): string | undefined {
  if (outcome?.clean !== true || outcome.answer.trim() === "" || shutdown.aborted) return undefined;
  const { session } = lease;
  if (!session.usable || session.turns >= options.pool.maxTurns) return undefined;
  if (context.mode === "chat" && session.lastInputTokens > CHAT_CONTEXT_TOKENS) return undefined;
  if ((session.child.residentBytes() ?? 0) > MAX_RESIDENT_BYTES) return undefined;
  const answer = { role: "assistant", content: [{ type: "text", text: outcome.answer }] } as const;
  return conversationKey(request, context, [...request.messages, answer]);
}

function release({ busy, live, supply, counters }: RunnerDeps, session: CliSession, key: string | undefined): void {
  busy.delete(session);
  if (key !== undefined) {
    live.put(key, session);
    return;
  }
  counters.discarded += 1;
  supply.discard(session, true);
}
