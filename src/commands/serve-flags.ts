import { modes } from "#config/schema-parts.ts";
import { logFormats, logLevels, permissionModes, verbosities } from "#config/schema.ts";

import { commonFlags, configFlags, type Flags } from "./flag.ts";

const listening = "Listening";
const claude = "Claude";
const capacity = "Capacity";
const log = "Log";

/** Flags of `serve`; each one that has a `key` is a setting of the configuration. */
export const serveFlags = {
  host: {
    type: "string",
    group: listening,
    key: "server.host",
    valueHint: "address",
    description: "Address to listen on (127.0.0.1). Beyond loopback an access token is required.",
  },
  port: {
    type: "string",
    alias: "p",
    group: listening,
    key: "server.port",
    valueHint: "number",
    description: "Port to listen on (8000); 0 takes a free one.",
  },
  "auth-token": {
    type: "string",
    group: listening,
    key: "server.auth_token",
    valueHint: "token",
    description:
      "Access token clients must present. Other users can see it in the process list; prefer CCPROXY__SERVER__AUTH_TOKEN.",
  },
  cwd: {
    type: "string",
    group: claude,
    key: "claude.cwd",
    valueHint: "directory",
    completes: "directory",
    description: "Directory Claude works in (the current one).",
  },
  model: {
    type: "string",
    group: claude,
    key: "claude.model",
    valueHint: "name",
    description: "Model for requests that name none.",
  },
  mode: {
    type: "enum",
    options: [...modes],
    group: claude,
    key: "claude.mode",
    description: "agent: Claude Code with its tools (the default). chat: a bare model.",
  },
  verbosity: {
    type: "enum",
    options: [...verbosities],
    group: claude,
    key: "claude.verbosity",
    valueHint: "how",
    description: "What clients see of the tools Claude Code runs itself (text-only: nothing).",
  },
  "allowed-tools": {
    type: "string",
    group: claude,
    key: "claude.allowed_tools",
    repeatable: true,
    valueHint: "list",
    description: 'Tools that need no permission, as Read or "Bash(git log:*)"; repeat it or use commas.',
  },
  "disallowed-tools": {
    type: "string",
    group: claude,
    key: "claude.disallowed_tools",
    repeatable: true,
    valueHint: "list",
    description: "Tools Claude may not use.",
  },
  "permission-mode": {
    type: "enum",
    options: [...permissionModes],
    group: claude,
    key: "claude.permission_mode",
    valueHint: "mode",
    description: "What happens when a tool needs permission (default: it is refused, or asked for with --approvals).",
  },
  approvals: {
    type: "boolean",
    group: claude,
    key: "approvals.enabled",
    description: "Ask about what the permission mode does not allow: see ccproxy permission-handler.",
  },
  "max-turns": {
    type: "string",
    group: claude,
    key: "claude.max_turns",
    valueHint: "number",
    description: "Model calls one request may take (no limit).",
  },
  "append-system-prompt": {
    type: "string",
    group: claude,
    key: "claude.append_system_prompt",
    valueHint: "text",
    description: "Text added to Claude Code's own system prompt in agent mode.",
  },
  "add-dir": {
    type: "string",
    group: claude,
    key: "claude.add_dirs",
    repeatable: true,
    valueHint: "directory",
    completes: "directory",
    description: "Another directory Claude's tools may reach; may be repeated.",
  },
  "mcp-config": {
    type: "string",
    group: claude,
    key: "claude.mcp_config",
    repeatable: true,
    valueHint: "file",
    completes: "file",
    description: "MCP configuration, a file or inline JSON; may be repeated.",
  },
  "claude-path": {
    type: "string",
    group: claude,
    key: "claude.path",
    valueHint: "file",
    completes: "file",
    description: "The claude executable (found in PATH and the usual places).",
  },
  demo: {
    type: "boolean",
    group: claude,
    key: "demo",
    description: "Answer from the built-in demo upstream: no login, no cost, no real model.",
  },
  "pool-size": {
    type: "string",
    group: capacity,
    key: "pool.size",
    valueHint: "number",
    description: "Claude processes kept warm for new conversations (auto: by free memory).",
  },
  "max-sessions": {
    type: "string",
    group: capacity,
    key: "pool.max_sessions",
    valueHint: "number",
    description: "Conversations whose process stays alive between requests (8).",
  },
  "queue-timeout": {
    type: "string",
    group: capacity,
    key: "limits.queue_timeout_seconds",
    valueHint: "seconds",
    description: "Longest a request waits for its turn before a 429 (30).",
  },
  "log-level": {
    type: "enum",
    options: [...logLevels],
    group: log,
    key: "log.level",
    valueHint: "level",
    description: "Least important lines to print (info).",
  },
  "log-format": {
    type: "enum",
    options: [...logFormats],
    group: log,
    key: "log.format",
    valueHint: "format",
    description: "auto is pretty on a terminal and JSON otherwise.",
  },
  "log-file": {
    type: "string",
    group: log,
    key: "log.file",
    valueHint: "file",
    completes: "file",
    description: "Also write the log to this file, as JSON lines, rotated by size.",
  },
  ...configFlags,
  ...commonFlags,
} satisfies Flags;
