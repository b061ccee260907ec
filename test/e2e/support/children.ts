/** Which processes belong to a proxy under test: those that carry its temporary home in their environment. */
import { readdirSync, readFileSync } from "node:fs";

/** Process ids, without the proxy's own. Linux only. */
export function childrenOf(home: string, proxyPid: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== proxyPid && pid !== process.pid && belongsTo(pid, home));
}

function belongsTo(pid: number, home: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(home) && !isZombie(pid);
  } catch {
    // Gone in the meantime, or not ours to read.
    return false;
  }
}

function isZombie(pid: number): boolean {
  return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
}
