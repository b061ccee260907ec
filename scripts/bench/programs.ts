/** Every program the bench starts, so that it can end each of them by its pid, whatever happens. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";

export type Program = Bun.Subprocess<"pipe", "pipe", "ignore">;

export interface Programs {
  /** An empty folder below this one for every program that wants a home. */
  readonly scratch: string;
  home(name: string): string;
  start(command: readonly string[], env: Readonly<Record<string, string>>, cwd?: string): Program;
  /** SIGTERM, then SIGKILL after two seconds. */
  end(program: Program): Promise<void>;
  endAll(): Promise<void>;
}

export async function createPrograms(): Promise<Programs> {
  const scratch = await mkdtemp(`${tmpdir()}/ccproxy-bench-`);
  const running = new Set<Program>();
  const home = (name: string): string => {
    const folder = `${scratch}/${name}`;
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  const end = async (program: Program): Promise<void> => {
    running.delete(program);
    if (program.exitCode !== null || program.signalCode !== null) return;
    program.kill("SIGTERM");
    const killing = setTimeout(() => program.kill("SIGKILL"), 2000);
    await program.exited;
    clearTimeout(killing);
  };
  return {
    scratch,
    home,
    start(command, env, cwd = home("work")) {
      const program = Bun.spawn([...command], { cwd, env, stdin: "pipe", stdout: "pipe", stderr: "ignore" });
      running.add(program);
      return program;
    },
    end,
    async endAll() {
      await Promise.all([...running].map(end));
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/** Resident memory of one process in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = `/proc/${pid}/status`;
  // Bun.file() believes the size that /proc reports, which is 0.
  if (existsSync(status)) return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, "utf8"))?.[1] ?? 0) * 1024;
  return Number(await new Response(Bun.spawn(["ps", "-o", "rss=", "-p", String(pid)]).stdout).text()) * 1024;
}

/** A port that was free a moment ago. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
