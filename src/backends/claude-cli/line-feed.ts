import { Bell } from "#lib/bell.ts";

import type { CliLine } from "./lines.ts";

/** Batches the reader may be ahead of the turn before it has to wait; then the pipe fills and the CLI waits too. */
const MAX_AHEAD = 256;

/** Hands the lines of a process over to whoever runs a turn on it. */
export class LineFeed {
  #lines: CliLine[] = [];
  #batches = 0;
  #closed = false;
  readonly #bell = new Bell();
  #room: (() => void) | undefined;

  /** Resolves when there is room for more. For one producer, which waits. */
  async push(lines: readonly CliLine[]): Promise<void> {
    if (this.#closed) return;
    this.#lines.push(...lines);
    this.#batches += 1;
    this.#bell.ring();
    if (this.#batches < MAX_AHEAD) return;
    await new Promise<void>((resolve) => {
      this.#room = resolve;
    });
  }

  /** All lines there are; `[]` after `quietMs` of silence; undefined when the feed is closed and empty. For one consumer. */
  async take(quietMs?: number): Promise<readonly CliLine[] | undefined> {
    if (this.#lines.length === 0 && !this.#closed) await this.#bell.wait(quietMs);
    const lines = this.#lines;
    this.#lines = [];
    this.#batches = 0;
    this.#room?.();
    this.#room = undefined;
    return lines.length === 0 && this.#closed ? undefined : lines;
  }

  /** What nobody took. */
  get rest(): readonly CliLine[] {
    return this.#lines;
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.#bell.ring();
    this.#room?.();
  }
}
