/** How long is waited in a turn, by whose move it is. */
import type { Awaits } from "./decode.ts";

/** Code of the model's that makes several calls makes them within a millisecond (0.169). */
const QUIET_MS = 50;
/**
 * Codex tries again for 25 seconds, or for as long as its provider has it wait, six times over (0.169). While nothing is
 * lost by it a client is told earlier, in time for a true status: before a stream's headers have to go out.
 */
const RETRY_PATIENCE_MS = 5000;

export class Patience {
  readonly #limits: Partial<Record<Awaits, number>>;
  #awaits: Awaits | undefined;
  #deadline: number | undefined;

  constructor(responseTimeoutMs: number) {
    this.#limits = {
      "first-word": responseTimeoutMs,
      "another-try": RETRY_PATIENCE_MS,
      "perhaps-client": QUIET_MS,
    };
  }

  /** Milliseconds from now; undefined for as long as it takes. Each call may be followed by one more. */
  left(awaits: Awaits): number | undefined {
    if (awaits !== this.#awaits || awaits === "perhaps-client") {
      const limit = this.#limits[awaits];
      this.#awaits = awaits;
      this.#deadline = limit && performance.now() + limit;
    }
    return this.#deadline && Math.max(0, this.#deadline - performance.now());
  }
}
