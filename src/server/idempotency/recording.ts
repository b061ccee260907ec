import type { GatewayError } from "#core/errors.ts";
import type { RunningHead } from "#gateway/types.ts";
import type { Outcome } from "#server/exchange.ts";

/** What is known of an answer when its first byte is due. */
export interface Opening {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly streaming: boolean;
  readonly head: RunningHead | undefined;
}

interface RecordingOptions {
  /** How long an answer goes on that nobody reads. */
  readonly lingerMs: number;
  /** How much of one that is not kept may wait for those who read it. */
  readonly maxBytes: number;
  /** It got so many bytes longer or, below zero, let go of them. */
  readonly onGrowth: (bytes: number) => void;
}

/** A place from which to read the whole answer, from its first byte on. */
export interface Seat {
  /** What comes until the answer is over or the signal fires; once. */
  read(signal?: AbortSignal): AsyncGenerator<Uint8Array>;
  /** May be called more than once. */
  leave(): void;
}

interface Reader {
  /** The number of the chunk it reads next. */
  next: number;
}

/**
 * One answer, as it is written for whoever reads it: the client that asked first, those that repeat the request
 * meanwhile, and, while it is kept, those that come when it is over.
 */
export class Recording {
  readonly #options: RecordingOptions;
  readonly #opening = Promise.withResolvers<Opening>();
  readonly #readers = new Set<Reader>();
  readonly #chunks: Uint8Array[] = [];
  /** Chunks that have been let go of. */
  #gone = 0;
  #bytes = 0;
  #kept = true;
  #outcome: Outcome | undefined;
  #changed = Promise.withResolvers<void>();
  #lingering: ReturnType<typeof setTimeout> | undefined;
  #abandon: () => void = () => undefined;

  constructor(options: RecordingOptions) {
    this.#options = options;
    // It may fail before anybody else has come to wait for it.
    this.#opening.promise.catch(() => undefined);
  }

  /** Rejects with the GatewayError of an answer that never began. */
  get opened(): Promise<Opening> {
    return this.#opening.promise;
  }

  /** undefined while it goes on. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Called once nobody is left, nor has come for a while: the answer need not go on. */
  set onAbandoned(abandon: () => void) {
    this.#abandon = abandon;
  }

  join(): Seat {
    const reader: Reader = { next: 0 };
    this.#readers.add(reader);
    clearTimeout(this.#lingering);
    const leave = (): void => {
      if (!this.#readers.delete(reader)) return;
      this.#dropRead();
      this.#mindTheLonely();
    };
    return { read: (signal) => this.#read(reader, leave, signal), leave };
  }

  open(opening: Opening): void {
    this.#opening.resolve(opening);
  }

  /** It ends before it has begun. */
  fail(error: GatewayError): void {
    this.#opening.reject(error);
    this.end({ finishReason: undefined, failure: error });
  }

  /** Resolves when there is room for more. */
  async add(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk);
    this.#grow(chunk.byteLength);
    this.#dropRead();
    this.#notify();
    while (!this.#kept && this.#bytes > this.#options.maxBytes) await this.#changed.promise;
  }

  end(outcome: Outcome): void {
    this.#outcome ??= outcome;
    clearTimeout(this.#lingering);
    this.#notify();
  }

  /** Nobody will ask for it again: from here on it is only passed on to those who read it. */
  forget(): void {
    if (!this.#kept) return;
    this.#kept = false;
    this.#dropRead();
    this.#mindTheLonely();
  }

  async *#read(reader: Reader, leave: () => void, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const wake = (): void => this.#notify();
    signal?.addEventListener("abort", wake, { once: true });
    try {
      for (;;) {
        if (signal?.aborted === true) return;
        const chunk = this.#chunks[reader.next - this.#gone];
        if (chunk !== undefined) {
          reader.next += 1;
          this.#dropRead();
          yield chunk;
        } else if (this.#outcome === undefined) await this.#changed.promise;
        else return;
      }
    } finally {
      signal?.removeEventListener("abort", wake);
      leave();
    }
  }

  /** What all readers have read is needed no more, unless it is kept for others. */
  #dropRead(): void {
    if (this.#kept) return;
    const end = this.#gone + this.#chunks.length;
    const needed = Math.min(end, ...Array.from(this.#readers, ({ next }) => next));
    for (const chunk of this.#chunks.splice(0, needed - this.#gone)) this.#grow(-chunk.byteLength);
    this.#gone = needed;
    this.#notify();
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    this.#options.onGrowth(bytes);
  }

  #mindTheLonely(): void {
    clearTimeout(this.#lingering);
    if (this.#readers.size > 0 || this.#outcome !== undefined) return;
    // One that is forgotten cannot be come back for.
    const waitMs = this.#kept ? this.#options.lingerMs : 0;
    this.#lingering = setTimeout(() => this.#abandon(), waitMs);
    this.#lingering.unref();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
