/** Which process serves a request, and what becomes of it afterwards. */
import type { RunContext } from "#core/backend.ts";
import { toGatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { ModelRequest } from "#core/request.ts";

import type { Catalogue } from "./catalogue.ts";
import { planTurn, type TurnPlan } from "./claim.ts";
import type { Counters } from "./counters.ts";
import { fingerprint, spellingsOf, splitAtLastAnswer } from "./fingerprint.ts";
import type { LiveTable } from "./live-table.ts";
import type { ClaudeCliOptions } from "./options.ts";
import { supportedFeatures } from "./parameters.ts";
import { abortError, joinSignals } from "./run-signal.ts";
import type { CliSession } from "./session.ts";
import type { Supply } from "./supply.ts";
import { runTurn, type TurnOutcome } from "./turn.ts";

/**
 * Input tokens beyond which a process that is told whole conversations is not used again: the CLI refuses a turn of
 * its own accord when it takes its context for nearly full, and the next request may well be shorter. Half of the
 * smallest context window.
 */
const REPLACED_CONTEXT_TOKENS = 100_000;
/** Measured: 2.1.x stays near 200 MB resident; one that grew far beyond is cheaper to replace. */
const MAX_RESIDENT_BYTES = 700 * 1024 * 1024;

const bareInitialize = { subtype: "initialize" } as const;

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

/** Which model will answer, by its full name once the CLI has told its models. */
export function modelOf({ options, catalogue }: RunnerDeps, { model }: ModelRequest): string {
  const asked = model === undefined || model === "default" ? options.model : model;
  return catalogue.resolve(asked ?? "default");
}

export async function* run(
  deps: RunnerDeps,
  asked: ModelRequest,
  context: RunContext,
): AsyncGenerator<readonly ModelEvent[], void, undefined> {
  const joined = joinSignals([context.signal, deps.shutdown]);
  const { signal } = joined;
  // The client is told what is left out: the gateway asks for the same list.
  const request = { ...asked, features: supportedFeatures(asked.features, modelOf(deps, asked)) };
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
    if (lease !== undefined) release(deps, lease.session, liveKeys(deps, request, context, { lease, outcome }));
  }
}

async function acquire(
  deps: RunnerDeps,
  request: ModelRequest,
  context: RunContext,
  signal: AbortSignal,
): Promise<Lease> {
  const plan = (asked: ModelRequest, replacesMessages: boolean): TurnPlan =>
    planTurn(asked, { ...deps.options, mode: context.mode, replacesMessages });
  // Before any process is touched: a request that cannot be told to the CLI costs nothing. Nearly always it is told so.
  const replacesMessages = context.mode === "chat";
  const expected = plan(request, replacesMessages);
  const planFor = (session: CliSession): TurnPlan =>
    session.replacesMessages === replacesMessages ? expected : plan(request, session.replacesMessages);
  const going = takeLive(deps, request, context);
  if (going !== undefined) {
    const { session, rest } = going;
    deps.counters.liveHits += 1;
    context.report({ start: "live", spawnMs: 0 });
    return { session, plan: session.replacesMessages ? planFor(session) : plan(rest, false), start: "live" };
  }
  const { session, start, spawnMs } = await deps.supply.acquire(context.mode, signal);
  context.report({ start, spawnMs });
  const told = planFor(session);
  // Its answer is where the models are told, so one is sent now and then although there is nothing to say.
  const initialize = told.initialize ?? (deps.catalogue.known() === undefined ? bareInitialize : undefined);
  return { session, plan: { ...told, initialize }, start };
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

/** Under which conversation, in each spelling, the process may be used again; none when it may not. */
function liveKeys(
  { options, shutdown }: RunnerDeps,
  request: ModelRequest,
  context: RunContext,
  { lease, outcome }: { readonly lease: Lease; readonly outcome: TurnOutcome | undefined },
): readonly string[] {
  if (outcome?.clean !== true || shutdown.aborted) return [];
  const { session } = lease;
  if (!session.usable || session.turns >= options.pool.maxTurns) return [];
  if (session.replacesMessages && session.lastInputTokens > REPLACED_CONTEXT_TOKENS) return [];
  if ((session.child.residentBytes() ?? 0) > MAX_RESIDENT_BYTES) return [];
  return spellingsOf(outcome.steps)
    .filter((text) => text !== "")
    .map((text) => {
      const answer = { role: "assistant", content: [{ type: "text", text }] } as const;
      return conversationKey(request, context, [...request.messages, answer]);
    });
}

function release({ busy, live, supply, counters }: RunnerDeps, session: CliSession, keys: readonly string[]): void {
  busy.delete(session);
  if (keys.length > 0) {
    live.put(keys, session);
    return;
  }
  counters.discarded += 1;
  supply.discard(session, true);
}
