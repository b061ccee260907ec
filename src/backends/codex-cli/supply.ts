/** The one process that all threads are in: started when it is needed, at most once at a time, and again when it died. */
import { GatewayError, toGatewayError } from "#core/errors.ts";
import { orAborted } from "#core/run-signal.ts";
import { findProgram } from "#lib/find-program.ts";

import type { CodexCliOptions } from "./options.ts";
import { type Started, startServer } from "./start-server.ts";

/** Measured: 140 to 190 MB after dozens of threads. One that grew so far is replaced when nobody needs it. */
const MAX_RESIDENT_BYTES = 1024 * 1024 * 1024;

export interface Acquired extends Started {
  readonly start: "warm" | "cold";
  readonly spawnMs: number;
}

export interface Supply {
  /** Why it cannot be had, as was last seen. */
  readonly problem: GatewayError | undefined;
  readonly version: string | undefined;
  readonly running: boolean;
  readonly codexPath: string | undefined;
  /** The process grew so far that it had better be replaced: nothing more is to be kept in it. */
  readonly isOversized: boolean;
  /** Throws GatewayError. */
  acquire(signal: AbortSignal): Promise<Acquired>;
  /** A thread is over. */
  released(): void;
  close(): Promise<void>;
}

export function createSupply(options: CodexCliOptions): Supply {
  const codexPath = options.codexPath ?? findProgram("codex", options.environment);
  const ends = new Set<Promise<void>>();
  let current: Started | undefined;
  let starting: Promise<Started> | undefined;
  let problem: GatewayError | undefined;
  let closed = false;

  async function start(): Promise<Started> {
    try {
      if (codexPath === undefined) throw notFound();
      const started = await startServer(codexPath, options);
      current = started;
      problem = undefined;
      return started;
    } catch (thrown) {
      problem = toGatewayError(thrown);
      throw problem;
    } finally {
      starting = undefined;
    }
  }

  function end({ server }: Started): void {
    const gone = server.stop().finally(() => ends.delete(gone));
    ends.add(gone);
  }

  return {
    codexPath,
    get problem() {
      return codexPath === undefined ? notFound() : problem;
    },
    get version() {
      return current?.version;
    },
    get running() {
      return current?.server.usable === true;
    },
    get isOversized() {
      return (current?.server.child.residentBytes() ?? 0) > MAX_RESIDENT_BYTES;
    },
    async acquire(signal) {
      if (closed) throw shuttingDown();
      if (current?.server.usable === true) return { ...current, start: "warm", spawnMs: 0 };
      const before = performance.now();
      starting ??= start();
      const started = await orAborted(starting, signal);
      return { ...started, start: "cold", spawnMs: performance.now() - before };
    },
    released() {
      if (current === undefined || !current.server.isIdle || !this.isOversized) return;
      end(current);
      current = undefined;
    },
    async close() {
      closed = true;
      await starting?.catch(() => undefined);
      if (current !== undefined) end(current);
      current = undefined;
      await Promise.all(ends);
    },
  };
}

function notFound(): GatewayError {
  return new GatewayError("unavailable", "The `codex` CLI was not found.", {
    hint: "Install it (https://developers.openai.com/codex/cli), or name it with codex.path.",
  });
}

export function shuttingDown(): GatewayError {
  return new GatewayError("unavailable", "ccproxy is shutting down.", { retryAfterSeconds: 5 });
}
