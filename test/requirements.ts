/**
 * What the four earlier proxies could do, and what ccproxy promises in its place, as data. A test
 * proves a row by naming it in a comment or a title: `proves("api-openai-chat")`.
 * `bun run requirements` prints what is not proven yet.
 */

export interface Requirement {
  readonly id: string;
  /** The seeds that have it: 000 and 001 (Python, two generations), 002 (Node), 003 (Go), 004 (Python, interception). */
  readonly source: string;
  readonly behaviour: string;
  /** `planned`: not part of this release; everything else must become proven. */
  readonly status?: "planned";
}

type Row = readonly [id: string, source: string, behaviour: string];

const promised: readonly Row[] = [
  // The API
  ["api-openai-chat", "seed 002, 003, 004", "POST /v1/chat/completions under the bare root, streaming and not"],
  [
    "api-openai-responses",
    "seed 000, 004",
    "POST /v1/responses, streaming and not, with the responses it keeps; WebSocket is refused as Codex needs it, with 426",
  ],
  ["api-anthropic-messages", "seed 000, 001, 004", "POST /v1/messages under the bare root, streaming and not"],
  ["api-prefixes-claude", "seed 000, 001", "the same routes under /claude and /sdk"],
  [
    "api-prefixes-backends",
    "seed 000, 001",
    "the same routes under /cc, /api, /codex and /api/codex, each for its backend",
  ],
  ["api-models", "seed 000 to 004", "GET /v1/models is one list that both official SDKs accept"],
  ["api-count-tokens", "seed 004", "POST /v1/messages/count_tokens answers a figure, and marks an estimate as one"],
  ["api-health", "seed 000, 001, 003", "/health, /health/live, /health/ready, /healthz and /readyz"],
  ["api-openapi", "seed 000, 001", "an OpenAPI document of every route, and /swagger that works without the network"],
  ["api-unknown-route", "none", "unknown paths and wrong methods answer 404 and 405 in the wire format of the path"],
  // Streams
  ["stream-token-level", "seed 002, 004", "text arrives as the model writes it, in correct, gapless indices"],
  ["stream-one-terminal", "none", "every stream has one terminal and one finish reason, and nothing after it"],
  ["stream-usage", "seed 001", "usage with cache reads and writes, in both formats, streaming and not"],
  ["stream-heartbeat", "none", "a long silence is bridged by bytes that every client ignores"],
  ["stream-true-status", "none", "a failure before the first event has its own HTTP status, never a 200"],
  ["stream-late-error", "none", "a failure after the first byte is the format's error frame, never a clean end"],
  ["stream-cancel", "seed 002", "a client that leaves stops its turn, streaming and not"],
  // Fidelity
  ["request-system-developer", "seed 001", "system and developer messages reach the model as instructions"],
  ["request-history", "seed 002", "whole histories, tool calls, tool results and thinking keep their true roles"],
  ["request-images", "seed 002, 004", "images as base64, data URL and http URL"],
  ["request-documents", "none", "documents reach the model"],
  ["request-sampling", "seed 001", "temperature, top_p, stop sequences and token limits reach the upstream"],
  [
    "request-thinking",
    "seed 000, 001, 003",
    "thinking budgets and reasoning effort reach the upstream, thinking comes back",
  ],
  [
    "request-idempotency",
    "none",
    "a request repeated with its Idempotency-Key gets the same answer, streams too, once billed",
  ],
  ["request-cancel", "none", "a running request can be cancelled by its id"],
  ["request-ignored-params", "seed 003", "what nothing can honour is named in a header, or refused in strict mode"],
  [
    "request-model-truth",
    "seed 000, 001",
    "a model is never replaced silently: the answer and a header name the one used",
  ],
  ["model-aliases", "seed 000 to 004", "configured names stand for models and how they are run"],
  [
    "model-limits",
    "none",
    "the list of models says how much each takes, by configuration, its backend, or a release's data",
  ],
  [
    "model-options",
    "seed 000, 001, 003",
    "pinned families, passthrough, OpenAI's names, permission modes and, by header, effort and model",
  ],
  // The Claude Code backend
  [
    "cli-stream-json",
    "seed 000 to 003",
    "one long-lived claude a conversation over stdin; the prompt is never in argv",
  ],
  ["cli-warm-pool", "seed 000, 001", "a warm claude takes a new conversation without the start-up cost"],
  ["cli-continues", "seed 000 to 003", "a conversation that goes on reuses its own live claude"],
  ["cli-cwd", "seed 000, 001, 003", "the CLI works in the folder given by --cwd"],
  ["cli-options", "seed 001", "tools, permission mode, turns, prompts, folders and MCP files as serve flags"],
  ["tool-approval", "seed 001", "approval of tool calls over REST and SSE, with the seeds' payloads"],
  ["tool-approval-terminal", "seed 001", "approval of tool calls in a terminal"],
  [
    "tool-visibility",
    "seed 000, 001, 003",
    "what Claude does with its own tools is shown as the client asks: forward, formatted, verbose, narrated, or not",
  ],
  ["workspace-named", "seed 003", "named workspaces, by header or alias; client-supplied paths off by default"],
  ["workspace-ephemeral", "seed 003", "a throw-away working directory for one request"],
  ["cli-two-versions", "none", "the newest CLI and 2.1.197 both work"],
  [
    "cli-untested-versions",
    "none",
    "an untested CLI is tried offline: doctor names what differs, chat mode falls back, unknown lines are counted",
  ],
  ["cli-modes", "none", "agent mode with tools in the workspace, chat mode as a bare model"],
  ["cli-environment", "none", "the child's environment is an allow-list that keeps the user's login working"],
  ["cli-kill-group", "none", "the end of a child is the end of its whole process group, on a ladder"],
  ["cli-no-orphans", "none", "neither drain, crash nor SIGKILL of the proxy leaves a claude behind"],
  ["cli-disconnects", "none", "a client that hangs up at any moment leaves no turn, no upstream request and no memory"],
  ["cli-hostile-output", "none", "huge, split, garbage and missing output lines are typed errors"],
  ["admission-limits", "none", "bounded running and waiting requests, then 429 with Retry-After"],
  // Providers
  ["upstream-api-key", "seed 000, 004", "Anthropic- and OpenAI-compatible upstreams by API key"],
  ["upstream-others", "seed 004", "Gemini, DeepSeek and Perplexity"],
  [
    "upstream-relay",
    "none",
    "a request in its provider's own format goes up, and its answer comes down, byte for byte",
  ],
  [
    "upstream-kept-responses",
    "none",
    "a response that a provider keeps is found by its id, after a restart too, by its caller alone",
  ],
  [
    "upstream-transform",
    "seed 000, 001",
    "any client format on any upstream format; what an API has no word for is named, never dropped",
  ],
  [
    "upstream-key-names",
    "seed 004",
    "a key `sk-ant-oat-ccproxy-NAME` says who answers; it is no credential and goes nowhere",
  ],
  ["upstream-rule-options", "seed 004", "a rule sets how a request is run, where its client leaves that open"],
  [
    "upstream-affinity",
    "none",
    "of several credentials in turn a conversation keeps one, whether its client names it or not",
  ],
  [
    "upstream-last-good",
    "none",
    "models are listed as they were last told, marked so, where a provider cannot be asked, after a restart too",
  ],
  [
    "upstream-ssrf",
    "none",
    "no URL of a provider leads to this machine or a private network, by its spelling or by lookup, without an explicit word",
  ],
  ["upstream-named-errors", "none", "an error before the first byte says which backend was asked, and as what"],
  [
    "translation-properties",
    "none",
    "words, calls, reasons and usage survive each pair of formats however a stream is cut, in strict order whatever comes",
  ],
  [
    "recorded-clients",
    "none",
    "requests recorded from official SDKs, Codex and Claude Code lose nothing, and what nobody can honour is named",
  ],
  ["upstream-routing", "none", "who answers is chosen by address, header, model and rules, and others stand in"],
  [
    "upstream-codex",
    "seed 000, 001, 004",
    "Codex answers through its own CLI and login: a bare model, an agent, the client's tools, approvals",
  ],
  [
    "upstream-oauth",
    "seed 000, 001, 004",
    "the CLIs' own sign-ins, where they are asked for: renewed once for everybody, written back whole, never lost",
  ],
  [
    "upstream-oauth-login",
    "seed 000",
    "a sign-in with PKCE by loopback, by the server's callback or by paste: with consent, checked state, and once",
  ],
  [
    "upstream-oauth-keys",
    "none",
    "an API key by a browser where the vendor's flow is open to everybody, with no id of anybody's program",
  ],
  [
    "upstream-keychain",
    "none",
    "a key that the system's keychain keeps, from the login that puts it there to the logout",
  ],
  ["upstream-balance", "seed 000", "several credentials, balanced and failing over"],
  [
    "upstream-rest",
    "none",
    "a refused credential is asked behind the others until it is mended, a failing upstream by one try at a time",
  ],
  ["upstream-key-check", "none", "each key is tried by itself, and what cannot be told is not called working"],
  // Tools of the client
  ["tool-client", "seed 000, 004", "function calling with the client's own tools, through SDKs and agent frameworks"],
  [
    "tool-client-live",
    "none",
    "results go on in the process that made the calls, and the model is asked once an answer",
  ],
  ["tool-codex", "none", "Codex as a client works through whole tasks with its own tools and sandbox"],
  ["tool-claude-code", "none", "Claude Code as a client works with its own tools, with no header of ours"],
  ["structured-output", "none", "an answer in the form of a schema fits it or is an error, never prose"],
  // Sessions
  ["session-named", "seed 000, 001, 003", "named sessions by URL, header and body, with a memory of their own"],
  ["session-path", "seed 000, 001", "a session id in the path: /sdk/{id}/v1 and /claude/{id}/v1"],
  ["session-resume", "seed 002, 003", "a session goes on after eviction, a restart and a crash"],
  ["session-isolation", "none", "no sequence of requests by two callers lets one see a word of the other"],
  ["session-turns", "seed 000, 003", "one turn at a time in a session: a second request waits or interrupts"],
  ["session-api", "none", "sessions are listed, looked at, interrupted and deleted over HTTP, one's own only"],
  // Security
  ["auth-token", "seed 000 to 003", "one access token guards the API, compared in constant time"],
  ["auth-x-api-key", "seed 000", "x-api-key is accepted as Bearer is"],
  ["auth-named-tokens", "seed 003", "several named access tokens, each a caller of its own, and rules by their names"],
  ["auth-loopback", "none", "binding beyond loopback needs an access token"],
  ["auth-rebinding", "none", "a foreign Host or Origin is refused"],
  ["limit-body", "seed 003, 004", "a body over the limit is a shaped 413; gzip and zstd bodies are read"],
  ["config-data-only", "none", "nothing in the working directory is executed; a project file cannot run code"],
  // Observability
  ["log-access", "seed 000, 001, 003", "exactly one access log row for every request, also refused and cancelled ones"],
  ["log-usage-cost", "seed 000, 001", "tokens by class and the cost that the CLI reports are in the row"],
  ["observe-pricing", "seed 000, 001", "cost computed from prices, beside the CLI's own"],
  [
    "observe-price-tiers",
    "none",
    "prices of one's own may have tiers of long inputs, and a price of caches for an hour",
  ],
  ["observe-price-file", "seed 000", "prices of one's own, in the configuration or in a file of their own"],
  ["log-durable", "none", "SIGTERM loses no row, SIGKILL at most the last second; the database stays whole"],
  ["log-secrets", "none", "prompts, answers and secrets are not in any log"],
  ["log-request-id", "seed 000", "X-Request-Id in and out, on every response and in the log"],
  // Commands and packaging
  ["command-serve", "seed 000 to 004", "serve is the default command; its flags keep the seeds' meaning"],
  ["command-doctor", "seed 002", "doctor checks CLI, version, login, state and port, and names the next action"],
  ["command-usage-errors", "none", "a wrong flag or value is exit code 2 and the nearest right name"],
  ["command-completion", "none", "completion for bash, zsh, fish and powershell"],
  ["config-validate-schema", "seed 000, 001, 003", "config show, path, validate and a JSON Schema"],
  [
    "config-precedence",
    "seed 000, 001, 003",
    "flags, environment, env file, project file, user file, defaults, in this order",
  ],
  ["config-env-names", "seed 000, 001", "CCPROXY__SECTION__KEY, and the seeds' SERVER__PORT style"],
  ["binary-single", "seed 003", "one executable that starts in milliseconds and needs no runtime"],
  ["binary-targets", "seed 003", "Linux (glibc, musl), macOS and Windows, x64 and arm64"],
  ["demo-upstream", "seed 000", "a scripted offline upstream for demo, tests and the users' own clients"],
];

