export type StopSignal = "SIGINT" | "SIGTERM";

/**
 * Resolves at the first signal that asks the process to end. The second one ends it as soon as `farewell` is over, with
 * the shell's code for that signal; a third does not wait for that either.
 */
export function untilStopSignal(farewell: () => Promise<void> = nothing): Promise<StopSignal> {
  return new Promise((resolve) => {
    let asked = 0;
    const stop = (signal: StopSignal) => {
      asked += 1;
      const exit = () => process.exit(signal === "SIGINT" ? 130 : 143);
      if (asked === 1) resolve(signal);
      else if (asked === 2) void farewell().finally(exit);
      else exit();
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });
}

async function nothing(): Promise<void> {}
