/** Running a program from a script: output kept, never a shell. */
import { fileURLToPath } from "node:url";

export interface Finished {
  readonly code: number;
  /** stdout and stderr as they came, in one text. */
  readonly output: string;
  readonly ms: number;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Killed after this long. */
  readonly timeoutMs?: number;
}

/** Runs to the end, at the latest of this process's, and keeps the output. Never throws: a program that cannot start has code 127. */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const startedAt = performance.now();
  let child: Bun.Subprocess<"ignore", "pipe", "pipe"> | undefined;
  const end = () => child?.kill();
  process.on("exit", end);
  try {
    child = Bun.spawn([...command], {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      ...(options.timeoutMs !== undefined && { timeout: options.timeoutMs, killSignal: "SIGKILL" as const }),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, output: stdout + stderr, ms: performance.now() - startedAt };
  } catch (error) {
    return { code: 127, output: String(error), ms: performance.now() - startedAt };
  } finally {
    process.off("exit", end);
  }
}

/** A development tool from node_modules, run by this very bun: no Node needed. */
export function tool(name: string, ...args: string[]): string[] {
  return [process.execPath, "--bun", `${root}/node_modules/.bin/${name}`, ...args];
}

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");
