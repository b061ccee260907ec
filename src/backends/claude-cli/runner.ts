/** Which process serves a request, and what becomes of it afterwards. */
import type { RunContext } from "#core/backend.ts";
import { toGatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import { answersOf, callsFingerprint, fingerprint, type Settled, splitAtLastAnswer } from "#core/fingerprint.ts";
import type { Message, ModelRequest } from "#core/request.ts";
import { abortError, joinSignals, orAborted } from "#core/run-signal.ts";
import type { Left } from "#core/waiting-turn.ts";
import type { LiveTable } from "#lib/live-table.ts";
import { obeysForcedCalls } from "#wire/anthropic-messages/upstream/model-limits.ts";

import type { Catalogue } from "./catalogue.ts";
import { planTurn, type TurnPlan } from "./claim.ts";
import { answerSchema, offeredTools, renamedTools, toolNames } from "./client-tools.ts";
import type { Counters } from "./counters.ts";
import type { Reading } from "./decode-state.ts";
import { wantedFor } from "./launch.ts";
import type { Login } from "./login.ts";
import { unheardReasoning } from "./messages.ts";
import type { ClaudeCliOptions } from "./options.ts";
import { supportedFeatures } from "./parameters.ts";
import { answeredCalls } from "./pending-calls.ts";
import { pointAt, readResume, removeTranscript, restoredTotals, resumeAfter } from "./resume.ts";
import type { CliSession } from "./session.ts";
import { siteKey, siteOf } from "./site.ts";
import type { Acquired, Supply } from "./supply.ts";
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
  readonly cliEnvironment: Readonly<Record<string, string | undefined>>;
  readonly supply: Supply;
  /** Between two turns of their conversation. */
  readonly live: LiveTable<{ readonly session: CliSession }>;
  /** In the middle of a turn, which waits for results of the client's tools. */
  readonly parked: LiveTable<{ readonly session: CliSession; readonly turn: ParkedTurn; readonly left: Left }>;
  readonly counters: Counters;
  readonly catalogue: Catalogue;
  readonly login: Login;
  /** Fires when the backend stops. */
  readonly shutdown: AbortSignal;
  readonly busy: Map<CliSession, BusyRun>;
}

