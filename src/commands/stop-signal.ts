export type StopSignal = "SIGINT" | "SIGTERM";

/**
 * Resolves at the first signal that asks the process to end. The next one does not wait for anybody: it ends the
 * process at once, with the shell's code for that signal.
 */
export function untilStopSignal(): Promise<StopSignal> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (signal: StopSignal) => {
      if (asked) process.exit(signal === "SIGINT" ? 130 : 143);
      asked = true;
      resolve(signal);
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });
}
