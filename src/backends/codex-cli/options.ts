import type { Backend } from "#core/backend.ts";
import type { ChildJournal } from "#process/child.ts";

/** What an agent's commands may reach, in Codex's own words. */
export type Sandbox = "read-only" | "workspace-write" | "danger-full-access";
/** When an agent asks before it does something, likewise. */
export type ApprovalPolicy = "untrusted" | "on-request" | "never";

export interface CodexCliOptions {
  /** Where `codex` is; looked for when undefined. */
  readonly codexPath?: string | undefined;
  /** Our own version, which Codex is told with our name. */
  readonly version: string;
  /** For requests that name no model; Codex's own default when undefined. */
  readonly model?: string | undefined;
  readonly sandbox: Sandbox;
  readonly approvalPolicy: ApprovalPolicy;
  /** `key=value` each, over the user's own `config.toml`. */
  readonly settings?: readonly string[] | undefined;
  /** An empty directory of ours, where a bare model is. */
  readonly chatDirectory: string;
  /** Holds the directories that are made for one request each. */
  readonly ephemeralDirectory: string;
  /** False: only a client's own id of the session tells conversations apart. */
  readonly matchHistory?: boolean | undefined;
  /** Agents' conversations that Codex keeps open between two turns, and how long it does. */
  readonly maxSessions: number;
  readonly sessionTtlMs: number;
  /** Turns that may wait for results of the client's tools, and how long they do. */
  readonly maxParkedTurns: number;
  readonly parkedTtlMs: number;
  /** How long its provider may take to begin an answer. */
  readonly responseTimeoutMs: number;
  /** Free memory below which Codex is not started. */
  readonly minFreeMemoryBytes: number;
  /** The proxy's own environment, to choose from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Names of more variables that Codex gets of it. */
  readonly passEnv?: readonly string[] | undefined;
  /** Set over what was chosen. */
  readonly extraEnvironment?: Readonly<Record<string, string>> | undefined;
  /** The origins we listen on: Codex with one of them as its provider would be a loop. */
  readonly selfUrls: () => readonly string[];
  readonly journal?: ChildJournal | undefined;
  readonly onNotice?: ((notice: Notice) => void) | undefined;
}

/** Something an operator may want to read; never holds prompts or answers. */
export interface Notice {
  readonly level: "debug" | "info" | "warn";
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** What is seen of a program that runs. */
export interface CodexFacts {
  readonly path: string | undefined;
  readonly version: string | undefined;
  /** Whose login it has, in Codex's words for its kind; undefined where its provider asks for none. */
  readonly login: string | undefined;
}

export interface CodexCliBackend extends Backend {
  /** Starts Codex, where it does not run. Throws GatewayError. */
  probe(signal: AbortSignal): Promise<CodexFacts>;
  /** Ends every turn by the deadline, and Codex. */
  stop(deadlineMs: number): Promise<void>;
}
