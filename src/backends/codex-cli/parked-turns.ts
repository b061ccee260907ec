import type { RequestOf, SessionOf } from "#core/backend.ts";

import type { ThreadTurn } from "./thread-turn.ts";

/** A turn that has answered with calls of the client's tools and waits for their results. */
export interface ParkedTurn {
  readonly turn: ThreadTurn;
  /** Who left it. */
  readonly left: RequestOf & { readonly session: string | undefined };
  /** Equal for requests that may go on with it. */
  readonly settled: string;
}

/** Who would have had it kept for longer. */
export type EndReason = "age" | "number";

interface ParkedOptions {
  readonly most: number;
  readonly ttlMs: number;
  readonly onEnd: (why: EndReason) => void;
}

/** Those turns, oldest first. One that is taken is out: two equal requests never share it. */
export class ParkedTurns {
  readonly #options: ParkedOptions;
  readonly #timers = new Map<ParkedTurn, ReturnType<typeof setTimeout>>();

  constructor(options: ParkedOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#timers.size;
  }

  put(parked: ParkedTurn): void {
    const timer = setTimeout(() => this.#evict(parked, "age"), this.#options.ttlMs);
    timer.unref();
    this.#timers.set(parked, timer);
    for (const oldest of this.#timers.keys()) {
      if (this.#timers.size <= this.#options.most) break;
      this.#evict(oldest, "number");
    }
  }

  /**
   * The turn that waits for exactly these calls, of this caller and conversation. One of the caller's that waits for
   * any of them, and is not that, ends: it cannot go on with what its conversation goes on with.
   */
  take(principal: string, calls: readonly string[], settled: string): ThreadTurn | undefined {
    let found: ThreadTurn | undefined;
    for (const parked of [...this.#timers.keys()]) {
      const { turn, left } = parked;
      if (left.principal !== principal || !turn.calls.some((id) => calls.includes(id))) continue;
      this.#remove(parked);
      const fits = parked.settled === settled && turn.usable && turn.calls.every((id) => calls.includes(id));
      if (fits && found === undefined) found = turn;
      else void turn.stop();
    }
    return found;
  }

  /** Ends those that this request, or session, left; says how many there were. */
  endOf(meant: RequestOf | SessionOf): number {
    const ended = [...this.#timers.keys()].filter(({ left }) =>
      left.principal === meant.principal && "session" in meant
        ? left.session === meant.session
        : left.principal === meant.principal && "requestId" in meant && left.requestId === meant.requestId,
    );
    for (const parked of ended) this.#evict(parked);
    return ended.length;
  }

  clear(): void {
    for (const parked of [...this.#timers.keys()]) this.#evict(parked);
  }

  #evict(parked: ParkedTurn, why?: EndReason): void {
    this.#remove(parked);
    if (why !== undefined) this.#options.onEnd(why);
    void parked.turn.stop();
  }

  #remove(parked: ParkedTurn): void {
    clearTimeout(this.#timers.get(parked));
    this.#timers.delete(parked);
  }
}
