/** Finds out whether serving would work here, by trying: each check says what it saw and what to do next. */
import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";

import { isTested, testedVersions } from "#backends/claude-cli/tested-versions.ts";
import { openStateDirectory, stateDirectory } from "#config/paths.ts";
import type { Config } from "#config/schema.ts";
import { toGatewayError } from "#core/errors.ts";
import { availableMemoryBytes } from "#process/memory.ts";

import { automaticPoolSize } from "./backend.ts";
import type { Check } from "./check.ts";
import { locateClaude, readClaudeVersion, readLogin } from "./claude-facts.ts";
import { findDifferences } from "./cli-differences.ts";
import { checkCodex } from "./codex-doctor.ts";
import { findPortOwner } from "./port-owner.ts";
import { isFree } from "./port-taken.ts";
import { programProblem } from "./program-problem.ts";
import { checkProviders } from "./provider-doctor.ts";
import { askOnce } from "./round-trip.ts";

export interface DoctorOptions {
  readonly config: Config;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Asks the model one short question, which costs a few tokens. */
  readonly live: boolean;
}

/** A question takes a second; there are five. */
const behaviourTimeoutMs = 60_000;

const mebibyte = 1024 * 1024;

/** Checks in the order a request would meet them, each as soon as it is known. */
export async function* runDoctor(options: DoctorOptions): AsyncGenerator<Check> {
  yield checkWorkspace(options);
  yield checkState(options);
  yield await checkPort(options);
  yield checkMemory(options);
  const providers = await checkProviders(options);
  yield* providers;
  const { config } = options;
  const codex = config.codex.enabled ? await Array.fromAsync(checkCodex(options)) : [];
  const hasProvider = providers.some(({ status }) => status === "pass");
  const hasOthers = hasProvider || (codex.length > 0 && !hasFailed(codex));
  const claude: Check[] = [];
  for await (const check of checkClaude(options)) {
    claude.push(check);
    yield hasOthers ? softened(check, "claude-cli", config) : check;
  }
  const canDoWithout = hasProvider || !hasFailed(claude);
  for (const check of codex) yield canDoWithout ? softened(check, "codex-cli", config) : check;
}

function hasFailed(checks: readonly Check[]): boolean {
  return checks.some(({ status }) => status === "fail");
}

/** Of a backend that others can answer without. */
function softened(check: Check, backend: string, { routing }: Config): Check {
  if (check.status !== "fail") return check;
  const { action = "put that right" } = check;
  const other = `or set routing.default, now ${backend}, to what answers here`;
  return { ...check, status: "warn", action: routing.default === backend ? `${action}, ${other}` : action };
}

/** Each check where the one before it did not fail. */
async function* checkClaude(options: DoctorOptions): AsyncGenerator<Check> {
  const { config, environment } = options;
  const path = locateClaude({ path: config.claude.path, environment });
  const program = checkProgram(path);
  yield program;
  if (path === undefined || program.status === "fail") return;
  const version = await readClaudeVersion(path, environment);
  yield checkVersion(version);
  if (version !== undefined && !isTested(version)) yield* checkBehaviour(path, options);
  const login = config.demo ? demoLogin : await checkLogin(path, environment);
  yield login;
  if (login.status === "fail" || !options.live) return;
  yield await checkRoundTrip(options);
}

function checkWorkspace({ config, cwd }: DoctorOptions): Check {
  const name = "workspace";
  const path = resolve(cwd, config.claude.cwd ?? ".");
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
    return { name, status: "fail", detail: `${path} is not a directory`, action: "give an existing one with --cwd" };
  return canWrite(path)
    ? { name, status: "pass", detail: path }
    : { name, status: "warn", detail: `${path} cannot be written`, action: "Claude can read there, but not edit" };
}

function checkState({ config, environment }: DoctorOptions): Check {
  const name = "state";
  const path = stateDirectory(config, { environment });
  const action = "name another one with CCPROXY__STATE_DIR";
  try {
    openStateDirectory(path);
  } catch (error) {
    return { name, status: "fail", detail: error instanceof Error ? error.message : String(error), action };
  }
  if (!canWrite(path)) return { name, status: "fail", detail: `${path} cannot be written`, action };
  // Windows has no such modes; a network file system may not keep them.
  const open = process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0;
  return open
    ? { name, status: "warn", detail: `${path} can be read by others`, action: `chmod 700 ${path}, or ${action}` }
    : { name, status: "pass", detail: `${path}, writable, for its owner alone` };
}

