import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";
import { cutText } from "#lib/cut-text.ts";
import { directoryIdentitySync } from "#lib/directory-identity.ts";
import { redactText } from "#lib/redact.ts";
import type { TemporaryDirectories } from "#lib/temporary-directories.ts";
import { startChild, type Child } from "#process/child.ts";
import { ChildFault } from "#process/fault.ts";
import { availableMemoryBytes } from "#process/memory.ts";

import { spawnArguments } from "./argv.ts";
import { childEnvironment } from "./environment.ts";
import type { Launch } from "./launch.ts";
import type { ClaudeCliOptions } from "./options.ts";
import { type RehearsalOptions, startRehearsal } from "./rehearsal.ts";
import { CliSession, type LineCounter } from "./session.ts";
import type { Site } from "./site.ts";
import { isTested } from "./tested-versions.ts";

const MEMORY_RETRY_SECONDS = 10;
/** Measured: half a second, but 5 s (2.1.197) and more (2.1.329) where the API cannot be reached at all. */
const BOOT_TIMEOUT_MS = 60_000;

export interface StartDeps {
  readonly options: ClaudeCliOptions;
  readonly claudePath: string;
  readonly counter: LineCounter;
  /** One for each child: 2.1.329 leaves a probe directory a run, and a socket when it is killed. */
  readonly temporary: TemporaryDirectories;
  /** Of agents whose request is to leave nothing. */
  readonly ephemeral: TemporaryDirectories;
  readonly onVersion: (version: string) => void;
  /** undefined: none takes place. */
  readonly rehearsal: Omit<RehearsalOptions, "environment"> | undefined;
}

const versionSchema = v.looseObject({ version: v.string() });

/** Starts a process and waits until it has booted: it then takes whatever it is claimed for. Throws GatewayError. */
export async function startSession(deps: StartDeps, launch: Launch, signal: AbortSignal): Promise<CliSession> {
  const { site } = launch;
  const { child, environment } = spawn(deps, launch);
  const session = new CliSession(child, deps.counter);
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
      session.replacesMessages = site === "chat" && (await replacesMessages(deps.options, answer.output.version));
    }
    return session;
  } catch (cause) {
    const { failure } = session;
    // A version that refuses the question has booted all the same.
    if (session.usable && cause instanceof GatewayError && cause.kind === "upstream") return session;
    await session.discard(false);
    throw failure === undefined ? cause : notStarted(failure, child.stderrTail());
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

const LONGEST_COMPLAINT_BYTES = 300;

/** It knows of no request yet: its last words are of how it was set up, and say best what to mend. */
function notStarted(failure: GatewayError, stderrTail: string): GatewayError {
  const complaint = cutText(redactText(stderrTail.trim().split("\n").at(-1)?.trim() ?? ""), LONGEST_COMPLAINT_BYTES);
  const message = complaint === "" ? failure.message : `${failure.message} It said: ${complaint}`;
  return new GatewayError("unavailable", /[.!?…]$/.test(message) ? message : `${message}.`, failure.options);
}

/**
 * Whether the messages of its request body may be replaced, so that a bare model gets the client's conversation as it
 * is: with its thinking, and without the environment and the date the CLI adds to its own. Where not, it is told the
 * conversation as history.
 */
async function replacesMessages(options: ClaudeCliOptions, version: string): Promise<boolean> {
  return isTested(version) || (await options.replacesMessages?.(version)) === true;
}

interface Spawned {
  readonly child: Child;
  readonly environment: Readonly<Record<string, string>>;
}

function spawn({ options, claudePath, temporary, ephemeral }: StartDeps, launch: Launch): Spawned {
  const { site, permissionMode } = launch;
  checkMemory(options.minFreeMemoryBytes);
  const opened = new DisposableStack();
  const open = (directories: TemporaryDirectories): string =>
    opened.adopt(directories.open(), (path) => void directories.close(path));
  try {
    const cwd = directoryOf(site, options.chatDirectory) ?? open(ephemeral);
    const mode = site === "chat" ? "chat" : "agent";
    const environment = childEnvironment(mode, { ...options, temporaryDirectory: open(temporary) });
    const child = startChild({
      command: claudePath,
      args: spawnArguments(launch, { ...options, permissionMode }),
      cwd,
      env: environment,
      ...(options.journal !== undefined && { journal: options.journal }),
    });
    const used = opened.move();
    void child.exited.then(() => used.dispose());
    return { child, environment };
  } catch (cause) {
    if (!(cause instanceof ChildFault)) throw cause;
    throw new GatewayError("unavailable", "Claude Code could not be started.", {
      hint: "`ccproxy doctor` checks the installation.",
      // All that there is to say of it: the log has no need of where.
      logged: cause.message,
    });
  } finally {
    opened.dispose();
  }
}

/** undefined where one has to be made. */
function directoryOf(site: Site, chatDirectory: string): string | undefined {
  if (site === "chat") return chatDirectory;
  if (site.directory === undefined) return undefined;
  const { path, identity } = site.directory;
  if (directoryIdentitySync(path) === identity) return path;
  throw new GatewayError("conflict", "The workspace was moved, or replaced, in this very moment.", {
    hint: "Send the request again.",
  });
}

function checkMemory(minFreeMemoryBytes: number): void {
  if (availableMemoryBytes() < minFreeMemoryBytes)
    throw new GatewayError("rate-limit", "There is not enough free memory to start another Claude Code.", {
      hint: "limits.min_free_memory_mb sets how much must stay free.",
      retryAfterSeconds: MEMORY_RETRY_SECONDS,
    });
}
