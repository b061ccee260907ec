import { type ChildJournal, startChild } from "#process/child.ts";

export interface ProgramRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly journal?: ChildJournal;
}

export interface ProgramEnd {
  /** Null when it was ended, by the time limit too. */
  readonly code: number | null;
  readonly stdout: string;
  /** The end of it. */
  readonly stderr: string;
}

/** Runs a short program to its end, or to the time limit. Throws ChildFault when it cannot be started. */
export async function runProgram({ timeoutMs, ...options }: ProgramRun): Promise<ProgramEnd> {
  const child = startChild({ ...options, maxLineBytes: 1024 * 1024 });
  const limit = setTimeout(() => void child.stop({ termMs: 500 }), timeoutMs);
  try {
    child.closeInput();
    const lines: string[] = [];
    for await (const batch of child.lines) lines.push(...batch);
    const { code } = await child.exited;
    return { code, stdout: lines.join("\n"), stderr: child.stderrTail() };
  } finally {
    clearTimeout(limit);
    await child.stop({ termMs: 500 });
  }
}
