/**
 * Every setting there is: its type, default, and the sentence that documents it. The one schema
 * validates files, environment and flags, types `Config`, and prints as JSON Schema for editors.
 * It knows nothing of what the settings do.
 */
import * as v from "valibot";

import { accessToken, amount, choice, efforts, modes, someName, text, texts, whole } from "./schema-parts.ts";
import { price, provider } from "./schema-providers.ts";
import { routing } from "./schema-routing.ts";

export const permissionModes = ["default", "acceptEdits", "plan", "dontAsk", "auto", "bypassPermissions"] as const;
const toolOwners = ["client", "agent", "both"] as const;
export const verbosities = ["text-only", "ignore", "formatted", "forward", "verbose", "narrated"] as const;
export const logLevels = ["debug", "info", "warn", "error"] as const;
export const logFormats = ["auto", "pretty", "json"] as const;
const settingSources = ["user", "project", "local"] as const;
const sandboxes = ["read-only", "workspace-write", "danger-full-access"] as const;
const approvalPolicies = ["untrusted", "on-request", "never"] as const;

const server = v.strictObject({
  host: v.optional(text("Address to listen on. Anything but loopback needs server.auth_token."), "127.0.0.1"),
  port: v.optional(whole(0, 65_535, "Port to listen on; 0 takes a free one."), 8000),
  auth_token: v.optional(
    accessToken("Access token clients must present, as Bearer or x-api-key. Unset: no token is asked for."),
  ),
  tokens: v.pipe(
    v.optional(v.record(someName, accessToken("The token of that name.")), {}),
    v.description("More access tokens, each with the name of who has it."),
  ),
  cors_origins: v.optional(texts("Browser origins that may call the API; `*` means any."), []),
  allowed_hosts: v.optional(texts("Host names, besides loopback and server.host, the API may be addressed by."), []),
  max_body_mb: v.optional(amount(1, 1024, "Largest request body, in MB."), 64),
  heartbeat_seconds: v.optional(amount(1, 120, "Silence after which a stream is kept alive with a heartbeat."), 10),
  drain_seconds: v.optional(amount(0, 3600, "How long running turns may finish after SIGTERM."), 20),
});

const claude = v.strictObject({
  path: v.optional(text("The claude executable. Unset: looked up in PATH and the usual places.")),
  cwd: v.optional(text("Directory Claude works in. Unset: where ccproxy was started.")),
  mode: v.optional(choice(modes, "agent: Claude Code with its tools. chat: a bare model without tools."), "agent"),
  model: v.optional(text("Model for requests that name none, or `default`. Unset: the CLI's default.")),
  verbosity: v.optional(choice(verbosities, "What clients see of the tools Claude Code runs itself."), "text-only"),
  allowed_tools: v.optional(texts("Tools that need no permission, as `Read` or `Bash(git log:*)`."), []),
  disallowed_tools: v.optional(texts("Tools Claude may not use."), []),
  permission_mode: v.optional(choice(permissionModes, "What happens when a tool needs permission."), "default"),
  max_turns: v.optional(whole(1, 10_000, "Model calls one request may take. Unset: no limit.")),
  append_system_prompt: v.optional(text("Text added to Claude Code's own system prompt in agent mode.")),
  add_dirs: v.optional(texts("More directories Claude's tools may reach."), []),
  mcp_config: v.optional(texts("MCP configurations: files, or inline JSON."), []),
  setting_sources: v.optional(
    v.pipe(v.array(v.picklist(settingSources)), v.description("Which Claude Code settings the CLI reads.")),
    ["user"],
  ),
  request_timeout_seconds: v.optional(amount(1, 86_400, "Longest a single request may take."), 3600),
  idle_timeout_seconds: v.optional(amount(1, 86_400, "Longest silence within an answer. Unset: Claude Code's own.")),
});

const codex = v.strictObject({
  enabled: v.optional(
    v.pipe(v.boolean(), v.description("Codex answers too, with the login it has: under /codex, or by routing.")),
    false,
  ),
  path: v.optional(text("The codex executable. Unset: looked up in PATH and the usual places.")),
  home: v.optional(text("Its CODEX_HOME, with another login and config.toml. Unset: the environment's.")),
  model: v.optional(text("Model for requests that name none, or `default`. Unset: Codex's default.")),
  models: v.optional(texts("Names of models that go to it by themselves; `*` stands for anything."), []),
  sandbox: v.optional(choice(sandboxes, "What the commands of its agents may reach."), "workspace-write"),
  approval_policy: v.optional(
    choice(approvalPolicies, "When its agents ask first; what nobody allows is declined."),
    "on-request",
  ),
  response_timeout_seconds: v.optional(amount(1, 86_400, "Longest wait for its provider to begin an answer."), 600),
  pass_env: v.optional(texts("More variables of ccproxy's environment that it gets, as a provider's key."), []),
});

