import { GatewayError } from "#core/errors.ts";
import type { SessionName } from "#store/sessions.ts";

export interface QueueOptions {
  /** Longest a request waits for the turn before it. */
  readonly waitMs: number;
  /** Requests that may wait for one session. */
  readonly maxWaiting: number;
}

export interface Entry {
  /** One turn at a time; otherwise there may be any number. */
  readonly alone: boolean;
  /** Take the place of the turn that runs, instead of waiting for its end. */
  readonly interrupts: boolean;
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export interface Place {
  /** Fires, with a GatewayError, when the turn is not wanted any more. */
  readonly signal: AbortSignal;
  /** To be called once the turn is over; more calls do nothing. */
  readonly leave: () => void;
}

interface OpenSession {
  readonly running: Set<AbortController>;
  /** The turn that has the session for itself. */
  holder: AbortController | undefined;
  /** In order of their turns. */
  readonly waiting: Waiter[];
}

interface Waiter {
  readonly turn: AbortController;
  /** It goes before those that wait for their turn. */
  readonly interrupts: boolean;
  readonly admit: () => void;
  readonly giveUp: (reason: unknown) => void;
}

type Waiting = Pick<Waiter, "turn" | "interrupts"> & { readonly signal: AbortSignal };

/** Sessions that have a turn running or waiting, in this process. */
export class OpenSessions {
  readonly #options: QueueOptions;
  readonly #open = new Map<string, OpenSession>();

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Resolves when the turn may begin. Rejects with GatewayError `conflict`, or with the signal's reason. */
  async enter(name: SessionName, { alone, interrupts, signal }: Entry): Promise<Place> {
    signal.throwIfAborted();
    const open = this.#of(name);
    const turn = new AbortController();
    if (alone && open.holder !== undefined) {
      if (interrupts) interruptIn(open);
      await this.#wait(open, { turn, interrupts, signal });
    } else if (alone) open.holder = turn;
    open.running.add(turn);
    return { signal: turn.signal, leave: () => this.#leave(name, open, turn) };
  }

  counts(name: SessionName): { readonly running: number; readonly waiting: number } {
    const open = this.#open.get(keyOf(name));
    return { running: open?.running.size ?? 0, waiting: open?.waiting.length ?? 0 };
  }

  /** Stops what runs; gives how many turns that were. */
  interrupt(name: SessionName, reason: GatewayError): number {
    const running = [...(this.#open.get(keyOf(name))?.running ?? [])].filter(({ signal }) => !signal.aborted);
    for (const turn of running) turn.abort(reason);
    return running.length;
  }

  /** Stops what runs, and turns away what waits. */
  close(name: SessionName, reason: GatewayError): void {
    for (const waiter of [...(this.#open.get(keyOf(name))?.waiting ?? [])]) waiter.giveUp(reason);
    this.interrupt(name, reason);
  }

  #of(name: SessionName): OpenSession {
    const key = keyOf(name);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const open: OpenSession = { running: new Set(), holder: undefined, waiting: [] };
    this.#open.set(key, open);
    return open;
  }

  async #wait(open: OpenSession, { turn, interrupts, signal }: Waiting): Promise<void> {
    // One that interrupts has stopped the turn already, and of those only one waits.
    if (!interrupts && open.waiting.length >= this.#options.maxWaiting)
      throw busy("Too many requests wait for this session already.");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (reason: unknown): void => {
      const at = open.waiting.indexOf(waiter);
      if (at === -1) return;
      open.waiting.splice(at, 1);
      reject(reason);
    };
    const waiter: Waiter = { turn, interrupts, admit: resolve, giveUp };
    const abort = (): void => giveUp(signal.reason);
    const timer = setTimeout(() => giveUp(busy("The turn before it did not end in time.")), this.#options.waitMs);
    signal.addEventListener("abort", abort, { once: true });
    if (interrupts) open.waiting.unshift(waiter);
    else open.waiting.push(waiter);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }

  #leave(name: SessionName, open: OpenSession, turn: AbortController): void {
    if (!open.running.delete(turn)) return;
    if (open.holder === turn) {
      const next = open.waiting.shift();
      open.holder = next?.turn;
      next?.admit();
    }
    if (open.running.size === 0 && open.holder === undefined) this.#open.delete(keyOf(name));
  }
}

/** Of several that interrupt, the last is the one whose answer is wanted. */
function interruptIn({ holder, waiting }: OpenSession): void {
  holder?.abort(replaced());
  for (const waiter of waiting.filter(({ interrupts }) => interrupts)) waiter.giveUp(replaced());
}

function keyOf({ principal, id }: SessionName): string {
  return JSON.stringify([principal, id]);
}

/** `cancelled`, because clients repeat by themselves what failed for a conflict. */
function replaced(): GatewayError {
  return new GatewayError("cancelled", "A later request of the same session took this turn's place.");
}

function busy(why: string): GatewayError {
  return new GatewayError("conflict", `The session is busy. ${why}`, {
    hint: "Send it again later, or with X-CCProxy-Busy: interrupt to take the place of the turn that runs.",
    retryAfterSeconds: 5,
  });
}
