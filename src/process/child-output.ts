import { ChildFault } from "./fault.ts";
import { createLineSplitter } from "./ndjson.ts";

/** A process that left the group can hold stdout open; what the child itself wrote is read long before this. */
const SILENCE_AFTER_EXIT_MS = 250;

/**
 * Batches of whole lines. The reader is taken at once: without one Bun reads ahead without bound (1.6 GB in 2 s from
 * `yes`), with one the pipe is only read when somebody asks. `exited` must not reject.
 */
export function readLines(
  stream: ReadableStream<Uint8Array>,
  maxLineBytes: number,
  exited: Promise<unknown>,
): AsyncIterable<readonly string[]> {
  const reader = openReader(stream, exited);
  const splitter = createLineSplitter(maxLineBytes);

  async function* batches(): AsyncGenerator<readonly string[], void, undefined> {
    for (;;) {
      const chunk = await reader.read();
      const { lines, overflow } = chunk === undefined ? splitter.end() : splitter.push(chunk);
      if (lines.length > 0) yield lines;
      if (overflow) throw new ChildFault("line-too-long", `A line of more than ${maxLineBytes} bytes came out.`);
      if (chunk === undefined) return;
    }
  }
  return batches();
}

interface ChunkReader {
  /** undefined at the end, also when the pipe breaks. */
  read(): Promise<Uint8Array | undefined>;
}

function openReader(stream: ReadableStream<Uint8Array>, exited: Promise<unknown>): ChunkReader {
  const reader = stream.getReader();
  let ended = false;
  let exit = false;
  let silence: ReturnType<typeof setTimeout> | undefined;

  const giveUpOnSilence = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => void reader.cancel().catch(() => undefined), SILENCE_AFTER_EXIT_MS);
  };
  let reading = false;
  void exited.then(() => {
    exit = true;
    if (reading) giveUpOnSilence();
  });

  return {
    async read() {
      if (ended) return undefined;
      reading = true;
      if (exit) giveUpOnSilence();
      try {
        const { value } = await reader.read();
        ended = value === undefined;
        return value;
      } catch {
        ended = true;
        return undefined;
      } finally {
        reading = false;
        clearTimeout(silence);
      }
    },
  };
}
