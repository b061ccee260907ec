/** Which process serves a request, and what becomes of it afterwards. */
import type { RunContext } from "#core/backend.ts";
import { toGatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { Message, ModelRequest } from "#core/request.ts";

import type { Catalogue } from "./catalogue.ts";
import { planTurn, type TurnPlan } from "./claim.ts";
import { answerSchema, obeysForcedCalls, offeredTools, toolNames } from "./client-tools.ts";
import type { Counters } from "./counters.ts";
import type { Reading } from "./decode-state.ts";
import { callsFingerprint, fingerprint, type Settled, spellingsOf, splitAtLastAnswer } from "./fingerprint.ts";
import { wantedFor } from "./launch.ts";
import type { LiveTable } from "./live-table.ts";
import { unheardReasoning } from "./messages.ts";
import type { ClaudeCliOptions } from "./options.ts";
import { supportedFeatures } from "./parameters.ts";
import { answeredCalls } from "./pending-calls.ts";
import { placeKey, placeOf } from "./place.ts";
import { abortError, joinSignals } from "./run-signal.ts";
import type { CliSession } from "./session.ts";
import type { Supply } from "./supply.ts";
import { deliverableResults } from "./tool-results.ts";
import { type ParkedTurn, runTurn, type TurnOptions, type TurnOutcome } from "./turn.ts";

/**
 * Input tokens beyond which a process that is told whole conversations is not used again: the CLI refuses a turn of
 * its own accord when it takes its context for nearly full, and the next request may well be shorter. Half of the
 * smallest context window.
 */
const REPLACED_CONTEXT_TOKENS = 100_000;

const bareInitialize = { subtype: "initialize" } as const;

export interface RunnerDeps {
  readonly options: ClaudeCliOptions;
  readonly supply: Supply;
  /** Between two turns of their conversation. */
  readonly live: LiveTable<{ readonly session: CliSession }>;
  /** In the middle of a turn, which waits for results of the client's tools. */
  readonly parked: LiveTable<{ readonly session: CliSession; readonly turn: ParkedTurn }>;
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
  readonly resumed?: TurnOptions["resumed"];
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
  const request = { ...asked, features: supportedFeatures(asked.features, modelOf(deps, asked), context) };
  let lease: Lease | undefined;
  let outcome: TurnOutcome | undefined;
  try {
    if (signal.aborted) throw abortError(signal);
    lease = await acquire(deps, request, context, signal);
    deps.busy.add(lease.session);
    context.report({ ignoredFields: leftOut(lease, request) });
    if (context.approve !== undefined) lease.session.askFor(context.approve);
    yield* runTurn(lease.session, {
      plan: lease.plan,
      live: lease.start === "live",
      reading: readingOf(request, context),
      resumed: lease.resumed,
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
    lease?.session.approver?.detach();
    if (lease !== undefined) release(deps, lease.session, { request, context, outcome });
  }
}

function readingOf({ features }: ModelRequest, setup: RunContext): Reading {
  const bare = setup.mode === "chat";
  const isStructured = answerSchema(features) !== undefined;
  return {
    clientToolName: toolNames(features, setup).toClient,
    atClientCalls: bare ? "end" : "park",
    structured: !isStructured ? "no" : bare ? "streamed" : "whole",
  };
}

async function acquire(
  deps: RunnerDeps,
  request: ModelRequest,
  context: RunContext,
  signal: AbortSignal,
): Promise<Lease> {
  const canForce = obeysForcedCalls(request.features, modelOf(deps, request));
  const plan = (asked: ModelRequest, replacesMessages: boolean): TurnPlan =>
    planTurn(asked, { ...deps.options, setup: context, canForce, replacesMessages });
  // Before any process is touched: a request that cannot be told to the CLI costs nothing. Nearly always it is told so.
  const replacesMessages = context.mode === "chat";
  const expected = plan(request, replacesMessages);
  const planFor = (session: CliSession): TurnPlan =>
    session.replacesMessages === replacesMessages ? expected : plan(request, session.replacesMessages);
  const going = takeGoing(deps, request, context);
  if (going !== undefined) {
    const { session, rest, resumed } = going;
    deps.counters.liveHits += 1;
    context.report({ start: "live", spawnMs: 0 });
    const told = session.replacesMessages ? planFor(session) : plan(rest, false);
    return { session, plan: told, start: "live", resumed };
  }
  // Once more as soon as the process is known; here it may be refused before one is taken.
  context.report({ ignoredFields: unheardReasoning(request.messages, replacesMessages) });
  const { session, start, spawnMs } = await deps.supply.acquire(wantedFor(context), signal);
  context.report({ start, spawnMs });
  session.injected = request.messages.length;
  const told = planFor(session);
  // Its answer is where the models are told, so one is sent now and then although there is nothing to say.
  const initialize = told.initialize ?? (deps.catalogue.known() === undefined ? bareInitialize : undefined);
  return { session, plan: { ...told, initialize }, start };
}

/** What the conversation's own process thought is not lost, only what was thought before it was told the rest. */
function leftOut({ session }: Lease, { messages }: ModelRequest): readonly string[] {
  return session.replacesMessages
    ? unheardReasoning(messages, true)
    : unheardReasoning(messages.slice(0, session.injected), false);
}

interface Going extends Pick<Lease, "session" | "resumed"> {
  /** What of the request its process has not been told. */
  readonly rest: ModelRequest;
}

/** The process that has this conversation, if it is still there. */
function takeGoing(
  { live, parked, supply }: RunnerDeps,
  request: ModelRequest,
  context: RunContext,
): Going | undefined {
  const split = splitAtLastAnswer(request);
  if (split === undefined) return undefined;
  const { before, added } = split;
  const calls = answeredCalls(before, added);
  if (live.size + parked.size === 0) return undefined;
  const rest = { ...request, messages: added };
  const settled = settledBy(request, context);
  const held = parked.take(callsFingerprint(settled, calls));
  const results = deliverableResults(added);
  if (held !== undefined && results !== undefined)
    return { session: held.session, rest, resumed: { parked: held.turn, results } };
  // Its turn cannot go on with what this conversation goes on with.
  if (held !== undefined) supply.discard(held.session, true);
  const idle = live.take(callsFingerprint(settled, calls)) ?? live.take(fingerprint(settled, before));
  return idle === undefined ? undefined : { session: idle.session, rest };
}

function settledBy({ model, system, features }: ModelRequest, context: RunContext): Settled {
  const { principal, mode, tools, permissionMode = null } = context;
  // A bare model is told its tools with every question.
  const offered = mode === "agent" ? offeredTools(features, context) : [];
  const place = placeKey(placeOf(context));
  const rest = [mode, tools, permissionMode, place, offered, answerSchema(features) ?? null];
  return { principal, model, system, rest };
}

interface Served {
  readonly request: ModelRequest;
  readonly context: RunContext;
  readonly outcome: TurnOutcome | undefined;
}

/** Under which conversation, in each spelling, the process may be used again; none when it may not. */
function liveKeys(
  { options }: RunnerDeps,
  session: CliSession,
  { request, context, outcome }: Served,
): readonly string[] {
  if (outcome?.clean !== true || session.turns >= options.pool.maxTurns) return [];
  const place = placeOf(context);
  // With its process goes the directory that was made for the request.
  if (place !== "chat" && place.directory === undefined) return [];
  if (session.replacesMessages && session.lastInputTokens > REPLACED_CONTEXT_TOKENS) return [];
  const settled = settledBy(request, context);
  if (outcome.calls.length > 0) return [callsFingerprint(settled, outcome.calls)];
  const answers = context.shownAnswer?.() ?? asSaid(outcome.steps);
  return answers.map((answer) => fingerprint(settled, [...request.messages, ...answer]));
}

function asSaid(steps: readonly string[]): readonly (readonly Message[])[] {
  const texts = spellingsOf(steps).filter((text) => text !== "");
  return texts.map((text) => [{ role: "assistant", content: [{ type: "text", text }] }]);
}

function release(deps: RunnerDeps, session: CliSession, served: Served): void {
  const { busy, live, parked, supply, counters, shutdown } = deps;
  const { outcome, request, context } = served;
  busy.delete(session);
  const isKept = session.usable && !session.oversized && !shutdown.aborted;
  if (isKept && outcome?.parked?.feed.closed === false) {
    parked.put([callsFingerprint(settledBy(request, context), outcome.calls)], { session, turn: outcome.parked });
    return;
  }
  const keys = isKept ? liveKeys(deps, session, served) : [];
  if (keys.length > 0) {
    live.put(keys, { session });
    return;
  }
  counters.discarded += 1;
  supply.discard(session, true);
}
