import { cpus } from "node:os";

import {
  type ClaudeCliBackend,
  type ClaudeCliOptions,
  createClaudeCliBackend,
  type Notice,
} from "#backends/claude-cli/index.ts";
import type { Config } from "#config/schema.ts";
import type { Workspace } from "#core/workspace.ts";
import type { ChildJournal } from "#process/child.ts";
import { availableMemoryBytes } from "#process/memory.ts";

import type { Places } from "./places.ts";

export interface BackendDeps {
  readonly config: Config;
  /** Where most agents will work. */
  readonly workspace: Workspace | undefined;
  readonly places: Places;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly extraEnvironment: Readonly<Record<string, string>>;
  readonly selfUrls: () => readonly string[];
  readonly journal: ChildJournal | undefined;
  readonly replacesMessages?: ClaudeCliOptions["replacesMessages"];
  readonly onNotice: (notice: Notice) => void;
}

const mebibyte = 1024 * 1024;
const minuteMs = 60_000;
/** What a child takes while it answers: 200 MB resident were measured, some of it shared. */
const childBytes = 200 * mebibyte;

/** The Claude Code backend as the configuration describes it. Starts nothing yet. */
export function createBackend({ config, ...deps }: BackendDeps): ClaudeCliBackend {
  const { claude, approvals, pool, sessions, limits } = config;
  return createClaudeCliBackend({
    claudePath: claude.path,
    workspace: deps.workspace,
    ephemeralDirectory: deps.places.ephemeral,
    chatDirectory: deps.places.chat,
    temporaryDirectory: deps.places.temporary,
    defaultMode: claude.mode,
    model: claude.model,
    allowedTools: claude.allowed_tools,
    disallowedTools: claude.disallowed_tools,
    permissionMode: claude.permission_mode,
    approvals: approvals.enabled,
    maxTurns: claude.max_turns,
    idleTimeoutMs: claude.idle_timeout_seconds && claude.idle_timeout_seconds * 1000,
    appendSystemPrompt: claude.append_system_prompt,
    pool: {
      size: pool.size === "auto" ? automaticPoolSize(availableMemoryBytes()) : pool.size,
      maxAgeMs: pool.max_age_minutes * minuteMs,
      maxTurns: pool.max_turns,
    },
    matchHistory: sessions.match_history,
    maxSessions: pool.max_sessions,
    sessionTtlMs: pool.session_ttl_minutes * minuteMs,
    maxParkedTurns: pool.max_parked_turns,
    parkedTtlMs: pool.parked_ttl_minutes * minuteMs,
    minFreeMemoryBytes: limits.min_free_memory_mb * mebibyte,
    environment: deps.environment,
    extraEnvironment: deps.extraEnvironment,
    selfUrls: deps.selfUrls,
    journal: deps.journal,
    replacesMessages: deps.replacesMessages,
    onNotice: deps.onNotice,
  });
}

/** One child a core, as far as a quarter of the free memory allows; at least one, unless there is no room at all. */
export function automaticPoolSize(freeBytes: number, cores = cpus().length): number {
  const fitting = Math.floor(freeBytes / 4 / childBytes);
  return Math.max(freeBytes > 2 * childBytes ? 1 : 0, Math.min(cores, fitting));
}
