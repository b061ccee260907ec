/** Environment names of other Claude proxies, read as the settings they mean here. Our own names win over them. */

export interface CompatibleName {
  readonly name: string;
  readonly key: string;
  /** Reads their value as ours; undefined leaves the setting alone. */
  readonly read?: (text: string) => string | undefined;
}

const milliseconds = (perUnit: number) => (text: string) =>
  /^\d+$/.test(text.trim()) ? String(Number(text) / perUnit) : text;

const level = (text: string) => {
  const word = text.trim().toLowerCase();
  return (
    new Map([
      ["warning", "warn"],
      ["critical", "error"],
      ["trace", "debug"],
    ]).get(word) ?? word
  );
};

const format = (text: string) => {
  const word = text.trim().toLowerCase();
  return (
    new Map([
      ["rich", "pretty"],
      ["plain", "pretty"],
      ["text", "pretty"],
    ]).get(word) ?? word
  );
};

/** `:4141` and `[::1]:4141` are both an address to listen on. */
const listenHost = (text: string) => /^(.*):\d*$/.exec(text.trim())?.[1]?.replace(/^\[(.*)\]$/, "$1") || undefined;
const listenPort = (text: string) => /:(\d*)$/.exec(text.trim())?.[1] || undefined;

/** Later names win over earlier ones. */
export const compatibleNames: readonly CompatibleName[] = [
  { name: "CLAUDE_PATH", key: "claude.path" },
  { name: "CLAUDE_WORKING_DIR", key: "claude.cwd" },
  { name: "CLAUDE_PERMISSION_MODE", key: "claude.permission_mode" },
  { name: "CLAUDE_MAX_TURNS", key: "claude.max_turns" },
  { name: "CLAUDE_TIMEOUT_MS", key: "claude.request_timeout_seconds", read: milliseconds(1000) },
  { name: "CCPROXY_LISTEN", key: "server.host", read: listenHost },
  { name: "CCPROXY_LISTEN", key: "server.port", read: listenPort },
  { name: "CCPROXY_STATE", key: "state_dir" },
  { name: "CCPROXY_LOG_FORMAT", key: "log.format", read: format },
  { name: "CCPROXY_TOKEN", key: "server.auth_token" },
  { name: "LOGGING__LEVEL", key: "log.level", read: level },
  { name: "LOGGING__FORMAT", key: "log.format", read: format },
  { name: "LOGGING__FILE", key: "log.file" },
  { name: "CORS__ORIGINS", key: "server.cors_origins" },
  { name: "CLAUDE__CLI_PATH", key: "claude.path" },
  { name: "CLAUDE__SDK_MESSAGE_MODE", key: "claude.verbosity" },
  { name: "CLAUDE__CODE_OPTIONS__CWD", key: "claude.cwd" },
  { name: "CLAUDE__CODE_OPTIONS__MODEL", key: "claude.model" },
  { name: "CLAUDE__CODE_OPTIONS__ALLOWED_TOOLS", key: "claude.allowed_tools" },
  { name: "CLAUDE__CODE_OPTIONS__DISALLOWED_TOOLS", key: "claude.disallowed_tools" },
  { name: "CLAUDE__CODE_OPTIONS__PERMISSION_MODE", key: "claude.permission_mode" },
  { name: "CLAUDE__CODE_OPTIONS__MAX_TURNS", key: "claude.max_turns" },
  { name: "CLAUDE__CODE_OPTIONS__APPEND_SYSTEM_PROMPT", key: "claude.append_system_prompt" },
  { name: "CLAUDE__CODE_OPTIONS__ADD_DIRS", key: "claude.add_dirs" },
  { name: "SERVER__LOG_LEVEL", key: "log.level", read: level },
  { name: "SERVER__LOG_FORMAT", key: "log.format", read: format },
  { name: "SERVER__LOG_FILE", key: "log.file" },
  { name: "SERVER__HOST", key: "server.host" },
  { name: "SERVER__PORT", key: "server.port" },
  { name: "CLAUDE__BUILTIN_PERMISSIONS", key: "approvals.enabled" },
  { name: "SECURITY__CONFIRMATION_TIMEOUT_SECONDS", key: "approvals.timeout_seconds" },
  { name: "CCPROXY_AUTH_TOKEN", key: "server.auth_token" },
  { name: "SECURITY__AUTH_TOKEN", key: "server.auth_token" },
];
