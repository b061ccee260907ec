import { MARK_VARIABLE } from "./marked-processes.ts";
import { settledWithin } from "./wait.ts";
import script from "./watchdog.sh" with { type: "text" };

const CLOSE_WAIT_MS = 2000;

/** A shell (1 MB) which, the moment this process is gone for whatever reason, kills what is left of its children. */
export interface Watchdog {
  started(leaderPid: number): void;
  exited(leaderPid: number): void;
  /** Lets it do its work and waits, bounded, until it is gone. */
  close(): Promise<void>;
}

/** undefined where there is no POSIX shell. */
export function startWatchdog(markPrefix: string): Watchdog | undefined {
  if (process.platform === "win32") return undefined;
  const subprocess = spawnShell(markPrefix);
  if (subprocess === undefined) return undefined;

  // It reads at once, so nothing queues up; one that was killed takes nothing more and is not missed.
  const tell = async (change: "+" | "-", pid: number): Promise<void> => {
    try {
      await subprocess.stdin.write(`${change} ${pid}\n`);
      await subprocess.stdin.flush();
    } catch {
      // EPIPE.
    }
  };
  return {
    started: (pid) => void tell("+", pid),
    exited: (pid) => void tell("-", pid),
    async close() {
      await Promise.resolve(subprocess.stdin.end()).catch(() => undefined);
      await settledWithin(subprocess.exited, CLOSE_WAIT_MS);
    },
  };
}

function spawnShell(markPrefix: string): Bun.Subprocess<"pipe", "ignore", "ignore"> | undefined {
  try {
    const subprocess = Bun.spawn({
      cmd: ["/bin/sh", "-c", script, "ccproxy-watchdog", MARK_VARIABLE, markPrefix],
      cwd: "/",
      // Its own mark, which it would have if this process is itself a marked one, would make it a victim of another watchdog.
      env: { PATH: "/usr/bin:/bin" },
      stdin: "pipe",
      stdout: "ignore",
      stderr: "ignore",
      // Its own session: Ctrl-C in the terminal and a signal to our group pass it by.
      detached: true,
    });
    subprocess.unref();
    return subprocess;
  } catch {
    return undefined;
  }
}
