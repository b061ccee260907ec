/** Wakes the one who waits for it. */
export class Bell {
  #wake: (() => void) | undefined;

  ring(): void {
    this.#wake?.();
  }

  /** Resolves when it rings, or after `quietMs`. For one who waits. */
  async wait(quietMs: number | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = quietMs === undefined ? undefined : setTimeout(resolve, quietMs);
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }
}
