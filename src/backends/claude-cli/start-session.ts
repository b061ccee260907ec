import { statSync } from "node:fs";

import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";
import { startChild, type Child } from "#process/child.ts";
import { ChildFault } from "#process/fault.ts";
import { availableMemoryBytes } from "#process/memory.ts";

import { spawnArguments } from "./argv.ts";
import { childEnvironment } from "./environment.ts";
import type { Launch } from "./launch.ts";
import type { ClaudeCliOptions } from "./options.ts";
import { type RehearsalOptions, startRehearsal } from "./rehearsal.ts";
import { CliSession, type LineCounter } from "./session.ts";
import type { TemporaryDirectories } from "./temporary-directories.ts";
import { isTested } from "./tested-versions.ts";

const MEMORY_RETRY_SECONDS = 10;
/** Measured: half a second, but 5 s (2.1.197) and more (2.1.329) where the API cannot be reached at all. */
const BOOT_TIMEOUT_MS = 60_000;

export interface StartDeps {
  readonly options: ClaudeCliOptions;
  readonly claudePath: string;
  readonly counter: LineCounter;
  readonly directories: TemporaryDirectories;
  readonly onVersion: (version: string) => void;
  /** undefined: none takes place. */
  readonly rehearsal: Omit<RehearsalOptions, "environment"> | undefined;
}

const versionSchema = v.looseObject({ version: v.string() });

/** Starts a process and waits until it has booted: it then takes whatever it is claimed for. Throws GatewayError. */
export async function startSession(deps: StartDeps, launch: Launch, signal: AbortSignal): Promise<CliSession> {
  const { mode } = launch;
  const temporaryDirectory = deps.directories.open();
  const environment = childEnvironment(mode, { ...deps.options, temporaryDirectory });
  const session = new CliSession(spawn(deps, launch, { temporaryDirectory, environment }), deps.counter);
  const kill = (): void => session.child.kill();
  signal.addEventListener("abort", kill, { once: true });
  try {
    // Answered before any `initialize`, which may be sent only once and belongs to the claim.
    const answer = v.safeParse(
      versionSchema,
      await session.control({ subtype: "get_binary_version" }, BOOT_TIMEOUT_MS),
    );
    if (answer.success) {
      deps.onVersion(answer.output.version);
      if (deps.rehearsal !== undefined && isTested(answer.output.version))
        session.rehearsal = startRehearsal(session, { ...deps.rehearsal, environment });
      session.replacesMessages = mode === "chat" && (await replacesMessages(deps.options, answer.output.version));
    }
    return session;
  } catch (cause) {
    const { failure } = session;
    // A version that refuses the question has booted all the same.
    if (session.usable && cause instanceof GatewayError && cause.kind === "upstream") return session;
    await session.discard(false);
    throw failure === undefined ? cause : new GatewayError("unavailable", failure.message, failure.options);
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/**
 * Whether the messages of its request body may be replaced, so that a bare model gets the client's conversation as it
 * is: with its thinking, and without the environment and the date the CLI adds to its own. Where not, it is told the
 * conversation as history.
 */
async function replacesMessages(options: ClaudeCliOptions, version: string): Promise<boolean> {
  return isTested(version) || (await options.replacesMessages?.(version)) === true;
}

interface Surroundings {
  readonly temporaryDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
}

function spawn(
  { options, claudePath, directories }: StartDeps,
  { mode, permissionMode }: Launch,
  { temporaryDirectory, environment }: Surroundings,
): Child {
  const cwd = mode === "agent" ? options.workspace : options.chatDirectory;
  try {
    checkRoom(cwd, options.minFreeMemoryBytes);
    const child = startChild({
      command: claudePath,
      args: spawnArguments(mode, { ...options, permissionMode }),
      cwd,
      env: environment,
      ...(options.journal !== undefined && { journal: options.journal }),
    });
    void child.exited.then(() => directories.close(temporaryDirectory));
    return child;
  } catch (cause) {
    void directories.close(temporaryDirectory);
    if (!(cause instanceof ChildFault)) throw cause;
    throw new GatewayError("unavailable", "Claude Code could not be started.", {
      hint: "`ccproxy doctor` checks the installation.",
      cause,
    });
  }
}

function checkRoom(cwd: string, minFreeMemoryBytes: number): void {
  // Bun.spawn would blame the program for a missing directory.
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new GatewayError("unavailable", `The working directory ${cwd} does not exist.`, {
      hint: "Create it, or set claude.cwd (--cwd).",
    });
  if (availableMemoryBytes() < minFreeMemoryBytes)
    throw new GatewayError("rate-limit", "There is not enough free memory to start another Claude Code.", {
      hint: "limits.min_free_memory_mb sets how much must stay free.",
      retryAfterSeconds: MEMORY_RETRY_SECONDS,
    });
}