interface BusyRun {
  /** Of the named session it is a turn of. */
  readonly keys: readonly string[];
  /** That session is no more: its process is not to be used again. */
  isForgotten: boolean;
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
    deps.busy.set(lease.session, { keys: sessionKeys(context), isForgotten: false });
    context.report({
      ignoredFields: leftOut(lease, request),
      renamedTools: renamedTools(request.features, context),
    });
    if (context.approve !== undefined) lease.session.askFor(context.approve);
    yield* runTurn(lease.session, {
      plan: lease.plan,
      live: lease.start === "live",
      reading: readingOf(request, context),
      resumed: lease.resumed,
      idleTimeoutMs: deps.options.idleTimeoutMs,
      signal,
      onSessionId: (sessionId) => context.report({ sessionId }),
      onInitialized: deps.catalogue.learn,
      onEnded: (ended) => {
        outcome = ended;
        deps.login.ended(ended.error);
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
    takesWrittenObject: features.responseFormat?.type === "json-object",
  };
}

async function acquire(
  deps: RunnerDeps,
  request: ModelRequest,
  context: RunContext,
  signal: AbortSignal,
): Promise<Lease> {
  const canForce = obeysForcedCalls(modelOf(deps, request));
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
    const told = orDiscard(deps, session, () => (session.replacesMessages ? planFor(session) : plan(rest, false)));
    return { session, plan: told, start: "live", resumed };
  }
  // Once more as soon as the process is known; here it may be refused before one is taken.
  context.report({ ignoredFields: unheardReasoning(request.messages, replacesMessages) });
  const again = await takeUp(deps, request, context, signal);
  const { session, start, spawnMs } = again ?? (await deps.supply.acquire(wantedFor(context), signal));
  context.report({ start, spawnMs });
  session.injected = again === undefined ? request.messages.length : 0;
  const told = orDiscard(deps, session, () =>
    again === undefined ? planFor(session) : { ...plan(again.rest, false), initialize: expected.initialize },
  );
  // Its answer is where the models are told, so one is sent now and then although there is nothing to say.
  const initialize = told.initialize ?? (deps.catalogue.known() === undefined ? bareInitialize : undefined);
  return { session, plan: { ...told, initialize }, start };
}

/** What a process is to be told; one that cannot be told is given back. */
function orDiscard({ supply }: RunnerDeps, session: CliSession, plan: () => TurnPlan): TurnPlan {
  try {
    return plan();
  } catch (refusal) {
    supply.discard(session, true);
    throw refusal;
  }
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
function takeGoing(deps: RunnerDeps, request: ModelRequest, context: RunContext): Going | undefined {
  const { live, parked, supply } = deps;
  const split = splitAtLastAnswer(request);
  if (split === undefined) return undefined;
  const { before, added } = split;
  const calls = answeredCalls(before, added);
  if (live.size + parked.size === 0) return undefined;
  const rest = { ...request, messages: added };
  const settled = settledBy(deps, request, context);
  const waiting = callsFingerprint(settled, calls, before.slice(0, -1));
  const held = parked.take(waiting);
  const results = deliverableResults(added);
  if (held !== undefined && results !== undefined)
    return { session: held.session, rest, resumed: { parked: held.turn, results } };
  // Its turn cannot go on with what this conversation goes on with, or not as it is asked to: nothing else will end it.
  if (held === undefined) parked.end(elsewhereKey(context, calls, before.slice(0, -1)));
  else supply.discard(held.session, true);
  const idle = live.take(waiting) ?? live.take(fingerprint(settled, before));
  return idle === undefined ? undefined : { session: idle.session, rest };
}

/** What the CLI wrote down of a named session goes on in a new process, unless it cannot be found any more. */
async function takeUp(
  deps: RunnerDeps,
  request: ModelRequest,
  context: RunContext,
  signal: AbortSignal,
): Promise<(Acquired & Pick<Going, "rest">) | undefined> {
  const wanted = wantedFor(context);
  const resume = wanted.kept === true ? readResume(context.session) : undefined;
  const split = splitAtLastAnswer(request);
  if (resume === undefined || split === undefined) return undefined;
  const point = pointAt(resume, fingerprint(settledBy(deps, request, context), split.before));
  if (point === undefined) return undefined;
  // Two processes would write into one transcript; the earlier is waited for where the next is started.
  for (const key of sessionKeys(context)) for (const table of [deps.live, deps.parked]) table.end(key);
  let acquired: Acquired | undefined;
  try {
    acquired = await deps.supply.resume(wanted, point, signal);
    acquired.session.totals = await orAborted(restoredTotals(acquired.session, resume), signal);
    return { ...acquired, rest: { ...request, messages: split.added } };
  } catch (cause) {
    if (acquired !== undefined) deps.supply.discard(acquired.session, true);
    if (signal.aborted) throw abortError(signal);
    const message = "Claude Code could not resume a session; it is told the conversation anew.";
    deps.options.onNotice?.({ level: "info", message, data: { error: toGatewayError(cause).message } });
    return undefined;
  }
}

function settledBy({ options }: RunnerDeps, { model, system, features }: ModelRequest, context: RunContext): Settled {
  const { principal, mode, tools, permissionMode = null, session } = context;
  // A hint tells nothing that the conversation itself does not, unless that alone may not be gone by.
  const counts = session?.named === true || options.matchHistory === false;
  const id = counts ? (session?.id ?? null) : null;
  // A bare model is told its tools with every question.
  const offered = mode === "agent" ? offeredTools(features, context) : [];
  const site = siteKey(siteOf(context));
  const rest = [mode, tools, permissionMode, site, offered, answerSchema(features) ?? null, id];
  return { principal, model, system, rest };
}

export function sessionKey(principal: string, id: string): string {
  return `session ${JSON.stringify([principal, id])}`;
}

/** A named session has one process at most. */
function sessionKeys({ principal, session }: RunContext): readonly string[] {
  return session?.named === true ? [sessionKey(principal, session.id)] : [];
}

interface Served {
  readonly request: ModelRequest;
  readonly context: RunContext;
  readonly outcome: TurnOutcome | undefined;
}

/** Under which conversation, in each spelling, the process may be used again; none when it may not. */
function liveKeys(deps: RunnerDeps, session: CliSession, served: Served): readonly string[] {
  const { options } = deps;
  const { context, outcome } = served;
  if (outcome?.clean !== true || session.turns >= options.pool.maxTurns) return [];
  const site = siteOf(context);
  // With its process goes the directory that was made for the request.
  if (site !== "chat" && site.directory === undefined) return [];
  if (session.replacesMessages && session.lastInputTokens > REPLACED_CONTEXT_TOKENS) return [];
  if (outcome.calls.length > 0) return [waitingKey(deps, served, outcome.calls)];
  if (options.matchHistory === false && context.session === undefined) return [];
  return historyKeys(deps, served);
}

function waitingKey(deps: RunnerDeps, { request, context }: Served, calls: readonly string[]): string {
  return callsFingerprint(settledBy(deps, request, context), calls, request.messages);
}

/** Where other than as it began (by another model, with other tools) a turn that waits for these calls is found. */
function elsewhereKey({ principal }: RunContext, calls: readonly string[], before: readonly Message[]): string {
  return callsFingerprint({ principal, model: undefined, system: [], rest: ["elsewhere"] }, calls, before);
}

function historyKeys(deps: RunnerDeps, { request, context, outcome }: Served): readonly string[] {
  if (outcome?.clean !== true || outcome.calls.length > 0) return [];
  const settled = settledBy(deps, request, context);
  const shown = context.shownAnswer?.();
  // A named session remembers what was said, however it was shown.
  const said = shown === undefined || context.session?.named === true ? answersOf(outcome.steps) : [];
  const keys = [...(shown ?? []), ...said].map((answer) => fingerprint(settled, [...request.messages, ...answer]));
  return [...new Set(keys)];
}

/** Has what the CLI wrote down found again, and what it wrote down before removed where nothing leads there any more. */
function reportResume(deps: RunnerDeps, session: CliSession, served: Served): void {
  const { context } = served;
  if (wantedFor(context).kept !== true) return;
  const before = readResume(context.session);
  const resume = resumeAfter(session, historyKeys(deps, served), before);
  if (resume === undefined) return;
  context.report({ resume: JSON.stringify(resume) });
  if (before !== undefined && before.sessionId !== resume.sessionId)
    void removeTranscript(before.sessionId, deps.cliEnvironment);
}

function release(deps: RunnerDeps, session: CliSession, served: Served): void {
  const { busy, shutdown } = deps;
  const isForgotten = busy.get(session)?.isForgotten === true;
  busy.delete(session);
  if (!isForgotten) reportResume(deps, session, served);
  const isKept = session.usable && !session.oversized && !shutdown.aborted && !isForgotten;
  if (isKept && keep(deps, session, served)) return;
  deps.counters.discarded += 1;
  deps.supply.discard(session, true);
}

/** Where the next turn of its conversation finds it; false where nothing could. */
function keep(deps: RunnerDeps, session: CliSession, served: Served): boolean {
  const { live, parked } = deps;
  const { outcome, context } = served;
  if (outcome?.parked?.feed.closed === false) {
    const calls = waitingKey(deps, served, outcome.calls);
    const elsewhere = elsewhereKey(context, outcome.calls, served.request.messages);
    const { principal, requestId, session: of } = context;
    const left = { principal, requestId, session: of?.named === true ? of.id : undefined };
    for (const key of sessionKeys(context)) live.end(key);
    parked.put([calls, elsewhere, ...sessionKeys(context)], { session, turn: outcome.parked, left });
    return true;
  }
  const keys = liveKeys(deps, session, served);
  if (keys.length === 0) return false;
  for (const key of sessionKeys(context)) parked.end(key);
  live.put([...keys, ...sessionKeys(context)], { session });
  return true;
}
