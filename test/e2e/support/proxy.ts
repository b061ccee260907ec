/** The compiled binary with a real `claude` behind it, each with a home of its own, ended by process id. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { installedClaudes } from "../../../scripts/lib/claude-binaries.ts";
import { root } from "../../../scripts/lib/run.ts";
import { type DemoUpstream, startDemoUpstream } from "../../../src/demo/demo-upstream.ts";

export const binary = join(root, "dist/ccproxy");
export const claudes = installedClaudes();
/** For what is about our formats, whichever CLI answers: the suites of the backend itself run with every version. */
export const newestClaude = claudes.slice(0, 1);

export interface ProxyOptions {
  /** Flags of `serve` besides the port and the CLI. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Another program in place of the newest pinned CLI; null leaves the flag out. */
  readonly claude?: string | null;
  /** Use this upstream instead of one of its own. */
  readonly upstream?: DemoUpstream;
  /** The home of one that has ended, to go on from what it left. */
  readonly home?: string;
}

export interface Proxy {
  readonly url: string;
  readonly pid: number;
  /** The scripted upstream behind the CLI. */
  readonly upstream: DemoUpstream;
  /** Temporary HOME; also marks the children. */
  readonly home: string;
  /** Working directory given as --cwd. */
  readonly cwd: string;
  readonly stateDirectory: string;
  /** Everything the process wrote so far. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<number>;
  /** SIGTERM, then SIGKILL after a while. What it wrote stays, to be looked at. */
  end(): Promise<number>;
  /** The same, and removes the temporary directories. */
  stop(): Promise<number>;
}

/** Starts `ccproxy serve` and waits for its URL. */
export async function startProxy(options: ProxyOptions = {}): Promise<Proxy> {
  if (!existsSync(binary)) throw new Error("dist/ccproxy is missing: run `bun run build`.");
  const home = options.home ?? (await mkdtemp(join(tmpdir(), "ccproxy-e2e-")));
  const cwd = join(home, "workspace");
  await mkdir(cwd, { recursive: true });
  const upstream = options.upstream ?? startDemoUpstream();
  const child = Bun.spawn(
    [binary, "serve", "--port", "0", "--cwd", cwd, ...claudeFlag(options), ...(options.args ?? [])],
    {
      cwd: home,
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: home,
        XDG_STATE_HOME: join(home, "state"),
        XDG_CONFIG_HOME: join(home, "config"),
        CLAUDE_CONFIG_DIR: join(home, "claude"),
        ANTHROPIC_BASE_URL: upstream.url,
        ANTHROPIC_API_KEY: "demo",
        ...options.env,
      },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const output = collectOutput(child.stdout, child.stderr);
  const url = await waitFor(() => /http:\/\/127\.0\.0\.1:\d+/.exec(output())?.[0], 20_000, child.exited).catch(
    (error) => {
      child.kill("SIGKILL");
      throw new Error(`ccproxy serve did not start: ${String(error)}\n${output()}`);
    },
  );
  await waitFor(async () => (await fetch(`${url}/health/live`).catch(() => undefined))?.ok || undefined, 10_000);
  const end = async (): Promise<number> => {
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), 30_000);
    const code = await child.exited;
    clearTimeout(killer);
    return code;
  };
  return {
    url,
    pid: child.pid,
    upstream,
    home,
    cwd,
    stateDirectory: join(home, "state", "ccproxy"),
    output,
    kill: (signal) => child.kill(signal),
    exited: child.exited,
    end,
    async stop() {
      const code = await end();
      if (options.upstream === undefined) await upstream.stop();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
      return code;
    },
  };
}

function claudeFlag({ claude }: ProxyOptions): readonly string[] {
  if (claude === null) return [];
  const path = claude ?? claudes[0]?.path;
  if (path === undefined) throw new Error("No pinned claude is installed for this system.");
  return ["--claude-path", path];
}

function collectOutput(...streams: ReadonlyArray<ReadableStream<Uint8Array>>): () => string {
  let text = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  };
  for (const stream of streams) void read(stream);
  return () => text;
}

/** Polls until the probe gives something; rejects after `timeoutMs`, or when `ended` settles first. */
export async function waitFor<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  timeoutMs: number,
  ended?: Promise<unknown>,
): Promise<T> {
  let over = false;
  void ended?.then(() => {
    over = true;
  });
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (over) throw new Error("the process ended");
    if (performance.now() > deadline) throw new Error(`nothing within ${timeoutMs} ms`);
    await Bun.sleep(10);
  }
}
