import type { GatewayError } from "#core/errors.ts";
import { Bell } from "#lib/bell.ts";

/** Hands what comes of a turn to whoever runs it. The process is everybody's: nobody may keep it waiting. */
export class Feed<T> {
  #items: T[] = [];
  #closed = false;
  readonly #bell = new Bell();
  /** Why it was closed, where that was somebody's fault. */
  failure: GatewayError | undefined;

  push(item: T): void {
    if (this.#closed) return;
    this.#items.push(item);
    this.#bell.ring();
  }

  /** All there is; `[]` after `quietMs` of silence; undefined when the feed is closed and empty. For one consumer. */
  async take(quietMs?: number): Promise<readonly T[] | undefined> {
    if (this.#items.length === 0 && !this.#closed) await this.#bell.wait(quietMs);
    const items = this.#items;
    this.#items = [];
    return items.length === 0 && this.#closed ? undefined : items;
  }

  get length(): number {
    return this.#items.length;
  }

  close(failure?: GatewayError): void {
    this.failure ??= failure;
    this.#closed = true;
    this.#bell.ring();
  }
}