const approvals = v.strictObject({
  enabled: v.optional(
    v.pipe(
      v.boolean(),
      v.description(
        "Agents ask for what their permission mode does not allow. Whoever may use the API may then allow it.",
      ),
    ),
    false,
  ),
  timeout_seconds: v.optional(amount(1, 3600, "How long an approval handler may take; then the call is denied."), 30),
});

const pool = v.strictObject({
  size: v.optional(
    v.pipe(
      v.union([v.literal("auto"), v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(64))]),
      v.description("Claude processes kept warm for new conversations; auto goes by free memory, 0 keeps none."),
    ),
    "auto",
  ),
  max_age_minutes: v.optional(amount(1, 1440, "Age at which a warm process is replaced."), 30),
  max_turns: v.optional(whole(1, 10_000, "Turns after which a conversation gets a new process."), 50),
  max_sessions: v.optional(whole(0, 256, "Conversations whose process stays alive between requests."), 8),
  max_parked_turns: v.optional(
    whole(0, 256, "Agents' turns that may wait for results of a client's tools, each with its process."),
    8,
  ),
  parked_ttl_minutes: v.optional(
    amount(0.05, 1440, "How long such a turn waits; a later result is answered from the conversation."),
    10,
  ),
  session_ttl_minutes: v.optional(amount(0.05, 1440, "Idle time after which a conversation's process ends."), 30),
});

const sessions = v.strictObject({
  match_history: v.optional(
    v.pipe(
      v.boolean(),
      v.description("A request without a session that repeats a whole conversation goes on in that one's process."),
    ),
    true,
  ),
  wait_seconds: v.optional(amount(0, 3600, "Longest a request waits for its session's turn before a 409."), 120),
  max_waiting: v.optional(whole(0, 1000, "Requests that may wait for one session; more get a 409."), 8),
  keep_days: v.optional(amount(0.01, 3650, "Time without use after which a session is forgotten."), 30),
  max_kept: v.optional(whole(1, 1_000_000, "Sessions that are remembered; the longest unused goes first."), 1000),
  max_mb: v.optional(whole(1, 1_048_576, "Space they may take together; the longest unused goes first."), 512),
});

const responses = v.strictObject({
  keep_days: v.optional(
    amount(0, 3650, "How long answers of /v1/responses are kept for previous_response_id; 0 keeps none."),
    30,
  ),
  max_mb: v.optional(whole(1, 1_048_576, "Space they may take together; the oldest goes first."), 512),
});

const limits = v.strictObject({
  max_running: v.optional(whole(1, 240, "Requests that Claude Code answers at the same time."), 8),
  max_waiting: v.optional(whole(0, 10_000, "Requests that may wait for their turn; more get a 429."), 32),
  max_upstream: v.optional(whole(1, 65_000, "Requests to providers' APIs answered at the same time."), 240),
  queue_timeout_seconds: v.optional(amount(0, 3600, "Longest wait for a turn before a 429."), 30),
  min_free_memory_mb: v.optional(whole(0, 1_048_576, "Free memory below which no new Claude process starts."), 512),
});

const idempotency = v.strictObject({
  window_minutes: v.optional(
    amount(0, 1440, "How long an answer can be had again by its Idempotency-Key; 0: never."),
    10,
  ),
  linger_seconds: v.optional(amount(0, 3600, "How long a turn with a key goes on when its client has left."), 60),
  max_answers: v.optional(whole(1, 100_000, "Answers that are kept; the oldest is forgotten first."), 1000),
  max_mb: v.optional(amount(1, 10_240, "Memory they may take together; one alone a quarter of it."), 64),
});

const log = v.strictObject({
  level: v.optional(choice(logLevels, "Least important lines to print."), "info"),
  format: v.optional(choice(logFormats, "auto: pretty on a terminal, JSON otherwise."), "auto"),
  file: v.optional(text("File the log is also written to, as JSON lines.")),
  max_file_mb: v.optional(amount(1, 10_240, "Size at which the log file is rotated."), 20),
  max_files: v.optional(whole(1, 1000, "Rotated log files that are kept."), 5),
  retention_days: v.optional(whole(0, 36_500, "Days the access log keeps a request; 0 keeps it for ever."), 90),
});

/** Beside what belongs to `claude`, which holds where nothing is said here. */
const placeRules = {
  add_dirs: v.optional(texts("More directories Claude's tools may reach there.")),
  mcp_config: v.optional(texts("MCP configurations for it: files, or inline JSON.")),
};

const workspace = v.strictObject({
  path: v.optional(text("Its directory.")),
  ...placeRules,
  setting_sources: v.optional(
    v.pipe(v.array(v.picklist(settingSources)), v.description("Which Claude Code settings the CLI reads there.")),
  ),
  trusted: v.optional(
    v.pipe(v.boolean(), v.description("Claude Code's own settings in it (`.claude/`, hooks among them) are honoured.")),
    false,
  ),
});