async function checkPort({ config: { server } }: DoctorOptions): Promise<Check> {
  const name = "port";
  const address = `${server.host}:${server.port}`;
  if (server.port === 0) return { name, status: "pass", detail: "a free one is taken" };
  if (isFree(server.host, server.port)) return { name, status: "pass", detail: `${address} is free` };
  const owner = await findPortOwner(server.port);
  const by = owner === undefined ? "" : ` by ${owner}`;
  return {
    name,
    status: "warn",
    detail: `${address} is taken${by}`,
    action: "if that is not a ccproxy of yours, choose another with --port",
  };
}

function checkMemory({ config: { pool, limits } }: DoctorOptions): Check {
  const name = "memory";
  const free = availableMemoryBytes();
  const size = pool.size === "auto" ? automaticPoolSize(free) : pool.size;
  // 110 MB is what a parked process takes for itself, as measured; its program text is shared.
  const needed = limits.min_free_memory_mb + size * 110;
  const freeMb = Math.floor(free / mebibyte);
  const detail = `${freeMb} MB free; ${size} warm ${size === 1 ? "process needs" : "processes need"} about ${size * 110} MB`;
  if (freeMb < limits.min_free_memory_mb)
    return {
      name,
      status: "fail",
      detail: `${freeMb} MB free, less than limits.min_free_memory_mb (${limits.min_free_memory_mb})`,
      action: "free some memory, or lower that limit",
    };
  return freeMb < needed
    ? { name, status: "warn", detail, action: "lower --pool-size, or free some memory" }
    : { name, status: "pass", detail };
}

function checkProgram(path: string | undefined): Check {
  const name = "claude";
  const problem = programProblem(path);
  return problem === undefined ? { name, status: "pass", detail: path ?? "" } : { name, status: "fail", ...problem };
}

function checkVersion(version: string | undefined): Check {
  const name = "version";
  if (version === undefined)
    return {
      name,
      status: "fail",
      detail: "`claude --version` does not answer",
      action: "run it yourself, and reinstall Claude Code if it fails",
    };
  if (isTested(version)) return { name, status: "pass", detail: version };
  const tested = testedVersions.toReversed();
  return Bun.semver.order(version, tested[0] ?? version) < 0
    ? { name, status: "warn", detail: `${version}, older than ${tested[0]}`, action: "run `claude update`" }
    : { name, status: "pass", detail: `${version}, not one of those tested (${tested.join(", ")}), so it is tried:` };
}

/** What an untested version does differently, tried offline; where nothing stands in for it, serving would go wrong. */
async function* checkBehaviour(path: string, { config, environment }: DoctorOptions): AsyncGenerator<Check> {
  const name = "behaviour";
  const signal = AbortSignal.timeout(behaviourTimeoutMs);
  const probed = { ...config, claude: { ...config.claude, path } };
  try {
    const differences = await findDifferences({ config: probed, environment, signal });
    if (differences.length === 0) yield { name, status: "pass", detail: `as that of ${testedVersions[0]}` };
    for (const { detail, action, breaks } of differences)
      yield { name, status: breaks ? "fail" : "warn", detail: `it ${detail}`, action };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    yield {
      name,
      status: "warn",
      detail: `it could not be tried: ${why}`,
      action: "put that right, and run doctor again",
    };
  }
}

const demoLogin: Check = { name: "login", status: "pass", detail: "not needed: the demo upstream answers" };

async function checkLogin(path: string, environment: DoctorOptions["environment"]): Promise<Check> {
  const name = "login";
  const login = await readLogin(path, environment);
  if (login === undefined)
    return {
      name,
      status: "warn",
      detail: "`claude auth status` does not say",
      action: "the live check shows whether it works",
    };
  return login.loggedIn
    ? { name, status: "pass", detail: `${login.detail} (claude auth status)` }
    : {
        name,
        status: "fail",
        detail: "not logged in (claude auth status)",
        action: "run `claude` and /login, or set ANTHROPIC_API_KEY",
      };
}

async function checkRoundTrip({ config, environment }: DoctorOptions): Promise<Check> {
  const name = "live";
  try {
    const { model, firstEventMs, totalMs, unknownLines } = await askOnce({ config, environment }, 60_000);
    const detail = `${model} answered: first event after ${firstEventMs} ms, done after ${totalMs} ms, cold start included`;
    return unknownLines.length === 0
      ? { name, status: "pass", detail }
      : {
          name,
          status: "warn",
          detail: `${detail}; lines this ccproxy does not know: ${unknownLines.join(", ")}`,
          action: "it works all the same; a newer ccproxy may know them",
        };
  } catch (thrown) {
    const { message, options } = toGatewayError(thrown);
    return { name, status: "fail", detail: message, ...(options.hint !== undefined && { action: options.hint }) };
  }
}

function canWrite(path: string): boolean {
  return isAccessible(path, constants.W_OK);
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