const planned: readonly Row[] = [
  ["api-embeddings", "seed 000", "embeddings"],
  ["api-gemini", "seed 004", "the Gemini wire format"],
  ["api-prefixes-sdk", "seed 000", "the prefix /claude/sdk"],
  ["workspace-dialogue", "seed 002", "the working directory chosen in the chat"],
  ["workspace-remote", "seed 003", "the workspace of a laptop over a bridge"],
  ["upstream-copilot", "seed 000", "Copilot"],
  ["auth-many-tokens", "seed 003", "many scoped, expiring access tokens, hashed at rest"],
  ["limit-rates", "seed 003", "limits by requests a minute and tokens a day"],
  ["observe-analytics", "seed 000, 001", "analytics over the access log, and a live stream of it"],
  ["observe-prometheus", "seed 000, 001, 003", "Prometheus metrics"],
  ["observe-otel", "seed 004", "OpenTelemetry"],
  ["observe-dashboard", "seed 000, 004", "a dashboard"],
  ["observe-capture", "seed 000, 003, 004", "full recording of requests, capped and redacted, with HAR export"],
  ["observe-compare", "seed 004", "flows filtered, compared and diffed"],
  ["observe-mcp", "seed 004", "an MCP server over the recorded traffic"],
  ["hook-edits", "seed 000, 004", "ordered hooks that edit requests and events"],
  ["inspect-intercept", "seed 004", "transparent interception of a process"],
  ["ops-scheduler", "seed 000, 001", "housekeeping on a schedule"],
  ["ops-service", "seed 000, 002, 003", "installation as a service"],
  ["ops-docker", "seed 000, 001, 002, 003", "a container image"],
  ["config-init", "seed 000, 001, 003, 004", "config init writes a commented file"],
];

export const requirements: readonly Requirement[] = [
  ...promised.map(([id, source, behaviour]) => ({ id, source, behaviour })),
  ...planned.map(([id, source, behaviour]) => ({ id, source, behaviour, status: "planned" as const })),
];
