import type { LogSink } from "./log-file.ts";

/** What a log needs of process.stderr. */
export interface LogStream {
  readonly isTTY?: boolean | undefined;
  /** False when the reader is behind and the text waits in memory. */
  write(text: string): unknown;
  on(event: "error" | "drain", listener: () => void): unknown;
}

export interface LogStreamOptions {
  /** How much may wait for a reader that has stopped reading; lines beyond it are dropped. */
  readonly maxWaitingCharacters?: number;
  /** The line that says so, once the reader is back. */
  readonly describeDropped: (lines: number) => string;
}

/** A call of the kernel for each line took a twentieth of a request that is only passed on. */
const longestWaitMs = 10;

/** Writes to a stream whose reader may stall, or go away. Never blocks, never throws, and holds little. */
export function createStreamSink(stream: LogStream, options: LogStreamOptions): LogSink {
  const { maxWaitingCharacters = 4 * 1024 * 1024, describeDropped } = options;
  let waiting = 0;
  let dropped = 0;
  let gathered = "";
  let timer: Timer | undefined;

  function write(text: string): void {
    if (stream.write(text) === false) waiting += text.length;
  }

  function handOn(): void {
    clearTimeout(timer);
    timer = undefined;
    if (gathered !== "") write(gathered);
    gathered = "";
  }

  // Unheard, the error of a closed pipe (`ccproxy serve 2>&1 | head`) would end the process.
  stream.on("error", () => {});
  stream.on("drain", () => {
    waiting = 0;
    if (dropped === 0) return;
    const lines = dropped;
    dropped = 0;
    write(describeDropped(lines));
  });
  return {
    write(line, mayWait = false) {
      if (waiting > maxWaitingCharacters) {
        dropped += 1;
        return;
      }
      gathered += line;
      if (mayWait) timer ??= setTimeout(handOn, longestWaitMs).unref();
      else handOn();
    },
    close: handOn,
  };
}
