import type { Backend, Mode } from "#core/backend.ts";
import type { Workspace } from "#core/workspace.ts";
import type { ChildJournal } from "#process/child.ts";

export interface ClaudeCliOptions {
  /** Where the CLI is; looked for when undefined. */
  readonly claudePath?: string | undefined;
  /** Where most agents will work: the first of them that are parked. */
  readonly workspace?: Workspace | undefined;
  /** Holds the directories that are made for one request each. */
  readonly ephemeralDirectory: string;
  /** An empty directory of ours that chat children run in. */
  readonly chatDirectory: string;
  /** The CLI's own temporary files, sockets and probe directories; emptied when the backend starts and stops. */
  readonly temporaryDirectory: string;
  /** For requests that name no model; the CLI's default when undefined. */
  readonly model?: string | undefined;
  readonly allowedTools: readonly string[];
  readonly disallowedTools: readonly string[];
  readonly permissionMode: string;
  /** Whether agents ask for what their permission mode does not allow, instead of being refused it. */
  readonly approvals?: boolean | undefined;
  readonly maxTurns?: number | undefined;
  /** How long the model may say nothing in the middle of a message; as long as the CLI bears it when undefined. */
  readonly idleTimeoutMs?: number | undefined;
  readonly appendSystemPrompt?: string | undefined;
  /** `size`: children kept parked; `maxAgeMs` and `maxTurns`: when a child is not used again. */
  readonly pool: { readonly size: number; readonly maxAgeMs: number; readonly maxTurns: number };
  /** The mode most requests come in, which most of the parked children are for. Default `agent`. */
  readonly defaultMode?: Mode | undefined;
  /** A conversation that nobody named goes on in its own child too. Default true. */
  readonly matchHistory?: boolean | undefined;
  /** Conversations whose child stays alive between turns. */
  readonly maxSessions: number;
  readonly sessionTtlMs: number;
  /** Turns that may wait for results of the client's tools, each with its child, and how long they do. */
  readonly maxParkedTurns: number;
  readonly parkedTtlMs: number;
  /** Free memory below which no further child is started. */
  readonly minFreeMemoryBytes: number;
  /** The proxy's own environment, to choose from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Set on every child, over what was chosen. */
  readonly extraEnvironment?: Readonly<Record<string, string>> | undefined;
  /** The origins we listen on: an inherited ANTHROPIC_BASE_URL that is one of them would be a loop. */
  readonly selfUrls: () => readonly string[];
  readonly journal?: ChildJournal | undefined;
  /** Whether a version that nobody tested lets the messages of its request be replaced; no when undefined. */
  readonly replacesMessages?: ((version: string) => boolean | Promise<boolean>) | undefined;
  readonly onNotice?: ((notice: Notice) => void) | undefined;
}

/** Something an operator may want to read; never holds prompts or answers. */
export interface Notice {
  readonly level: "debug" | "info" | "warn";
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface ClaudeCliBackend extends Backend {
  /** undefined when no CLI was found. */
  readonly claudePath: string | undefined;
  /** Looks for the CLI and fills the pool. Does not throw when there is none: `status()` says so. */
  start(): Promise<void>;
  /** The CLI, asked by itself, says that it is not logged in. */
  noteNoLogin(): void;
  /** Ends every child: idle ones at once, busy ones by the deadline. */
  stop(deadlineMs: number): Promise<void>;
  stats(): ClaudeCliStats;
}

/** Counts since the start. */
export interface ClaudeCliStats {
  readonly poolHits: number;
  readonly poolMisses: number;
  readonly liveHits: number;
  readonly parked: number;
  readonly live: number;
  /** Turns that wait for results of the client's tools. */
  readonly waiting: number;
  readonly busy: number;
  readonly spawned: number;
  /** Of those, the parked ones that have spent the cost of a first turn ahead. */
  readonly rehearsed: number;
  /** Children ended after a turn because only they know what they were told, or were told too much. */
  readonly discarded: number;
  /** Lines of a type or shape this version of ours does not know, by name. */
  readonly unknownLines: Readonly<Record<string, number>>;
  readonly garbageLines: number;
}
