/**
 * Conversations that clients call by a name: who has the turn, and what was said so far. It knows neither what answers
 * nor how it is asked.
 */
import type { ForgottenSession, Mode, RunFacts } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { Message, ModelRequest } from "#core/request.ts";
import type { SessionName, SessionRow, SessionStore } from "#store/sessions.ts";

import { createAnswerCollector } from "./answer.ts";
import { type Continued, continueSession } from "./continue-session.ts";
import { OpenSessions, type Place, type QueueOptions } from "./open-sessions.ts";
import type { ChosenSession } from "./session-id.ts";

export interface SessionsOptions extends QueueOptions {
  /** After so long without use a session is forgotten. */
  readonly keepMs: number;
  /** Sessions that are remembered; beyond, the longest unused is forgotten. */
  readonly most: number;
  /** Bytes they take together; beyond, the longest unused is forgotten. */
  readonly mostBytes: number;
}

export interface SessionsDeps {
  readonly store: SessionStore;
  readonly options: SessionsOptions;
  /** Told of each session that is no more. */
  readonly onForgotten: (session: ForgottenSession) => void;
  /** Told when something could not be written down; the turn goes on without. */
  readonly onFault: (error: unknown) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

export interface SessionAsk {
  readonly principal: string;
  readonly session: ChosenSession;
  readonly request: ModelRequest;
  readonly interrupts: boolean;
  readonly signal: AbortSignal;
}

/** What a session makes of a request. */
export interface Recalled {
  readonly named: boolean;
  /** The request as it was meant: with what is remembered. */
  readonly request: ModelRequest;
  /** How the session was run before. */
  readonly mode: Mode | undefined;
  readonly workspace: string | undefined;
}

/** One turn of a session, which is its caller's until `leave`. */
export interface SessionTurn extends Recalled {
  readonly id: string;
  readonly resume: string | undefined;
  /** Fires, with a GatewayError, when the turn is to stop. */
  readonly signal: AbortSignal;
  runsIn(mode: Mode, workspace: string | undefined): void;
  /** Also once the answer is over. */
  learn(facts: RunFacts): void;
  /** To be shown each event before anybody else: the one that ends the answer has it remembered. */
  note(event: ModelEvent): void;
  /** More calls do nothing. */
  leave(): void;
}

export interface SessionState extends SessionRow {
  readonly running: number;
  readonly waiting: number;
}

export interface SessionPage {
  readonly sessions: readonly SessionState[];
  readonly hasMore: boolean;
}

export interface Sessions {
  /** Waits for the session's turn; undefined for a hint that cannot be noted: it changes no answer. Throws GatewayError. */
  enter(ask: SessionAsk): Promise<SessionTurn | undefined>;
  /** The same for a request that neither begins its session nor takes a turn of it. */
  recall(ask: Pick<SessionAsk, "principal" | "session" | "request">): Recalled;
  /** Last used first, after the session `after` if it is given. */
  list(principal: string, page: { readonly limit: number; readonly after?: string | undefined }): SessionPage;
  find(name: SessionName): SessionState | undefined;
  /** Stops what runs, turns away what waits, and forgets all of it; false when there is none. */
  forget(name: SessionName): boolean;
  /** Stops what runs; gives how many turns, undefined when there is no such session. */
  interrupt(name: SessionName): number | undefined;
  /** Forgets what is kept too long, now and from time to time until the result is called. */
  startPruning(): () => void;
}

const pruneEveryMs = 60 * 60 * 1000;

export function createSessions(deps: SessionsDeps): Sessions {
  const { store, options, onForgotten, onFault, now = Date.now } = deps;
  const open = new OpenSessions(options);

  const attempt = createAttempt(onFault);

  function prune(): void {
    attempt(() => {
      const gone = store.prune({
        usedBefore: now() - options.keepMs,
        most: options.most,
        mostBytes: options.mostBytes,
      });
      for (const row of gone) onForgotten(forgotten(row));
    });
  }

  const withCounts = (row: SessionRow): SessionState => ({ ...row, ...open.counts(row) });
  const find = (name: SessionName): SessionState | undefined => {
    const row = store.find(name);
    return row && withCounts(row);
  };

  return {
    async enter({ principal, session, request, interrupts, signal }) {
      const name = { principal, id: session.id };
      const place = await open.enter(name, { alone: session.named, interrupts, signal });
      try {
        const begins = store.find(name) === undefined;
        store.touch(name, { named: session.named, at: now() });
        if (begins) prune();
        return startTurn(deps, { place, session, request, ...recall(store, name, session.named) });
      } catch (cause) {
        place.leave();
        if (session.named || cause instanceof GatewayError) throw unreadable(cause);
        onFault(cause);
        return undefined;
      }
    },
    recall({ principal, session: { id, named }, request }) {
      const row = named ? store.find({ principal, id }) : undefined;
      if (row === undefined) return { named, request, mode: undefined, workspace: undefined };
      const { request: meant } = continueSession({ ...row, messages: store.messages(row) }, request);
      return { named, request: meant, ...ranAs(row) };
    },
    list(principal, { limit, after }) {
      const before = after === undefined ? undefined : store.find({ principal, id: after });
      const rows = store.list(principal, { limit: limit + 1, before });
      return { sessions: rows.slice(0, limit).map(withCounts), hasMore: rows.length > limit };
    },
    find,
    forget(name) {
      open.close(name, deleted());
      const row = store.remove(name);
      if (row !== undefined) onForgotten(forgotten(row));
      return row !== undefined;
    },
    interrupt: (name) => (store.find(name) === undefined ? undefined : open.interrupt(name, stopped())),
    startPruning() {
      prune();
      const timer = setInterval(prune, pruneEveryMs);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

/** For what is worth no answer: a fault is told of, and that is all. */
function createAttempt(onFault: SessionsDeps["onFault"]): (write: () => void) => void {
  return (write) => {
    try {
      write();
    } catch (error) {
      onFault(error);
    }
  };
}

interface Memory {
  readonly row: SessionRow;
  readonly messages: readonly Message[];
}

function recall(store: SessionStore, name: SessionName, named: boolean): Memory {
  const row = store.find(name);
  if (row === undefined) throw new Error("The session is gone.");
  return { row, messages: named ? store.messages(name) : [] };
}

interface Starting extends Memory {
  readonly place: Place;
  readonly session: ChosenSession;
  readonly request: ModelRequest;
}

function startTurn({ store, onFault, now = Date.now }: SessionsDeps, starting: Starting): SessionTurn {
  const { place, session, row, messages } = starting;
  const continued: Continued = session.named
    ? continueSession({ ...row, messages }, starting.request)
    : { request: starting.request, kept: 0, piecemeal: row.piecemeal };
  const { request, kept, piecemeal } = continued;
  const answer = createAnswerCollector();
  let { mode, workspace, resume, backendSession } = row;
  let isOver = false;
  const attempt = createAttempt(onFault);

  function save(): void {
    const said = answer.message();
    const known = { ...row, mode, workspace, resume, backendSession, usedAt: now(), turns: row.turns + 1 };
    const whole = said === undefined ? [] : [...request.messages, said];
    store.saveTurn({
      row: session.named && said !== undefined ? { ...known, ...told(request), piecemeal } : known,
      kept: session.named && said !== undefined ? kept : undefined,
      added: whole.slice(kept),
      turnsBefore: row.turns,
      whole,
    });
  }

  return {
    id: session.id,
    named: session.named,
    request,
    ...(session.named ? ranAs(row) : { mode: undefined, workspace: undefined }),
    resume: session.named ? (row.resume ?? undefined) : undefined,
    signal: place.signal,
    runsIn(used, where) {
      mode = used;
      workspace = where ?? workspace;
    },
    learn(facts) {
      backendSession = facts.sessionId ?? backendSession;
      if (facts.resume === undefined) return;
      const point = facts.resume;
      resume = point;
      if (isOver) attempt(() => store.saveResume(row, point));
    },
    note(event) {
      answer.add(event);
      if (event.type !== "finish") return;
      isOver = true;
      attempt(save);
    },
    leave: place.leave,
  };
}

function ranAs({ mode, workspace }: SessionRow): Pick<Recalled, "mode" | "workspace"> {
  return { mode: mode ?? undefined, workspace: workspace ?? undefined };
}

function told({ model, system }: ModelRequest) {
  return { model: model ?? null, system };
}

function forgotten({ principal, id, resume }: SessionRow): ForgottenSession {
  return { principal, id, resume: resume ?? undefined };
}

function stopped(): GatewayError {
  return new GatewayError("cancelled", "The session's turn was stopped.");
}

function deleted(): GatewayError {
  return new GatewayError("cancelled", "The session was deleted.", { hint: "The same id begins a new one." });
}

function unreadable(cause: unknown): unknown {
  if (cause instanceof GatewayError) return cause;
  return new GatewayError("unavailable", "The session's memory cannot be read.", {
    hint: "Send the request again; without a session id it needs no memory.",
    retryAfterSeconds: 1,
    cause,
  });
}
