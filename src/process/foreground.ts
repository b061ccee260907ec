import { ChildFault } from "./fault.ts";

/** Gives the terminal to a program until it ends, and resolves with its exit code. Throws ChildFault. */
export async function runInForeground(command: readonly string[]): Promise<number> {
  try {
    const child = Bun.spawn([...command], { stdin: "inherit", stdout: "inherit", stderr: "inherit" });
    return await child.exited;
  } catch (cause) {
    throw new ChildFault("spawn-failed", `${command[0] ?? "nothing"} could not be started.`, cause);
  }
}
