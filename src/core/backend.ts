import type { Approve } from "./approval.ts";
import type { ModelEvent } from "./events.ts";
import type { Message, ModelRequest, RequestFeature, WireFormatId } from "./request.ts";
import type { Workspace } from "./workspace.ts";

/** `agent`: the CLI with its tools in the workspace. `chat`: a bare model, no tools. */
export type Mode = "agent" | "chat";

/** Whose tools the model is offered. The client's it runs itself, in between two requests; the agent's are its own. */
export type ToolOwner = "client" | "agent" | "both";

/** How a request is to be run. */
export interface RunSetup {
  readonly mode: Mode;
  readonly tools: ToolOwner;
  /** What happens when a tool of the agent needs permission, in the backend's own word; undefined: as it was configured. */
  readonly permissionMode?: string | undefined;
}

/** Something that answers canonical requests. */
export interface Backend {
  readonly id: string;
  /** The ways it can run a request. */
  readonly modes: readonly Mode[];
  readonly answersBy: "processes" | "http";
  /** Put into requests that name no model and are passed on. */
  readonly defaultModel?: string | undefined;
  /** The features of this request the backend cannot honour when it is run so; the client is told. */
  unsupported(request: ModelRequest, setup: RunSetup): readonly RequestFeature[];
  /** What its model knows this tool of the client's as, where that may be another name. */
  toolName?(name: string, request: ModelRequest, setup: RunSetup): string;
  /**
   * Answers one request as batches of events (see ModelEvent for the order). Failures are the
   * terminal `error` event, never an exception. Stops when the signal fires, and frees what it holds at its
   * end or when it is told to return. A run that finishes with `tool-calls` goes on in the request that
   * brings their results.
   */
  run(request: ModelRequest, context: RunContext): AsyncGenerator<readonly ModelEvent[], void>;
  /** Whether a request in this format, with this body, can travel as it came, and its answer back. */
  relays?(wireFormat: WireFormatId, body: unknown): boolean;
  /** Throws GatewayError where nobody answers; an answer of any status is passed on. */
  relay?(request: RelayedRequest, context: RelayContext): Promise<RelayedAnswer>;
  /** The models as they were last told, at no cost; none before that. */
  knownModels(): readonly ModelInfo[];
  /** Throws GatewayError. */
  listModels(signal: AbortSignal): Promise<readonly ModelInfo[]>;
  /** Ends and removes what it still keeps of a session, by what it last reported as `resume`. */
  forget?(session: ForgottenSession): void;
  /** Ends the turns that this request, or a session, left waiting for results of the client's tools; says how many. */
  endWaiting?(left: RequestOf | SessionOf): number;
  /** Input tokens this request would cost. Throws GatewayError. */
  countTokens(request: ModelRequest, context: RunContext): Promise<TokenCount>;
  status(): BackendStatus;
}

export interface RunContext extends RunSetup {
  readonly requestId: string;
  /** Who asks; two principals never share a conversation. */
  readonly principal: string;
  /** Where an agent works; undefined for a bare model. */
  readonly workspace?: Workspace | undefined;
  /** The client's name for the conversation; undefined when it gave none. */
  readonly session?: RunSession | undefined;
  readonly signal: AbortSignal;
  /**
   * How the client may send the answer back, each way as the messages it makes; without it, as what was said. Asked when
   * the run is over.
   */
  readonly shownAnswer?: (() => readonly (readonly Message[])[]) | undefined;
  /** Says what became known of the run, as soon as it is. Throws what the run is to end with where the client will not have it so. */
  readonly report: (facts: RunFacts) => void;
  /** Decides on a tool call that the backend may not make on its own; undefined where nobody is asked. */
  readonly approve?: Approve | undefined;
}

/** A request in the words of its client. */
export interface RelayedRequest {
  readonly wireFormat: WireFormatId;
  readonly method: string;
  /** Seen from the root of the API, with its version, and the query: `/v1/messages?beta=true`. */
  readonly path: string;
  /** All that the client sent; not all of it is for others. */
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
  /** What its client sent, parsed, where a model is to answer; the body may name another model. */
  readonly json?: unknown;
}

export interface RelayContext extends Pick<RunContext, "principal" | "session" | "signal" | "report"> {
  /** Of the events that the answer would have been, those that tell of its model, tokens and end; after the bytes. */
  readonly note: (event: ModelEvent) => void;
}

export interface RelayedAnswer {
  readonly status: number;
  /** Those that are for the client. */
  readonly headers: Headers;
  /** Whole, or as it comes; then it throws GatewayError where it breaks off. */
  readonly body: Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array>;
}

export interface RunSession {
  readonly id: string;
  /**
   * The client chose the id to name a session: its requests carry the whole conversation, and what the backend reports
   * as `resume` is kept with it. Otherwise the id is but a hint.
   */
  readonly named: boolean;
  /** What the backend reported last, by whichever process. */
  readonly resume?: string | undefined;
}

/** A session that the client named. */
export interface SessionOf {
  readonly principal: string;
  readonly session: string;
}

/** A request as its client knows it. */
export interface RequestOf {
  readonly principal: string;
  readonly requestId: string;
}

export interface ForgottenSession {
  readonly principal: string;
  readonly id: string;
  readonly resume: string | undefined;
}

export interface RunFacts {
  /** How a later run of the session can go on where this one ended; only the backend can read it. */
  readonly resume?: string;
  readonly sessionId?: string;
  /** `live`: the conversation's own child went on. `warm`: a parked child was claimed. `cold`: one was started. */
  readonly start?: "live" | "warm" | "cold";
  /** Milliseconds from asking for a child to having one ready to claim. */
  readonly spawnMs?: number;
  /** Fields of the messages, as the client spelled them, that this run leaves out: another one might not. */
  readonly ignoredFields?: readonly string[];
  /** Tools of the client's that the model knows by another name; what it calls has the client's. */
  readonly renamedTools?: readonly RenamedTool[];
  /** Further tries that an upstream took before its first byte. */
  readonly retries?: number;
}

export interface RenamedTool {
  readonly name: string;
  readonly as: string;
}

/** In tokens; what is not known is left out. */
export interface ModelLimits {
  /** Of a request, with all that is in it. */
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
}

export interface ModelInfo extends ModelLimits {
  readonly id: string;
  readonly displayName: string;
  /** Names the backend accepts for the same model (`opus`). */
  readonly aliases: readonly string[];
  readonly description?: string;
  /** Whose it is, in one word; undefined: Anthropic's. */
  readonly ownedBy?: string;
  /** When it was last told of, in Unix milliseconds, by a provider that cannot be asked now. */
  readonly lastTold?: number;
}

export interface TokenCount {
  readonly inputTokens: number;
  /** False when it is an estimate of ours. */
  readonly exact: boolean;
}

export interface BackendStatus {
  readonly ready: boolean;
  /** Why not, or what is worth knowing; one sentence. */
  readonly detail: string;
  readonly version?: string;
  /** Of a backend that answers with processes. */
  readonly children?: {
    readonly idle: number;
    readonly busy: number;
    /** How requests got theirs since the start; the share of `live` and `warm` is the pool's hit rate. */
    readonly starts: Readonly<Record<"live" | "warm" | "cold", number>>;
  };
}
