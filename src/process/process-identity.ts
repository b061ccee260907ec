import { readFileSync, readlinkSync } from "node:fs";

/** Field 22 of /proc/<pid>/stat, counted from behind the parenthesised name, which may hold anything. */
const START_TIME_AFTER_NAME = 19;

/** Names one process for good: a process id is reused, its id with its start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Where the id means something: this boot, and on Linux this pid namespace (two containers may share a directory). */
  readonly realm: string;
  /** When it started, in the system's own notation. */
  readonly startTime: string;
}

/** undefined when there is no such process; a zombie counts as none. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startTime = process.platform === "linux" ? linuxStartTime(pid) : psStartTime(pid);
  return startTime === undefined ? undefined : { pid, realm: currentRealm(), startTime };
}

/** Whether exactly this process runs here. */
export function isRunning(identity: ProcessIdentity): boolean {
  const found = identifyProcess(identity.pid);
  return found !== undefined && found.realm === identity.realm && found.startTime === identity.startTime;
}

/** `<boot>/<namespace>` on Linux. Elsewhere the start time carries the date, which tells boots apart as well. */
export function currentRealm(): string {
  if (process.platform !== "linux") return process.platform;
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${boot}/${readlinkSync("/proc/self/ns/pid")}`;
}

function linuxStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[START_TIME_AFTER_NAME];
  } catch {
    return undefined;
  }
}

function psStartTime(pid: number): string | undefined {
  try {
    const { stdout } = Bun.spawnSync({
      cmd: ["ps", "-o", "stat=,lstart=", "-p", String(pid)],
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
      stdout: "pipe",
      stderr: "ignore",
    });
    const [state = "", ...startTime] = stdout.toString().trim().split(/\s+/);
    return state === "" || state.startsWith("Z") ? undefined : startTime.join(" ");
  } catch {
    // No ps, as on Windows: nothing can be told apart, so nothing is ever taken for ours.
    return undefined;
  }
}
