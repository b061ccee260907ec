/**
 * The life of one request between the HTTP edge and a backend: what runs it, whether it may run now,
 * and what is known of it. It knows neither HTTP nor any wire format's shapes nor how a backend works.
 */
import type { Approve } from "#core/approval.ts";
import type { Mode, RequestOf, RunSetup, SessionOf } from "#core/backend.ts";
import { GatewayError, toGatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { ModelRequest, RequestFeature } from "#core/request.ts";
import { noUsage } from "#core/usage.ts";
import { chooseSession } from "#sessions/session-id.ts";
import type { Recalled, Sessions, SessionTurn } from "#sessions/sessions.ts";
import type { RequestRecord } from "#telemetry/request-record.ts";
import type { Workspaces } from "#workspaces/workspaces.ts";

import { createAgentView } from "./agent-view/create-view.ts";
import { createShownAnswer, type ShownAnswer } from "./agent-view/shown-answer.ts";
import type { AgentView } from "./agent-view/view.ts";
import type { Approvals } from "./approvals.ts";
import { type CatalogueDeps, listAllModels, requireListed, withNearModels } from "./catalogue.ts";
import { chooseBackends } from "./choose-backend.ts";
import { admissionTo, type Admissions, enter } from "./enter.ts";
import { firstThatAnswers, noteAsked } from "./fallback.ts";
import { inWords } from "./in-words.ts";
import { createRetryNote, headOf, type Learned, note } from "./learned.ts";
import { withOtherDefault } from "./other-default.ts";
import { relayTurn } from "./relay.ts";
import { resolveRun, type ResolveSettings } from "./resolve.ts";
import type { Choice } from "./routing.ts";
import { singleTerminal } from "./single-terminal.ts";
import { startTurnSignal } from "./turn-signal.ts";
import type { Call, Gateway, GatewayTokenCount, Running } from "./types.ts";

export interface GatewayDeps extends Omit<ResolveSettings, "modes" | "rule">, CatalogueDeps, Admissions {
  readonly workspaces: Workspaces;
  readonly sessions: Sessions;
  /** How long a streamed answer's headers wait for the first event; then they go out, and heartbeats with them. */
  readonly firstEventDeadlineMs: number;
  /** After this long a turn is stopped; 0 for never. */
  readonly requestTimeoutMs: number;
  /** Asked about tool calls; undefined where nobody is. */
  readonly approvals?: Approvals | undefined;
}

export function createGateway(deps: GatewayDeps): Gateway {
  const admissions = [deps.admission, deps.upstreamAdmission];
  const { backends } = deps.routing;
  const endWaiting = (left: RequestOf | SessionOf): number =>
    backends.reduce((ended, backend) => ended + (backend.endWaiting?.(left) ?? 0), 0);
  return {
    run: (request, call) => runTurn(deps, request, call),
    relay: (request, call) => relayTurn(deps, request, call),
    sessions: {
      ...deps.sessions,
      interrupt(name) {
        const stopped = deps.sessions.interrupt(name);
        const { principal, id: session } = name;
        return stopped === undefined ? undefined : stopped + endWaiting({ principal, session });
      },
    },
    endWaiting,
    countTokens: (request, call) => countTokens(deps, request, call),
    listModels: (call) => listAllModels(deps, call),
    status: () => ({
      backends: backends.map((backend) => ({ backend: backend.id, ...backend.status() })),
      running: admissions.reduce((sum, { running }) => sum + running, 0),
      waiting: admissions.reduce((sum, { waiting }) => sum + waiting, 0),
    }),
  };
}

interface Asking {
  readonly asked: ModelRequest;
  readonly call: Call;
}

/** What will run, and what of the request it must leave out. A session goes on as it began, unless it is told otherwise. */
async function prepare(
  deps: GatewayDeps,
  { asked, call, session, choice }: Asking & { readonly session?: Recalled | undefined; readonly choice: Choice },
) {
  if (asked.outOfContext !== undefined) throw asked.outOfContext;
  const { backend, model } = choice;
  const { request, mode, tools, permissionMode, verbosity, freeName, boundWorkspace } = resolveRun(asked, call, {
    ...deps,
    modes: backend.modes,
    defaultMode: session?.mode ?? deps.defaultMode,
    rule: choice.options,
  });
  const setup: RunSetup = { mode, tools, permissionMode };
  const unread = [...call.unreadHeaders, ...(call.lostWhenRead?.() ?? []), ...unusedHeaders(call, mode, session)];
  const routed = { ...request, model };
  const refused = backend.unsupported(routed, setup);
  const ignored = [...unread, ...ignoredFields(routed, refused)];
  call.record.set({
    backend: backend.id,
    failedBackends: call.failed,
    mode,
    modelAsked: call.model ?? asked.model,
    streaming: request.stream,
    ignoredFields: ignored,
  });
  if (call.strict && ignored.length > 0) throw strictRefusal(ignored);
  await requireListed(deps, { name: freeName, choice }, call);
  const asks = { asked: call.workspace ?? session?.workspace, bound: boundWorkspace };
  const workspace = mode === "chat" ? undefined : await deps.workspaces.resolve(asks);
  const told = inWords(routed, refused, (name) => backend.toolName?.(name, routed, setup) ?? name);
  return { backend, request: told, setup: { ...setup, workspace }, verbosity, ignored };
}

async function runTurn(deps: GatewayDeps, asked: ModelRequest, call: Call): Promise<Running> {
  const session = await enterSession(deps.sessions, asked, call);
  try {
    const chain = chooseBackends(deps, asked, call);
    return await firstThatAnswers(chain, call, (choice, isLast) =>
      startTurn(deps, { asked: session?.request ?? asked, call, session, choice, isLast }),
    );
  } catch (thrown) {
    session?.leave();
    throw thrown;
  }
}

interface Turn extends Asking {
  readonly session: SessionTurn | undefined;
  readonly choice: Choice;
  /** Nobody else is asked. */
  readonly isLast: boolean;
}

/** Before a place is taken: who waits for a session's turn must not keep others from theirs. */
async function enterSession(sessions: Sessions, request: ModelRequest, call: Call): Promise<SessionTurn | undefined> {
  const { principal, signal, interrupts } = call;
  const session = chooseSession(call.sessionIds, request.sessionIds);
  return session && (await sessions.enter({ principal, session, request, interrupts, signal }));
}

async function startTurn(deps: GatewayDeps, turnAsked: Turn): Promise<Running> {
  const { call, session, isLast } = turnAsked;
  const { backend, request, setup, verbosity, ignored } = await prepare(deps, turnAsked);
  // What only passes on words has no ways to go on in, and what another remembers of the session lacks this turn.
  if (backend.answersBy === "http") session?.learn({ resume: "" });
  // One request with tools of its client's does not make a bare model of an agent's session.
  else session?.runsIn(call.mode ?? session.mode ?? setup.mode, setup.workspace?.name);
  const learned: Learned = {
    ...headOf({
      backend,
      model: request.model,
      setup,
      ignored,
      failed: [...call.failed.keys()],
      notAsked: [],
      retries: call.retries.count,
    }),
    session: session?.id,
    usage: noUsage,
  };
  call.onAsked(learned);
  const noteRetries = createRetryNote(call, learned);
  const leave = await enter(admissionTo(deps, backend), call, session?.signal);
  const turn = startTurnSignal(call.signal, deps.requestTimeoutMs, session?.signal);
  const view = createAgentView({
    verbosity,
    // In a response a call that is shown is one to be run.
    clientHasTools: request.features.tools !== undefined || request.wireFormat === "openai-responses",
    sessionId: () => learned.sessionId,
  });
  const shown = createShownAnswer();
  const events = backend.run(request, {
    ...setup,
    requestId: call.requestId,
    principal: call.principal,
    session: session && { id: session.id, named: session.named, resume: session.resume },
    signal: turn.signal,
    shownAnswer: shown.spellings,
    report: ({ ignoredFields: more, renamedTools = learned.renamedTools, retries, ...facts }) => {
      learned.renamedTools = renamedTools;
      noteRetries(retries);
      call.record.set(facts);
      session?.learn(facts);
      if (facts.sessionId !== undefined) learned.sessionId = facts.sessionId;
      if (more === undefined || more.length === 0) return;
      learned.ignored = [...ignored, ...more];
      call.record.set({ ignoredFields: learned.ignored });
      if (call.strict) throw strictRefusal(more);
    },
    approve: approverOf(deps.approvals, call),
  });
  let hasBegun = isLast;
  const over = () => {
    turn.release();
    leave();
    if (hasBegun || turn.signal.aborted) session?.leave();
  };
  // A client that has left, or does not read, never asks for the next batch: the run would stand where it is for ever.
  turn.signal.addEventListener("abort", () => void events.return().finally(over), { once: true });
  const explain = async (error: GatewayError): Promise<GatewayError> => {
    const told = withOtherDefault(error, backend, deps.routing.backends);
    return turn.stoppedBy ?? (await withNearModels(deps, told, { backend, model: request.model }, turn.signal));
  };
  const watched = watch(singleTerminal(events), { record: call.record, learned, session, explain, over });
  const deadline = request.stream ? deps.firstEventDeadlineMs : undefined;
  const running = await startWithin(asShown(watched, view, shown), deadline);
  hasBegun = true;
  return { head: learned, ...running };
}

/** What of each batch the client is shown; one of which that is nothing is no batch. */
async function* asShown(
  batches: AsyncIterable<readonly ModelEvent[]>,
  view: AgentView,
  shown: ShownAnswer,
): AsyncGenerator<readonly ModelEvent[]> {
  for await (const batch of batches) {
    const events = batch.flatMap((event) => view.show(event));
    shown.add(events);
    if (events.length > 0) yield events;
  }
}

async function countTokens(deps: GatewayDeps, counted: ModelRequest, call: Call): Promise<GatewayTokenCount> {
  const chosen = chooseSession(call.sessionIds, counted.sessionIds);
  const { principal } = call;
  const session = chosen && deps.sessions.recall({ principal, session: chosen, request: counted });
  const asked = session?.request ?? counted;
  const [choice] = chooseBackends(deps, counted, call);
  noteAsked(call, choice);
  const { backend, request, setup, ignored } = await prepare(deps, { asked, call, session, choice });
  const release = await enter(admissionTo(deps, backend), call);
  try {
    const count = await backend.countTokens(request, {
      ...setup,
      requestId: call.requestId,
      principal: call.principal,
      signal: call.signal,
      report: (facts) => call.record.set(facts),
    });
    return {
      ...count,
      head: {
        ...headOf({ backend, model: request.model, setup, ignored, failed: [], notAsked: [], retries: 0 }),
        session: chosen?.id,
      },
    };
  } catch (thrown) {
    throw withOtherDefault(toGatewayError(thrown), backend, deps.routing.backends);
  } finally {
    release();
  }
}

function approverOf(approvals: Approvals | undefined, { principal, requestId }: Call): Approve | undefined {
  if (approvals === undefined) return undefined;
  return (ask, signal) => approvals.ask({ principal, requestId, ask, signal });
}

/** Headers that mean nothing for this run: a bare model works nowhere, and only a named session has turns. */
function unusedHeaders({ workspace, interrupts }: Call, mode: Mode, session: Recalled | undefined): readonly string[] {
  return [
    ...(mode === "chat" && workspace !== undefined ? ["X-CCProxy-Workspace"] : []),
    ...(interrupts && session?.named !== true ? ["X-CCProxy-Busy"] : []),
  ];
}

function ignoredFields(request: ModelRequest, refused: readonly RequestFeature[]): readonly string[] {
  return [...request.ignoredFields, ...refused.flatMap((feature) => request.featureFields[feature] ?? feature)];
}

function strictRefusal(ignored: readonly string[]): GatewayError {
  return new GatewayError("invalid-request", `Nothing can honour ${ignored.join(", ")} here.`, {
    param: ignored[0],
    hint: "Leave out what is named, or drop X-CCProxy-Strict to have it ignored and reported.",
  });
}

interface Watch {
  readonly record: RequestRecord;
  readonly learned: Learned;
  readonly session: SessionTurn | undefined;
  /** Says better than the backend could why the turn failed. */
  readonly explain: (error: GatewayError) => Promise<GatewayError>;
  /** Gives back what the turn holds. */
  readonly over: () => void;
}

/** Passes every batch on and notes what it tells. */
async function* watch(
  batches: AsyncIterable<readonly ModelEvent[]>,
  { record, learned, session, explain, over }: Watch,
): AsyncGenerator<readonly ModelEvent[]> {
  try {
    for await (const batch of batches) {
      record.mark("first-event");
      for (const event of batch) {
        note(record, learned, event);
        session?.note(event);
      }
      const last = batch.at(-1);
      yield last?.type === "error" ? [...batch.slice(0, -1), { ...last, error: await explain(last.error) }] : batch;
    }
  } finally {
    over();
  }
}

/**
 * Waits for the first batch, so that a failure before it can still become a true HTTP status. With a
 * deadline it gives up waiting, not the stream: `started` then says that nothing is known yet.
 */
async function startWithin(
  events: AsyncGenerator<readonly ModelEvent[]>,
  deadlineMs: number | undefined,
): Promise<{ events: AsyncIterable<readonly ModelEvent[]>; started: boolean }> {
  const first = events.next();
  const waited = deadlineMs === undefined ? await first : await within(first, deadlineMs);
  if (waited === undefined) return { events: resume(first, events), started: false };
  const [event] = waited.done === true ? [] : waited.value;
  if (event?.type === "error") {
    await events.return(undefined);
    throw event.error;
  }
  return { events: resume(first, events), started: true };
}

async function* resume<T>(first: Promise<IteratorResult<T, void>>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    const result = await first;
    if (result.done === true) return;
    yield result.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** undefined when the time was up first. Leaves no timer behind. */
async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise: timeUp, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms);
  try {
    return await Promise.race([work, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
