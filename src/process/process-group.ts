/** Windows has no process groups: there a signal reaches the child alone and its own children may stay. */
const HAS_GROUPS = process.platform !== "win32";

/** Signals every member of the group the child leads. Quiet when nothing is left of it. */
export function signalGroup(leaderPid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(HAS_GROUPS ? -leaderPid : leaderPid, signal);
  } catch {
    // ESRCH: the group is empty. EPERM: macOS says so of a group that only has zombies left.
  }
}
