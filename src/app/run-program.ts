import { type ChildJournal, startChild } from "#process/child.ts";

export interface ProgramRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly journal?: ChildJournal;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

export interface ProgramEnd {
  /** Null when it was ended, by the time limit or the signal too. */
  readonly code: number | null;
  readonly stdout: string;
  /** The end of it. */
  readonly stderr: string;
}

/** Runs a short program to its end, to the time limit or until the signal fires. Throws ChildFault when it cannot be started. */
export async function runProgram({ timeoutMs, signal, ...options }: ProgramRun): Promise<ProgramEnd> {
  const child = startChild({ ...options, maxLineBytes: 1024 * 1024 });
  const stop = () => void child.stop({ termMs: 500 });
  const limit = setTimeout(stop, timeoutMs);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    if (signal?.aborted) stop();
    child.closeInput();
    const lines: string[] = [];
    for await (const batch of child.lines) lines.push(...batch);
    const { code } = await child.exited;
    return { code, stdout: lines.join("\n"), stderr: child.stderrTail() };
  } finally {
    clearTimeout(limit);
    signal?.removeEventListener("abort", stop);
    await child.stop({ termMs: 500 });
  }
}
