import type {
  BackendStatus,
  Mode,
  ModelInfo,
  RelayedRequest,
  RenamedTool,
  RequestOf,
  TokenCount,
  ToolOwner,
} from "#core/backend.ts";
import type { ErrorKind, GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import type { Effort, ModelRequest, SessionIds } from "#core/request.ts";
import type { Verbosity } from "#core/verbosity.ts";
import type { RequestOutline } from "#core/wire-format.ts";
import type { Sessions } from "#sessions/sessions.ts";
import type { RequestRecord } from "#telemetry/request-record.ts";

import type { AskedRoute } from "./routing.ts";

export type { SessionPage, SessionState } from "#sessions/sessions.ts";

/** What the HTTP edge knows of a request beside its body. */
export interface Call {
  readonly requestId: string;
  /** Who asks; two principals never share a conversation. */
  readonly principal: string;
  /** What the client asked for in `X-CCProxy-Mode`; undefined when it left that to the alias or the configuration. */
  readonly mode: Mode | undefined;
  /** What it asked for in `X-CCProxy-Tools`; likewise. */
  readonly tools: ToolOwner | undefined;
  /** What it asked to see of the agent's doings, likewise. */
  readonly verbosity: Verbosity | undefined;
  /** The model to ask, whatever the body names. */
  readonly model: string | undefined;
  readonly effort: Effort | undefined;
  /** The header that says so, as the client called it. */
  readonly effortField?: string | undefined;
  readonly betas?: AskedBetas | undefined;
  readonly route: AskedRoute;
  /** Where its agent is to work, by `X-CCProxy-Workspace`: a name, or a path. */
  readonly workspace: string | undefined;
  /** What the address and the headers call its conversation. */
  readonly sessionIds: SessionIds;
  /** Take the place of the turn that its session runs. */
  readonly interrupts: boolean;
  /** Refuse the request, rather than leave out, what nothing can honour. */
  readonly strict: boolean;
  /** What it says beside its body and nobody reads. */
  readonly unreadHeaders: readonly string[];
  /** What has no effect only where the request is not passed on as it came. */
  readonly lostWhenRead?: () => readonly string[];
  /** Fires when the client is gone or the proxy stops; a GatewayError as its reason says why. */
  readonly signal: AbortSignal;
  readonly record: RequestRecord;
  /** Backends that could not answer it, and why; grows. */
  readonly failed: Map<string, ErrorKind>;
  /** Stand-ins that a rule keeps from being asked; grows. */
  readonly notAsked: string[];
  /** Further tries of all that were asked; grows. */
  readonly retries: { count: number };
  /** Told who is asked, as soon as that is chosen, and again where another stands in; what is told may fill. */
  readonly onAsked: (asked: AskedHead) => void;
}

/** Never empty. */
export interface AskedBetas {
  readonly names: readonly string[];
  /** What is named back to the client where they cannot be asked for: those that change something by themselves. */
  readonly fields: readonly string[];
}

/** What is known of a request that got no answer. */
export type AskedHead = Pick<RunningHead, "backend" | "model" | "failed" | "notAsked" | "retries">;

/** A turn that runs. `head` fills as the run tells, so read it as late as the response headers allow. */
export interface Running {
  readonly head: RunningHead;
  /** Everything from the first event on, with exactly one terminal event; never throws. */
  readonly events: AsyncIterable<readonly ModelEvent[]>;
  /** False when the headers must go out although no event has come yet. */
  readonly started: boolean;
}

export interface RunningHead {
  readonly backend: string;
  readonly mode: Mode;
  readonly tools: ToolOwner;
  readonly model: string | undefined;
  /** What it was asked for as; undefined: its default. */
  readonly modelSent: string | undefined;
  /** What the client calls it. */
  readonly session: string | undefined;
  /** What the backend calls it. */
  readonly sessionId: string | undefined;
  /** The vendor has taken the request: from here on it may cost. */
  readonly accepted: boolean;
  /** Where the agent works; undefined for a bare model. */
  readonly workspace: string | undefined;
  /** Request fields, as the client spelled them, that this run leaves out. */
  readonly ignored: readonly string[];
  readonly renamedTools: readonly RenamedTool[];
  /** Further tries that the upstream took. */
  readonly retries: number;
  /** Backends that could not answer before this one did. */
  readonly failed: readonly string[];
  /** Stand-ins that were left out, because a rule passes the request on as it came. */
  readonly notAsked: readonly string[];
}

export interface GatewayTokenCount extends TokenCount {
  /** Of the run that was counted for. */
  readonly head: RunningHead;
}

export interface GatewayStatus {
  /** The first answers what nothing else is said of. */
  readonly backends: readonly NamedStatus[];
  /** Turns running, and requests waiting for a place. */
  readonly running: number;
  readonly waiting: number;
}

/** A request in its client's words, and what was read of it. */
export interface RelayRequest extends RelayedRequest {
  readonly outline: RequestOutline;
  readonly json: unknown;
}

/** An answer in its upstream's words. */
export interface Relayed {
  readonly head: RunningHead;
  readonly status: number;
  readonly headers: Headers;
  /** Whole, or as it comes; then it throws GatewayError where it breaks off. */
  readonly body: Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array>;
  /** How it ended, as far as it told: its reason, or its refusal. */
  readonly ending: () => { readonly reason?: FinishReason; readonly error?: GatewayError };
}

export interface NamedStatus extends BackendStatus {
  readonly backend: string;
}

export interface Gateway {
  /** Rejects with the GatewayError of a run that failed before its first event. */
  run(request: ModelRequest, call: Call): Promise<Running>;
  /** Passes it on as it came; undefined where it has to be read. Throws GatewayError where nobody answers. */
  relay(request: RelayRequest, call: Call): Promise<Relayed | undefined>;
  listModels(call: Call): Promise<readonly ModelInfo[]>;
  countTokens(request: ModelRequest, call: Call): Promise<GatewayTokenCount>;
  status(): GatewayStatus;
  /** Ends the turns that a request of this caller's left waiting for results of its tools; says how many there were. */
  endWaiting(left: RequestOf): number;
  readonly sessions: Pick<Sessions, "list" | "find" | "forget" | "interrupt">;
}