const workspaces = v.objectWithRest(
  {
    allow_paths: v.optional(texts("Directories below which clients may name any other by its path."), []),
    default: v.optional(text("Workspace of requests that name none. Unset: claude.cwd.")),
    ephemeral: v.pipe(v.optional(v.strictObject(placeRules), {}), v.description("One made for a single request.")),
  },
  workspace,
);

const alias = v.strictObject({
  tools: v.optional(choice(toolOwners, "Whose tools the model is offered.")),
  model: v.optional(text("Model the alias stands for.")),
  effort: v.optional(choice(efforts, "Effort of the model, where the client asks for none.")),
  system_prompt: v.optional(text("Instructions before the client's: added to Claude Code's own in agent mode.")),
  permission_mode: v.optional(choice(permissionModes, "What happens when a tool needs permission.")),
  mode: v.optional(choice(modes, "Mode the alias asks for.")),
  verbosity: v.optional(choice(verbosities, "What clients of the alias see of Claude Code's own tools.")),
  workspace: v.optional(text("Workspace its agents work in.")),
});

const models = v.strictObject({
  passthrough: v.optional(
    v.pipe(v.boolean(), v.description("Pass names on that are not in the list of models; off: they are a 404.")),
    true,
  ),
  openai_names: v.pipe(
    v.optional(v.record(someName, text("Model that answers.")), {}),
    v.description('Models that answer to names of OpenAI\'s: `"gpt-4o" = "sonnet"`. The answer names the real one.'),
  ),
});

export const configSchema = v.strictObject({
  server: v.pipe(v.optional(server, {}), v.description("How clients reach ccproxy.")),
  claude: v.pipe(v.optional(claude, {}), v.description("The Claude Code CLI that answers.")),
  codex: v.pipe(v.optional(codex, {}), v.description("The Codex CLI that answers beside it.")),
  approvals: v.pipe(v.optional(approvals, {}), v.description("Tool calls that a person decides on.")),
  pool: v.pipe(v.optional(pool, {}), v.description("Claude processes that live longer than a request.")),
  sessions: v.pipe(v.optional(sessions, {}), v.description("Conversations that go on, and those that have a name.")),
  responses: v.pipe(v.optional(responses, {}), v.description("Answers that are kept under their ids.")),
  limits: v.pipe(v.optional(limits, {}), v.description("How much is done at once.")),
  idempotency: v.pipe(v.optional(idempotency, {}), v.description("Requests that are repeated with their key.")),
  log: v.pipe(v.optional(log, {}), v.description("What is printed and written.")),
  state_dir: v.optional(
    text(
      "Directory for the access log, process records and what named sessions remember. Unset: the platform's place.",
    ),
  ),
  aliases: v.pipe(
    v.optional(v.record(someName, alias), {}),
    v.description('Model names of your own: `[aliases.fast] model = "haiku"`.'),
  ),
  model_versions: v.pipe(
    v.optional(v.record(someName, text("Full name of a model.")), {}),
    v.description('Full names that family names stand for: `sonnet = "claude-sonnet-4-6"`.'),
  ),
  models: v.pipe(v.optional(models, {}), v.description("Which names of models are answered.")),
  providers: v.pipe(
    v.optional(v.record(someName, provider), {}),
    v.description("APIs that answer beside Claude Code, with your own keys: `[providers.openai]`."),
  ),
  prices: v.pipe(
    v.optional(v.record(someName, price), {}),
    v.description('Prices of models, in place of the vendors\' lists: `[prices."local/*"]`.'),
  ),
  prices_file: v.optional(text("File with more such prices; those of the configuration go before them.")),
  routing: v.pipe(v.optional(routing, {}), v.description("Which of them answers a request.")),
  workspaces: v.pipe(
    v.optional(workspaces, {}),
    v.description('Directories clients may have agents work in: `[workspaces.site] path = "~/site"`.'),
  ),
  trust: v.pipe(
    v.optional(
      v.strictObject({
        folders: v.optional(texts("Folders whose ccproxy file may set anything, with all below them."), []),
      }),
      {},
    ),
    v.description("Which project files are believed. Only read from your own configuration."),
  ),
  demo: v.optional(v.pipe(v.boolean(), v.description("Answer from the built-in demo upstream.")), false),
});

export type Config = v.InferOutput<typeof configSchema>;

/** By its dotted name, whether a setting's value is never printed. */
export function isSecret(key: string): boolean {
  return /^server\.(?:auth_token|tokens)(?:\.|$)/.test(key) || /^providers\..+\.(?:headers\..+|proxy)$/.test(key);
}
