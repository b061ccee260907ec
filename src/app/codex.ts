/** Codex as the configuration describes it; its login and its settings stay its own. Starts nothing yet. */
import { type CodexCliBackend, createCodexCliBackend, type Notice } from "#backends/codex-cli/index.ts";
import type { Config } from "#config/schema.ts";
import { findProgram } from "#lib/find-program.ts";
import type { ChildJournal } from "#process/child.ts";

import type { Places } from "./places.ts";
import { programProblem } from "./program-problem.ts";

type Variables = Readonly<Record<string, string | undefined>>;

interface CodexDeps {
  readonly places: Places;
  readonly demo: { readonly url: string } | undefined;
  readonly selfUrls: () => readonly string[];
  readonly journal: ChildJournal | undefined;
  readonly onNotice: (notice: Notice) => void;
}

interface CodexOptions {
  readonly config: Config;
  readonly environment: Variables;
  readonly version: string;
}

const secondMs = 1000;
const minuteMs = 60_000;
const mebibyte = 1024 * 1024;

/** Where it is started from, and why it cannot be; that is undefined where it looks as if it can. */
export function codexProgram({ config, environment }: Pick<CodexOptions, "config" | "environment">) {
  const path = locate(config.codex.path, environment);
  const action = "install it (https://developers.openai.com/codex/cli), or name it with codex.path";
  return { path, problem: programProblem(path, action) };
}

/** A bare name is looked up in PATH, as it is when it is started. */
function locate(path: string | undefined, environment: Variables): string | undefined {
  if (path === undefined) return findProgram("codex", environment);
  return /[\\/]/.test(path) ? path : (Bun.which(path, { PATH: environment["PATH"] ?? "" }) ?? path);
}

/** None unless it is asked for. */
export function createCodex(
  { config, environment, version }: CodexOptions,
  { places, demo, ...deps }: CodexDeps,
): readonly CodexCliBackend[] {
  const { codex, pool, sessions, limits } = config;
  if (!codex.enabled) return [];
  const home = codex.home === undefined ? {} : { CODEX_HOME: codex.home };
  const backend = createCodexCliBackend({
    ...deps,
    version,
    codexPath: codex.path,
    model: codex.model,
    sandbox: codex.sandbox,
    approvalPolicy: codex.approval_policy,
    chatDirectory: places.chat,
    ephemeralDirectory: places.codexEphemeral,
    matchHistory: sessions.match_history,
    maxSessions: pool.max_sessions,
    sessionTtlMs: pool.session_ttl_minutes * minuteMs,
    maxParkedTurns: pool.max_parked_turns,
    parkedTtlMs: pool.parked_ttl_minutes * minuteMs,
    responseTimeoutMs: codex.response_timeout_seconds * secondMs,
    minFreeMemoryBytes: limits.min_free_memory_mb * mebibyte,
    environment,
    passEnv: codex.pass_env,
    extraEnvironment: home,
    ...(demo !== undefined && inDemo(demo, environment, places)),
  });
  return [backend];
}

/** That upstream, a configuration of its own, and nothing that could spend somebody's money. */
function inDemo({ url }: { readonly url: string }, environment: Variables, { demoConfig }: Places) {
  const spends = /^(?:OPENAI|CODEX|AZURE|AWS)_|^(?:https?|all)_proxy$/i;
  const provider = `{name="demo",base_url="${url}/v1",wire_api="responses",experimental_bearer_token="demo"}`;
  return {
    settings: ['model="gpt-5.5"', 'model_provider="demo"', `model_providers.demo=${provider}`],
    environment: Object.fromEntries(Object.entries(environment).filter(([name]) => !spends.test(name))),
    passEnv: [],
    extraEnvironment: { CODEX_HOME: demoConfig },
  };
}
