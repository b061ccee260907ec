import { GatewayError } from "#core/errors.ts";

export interface AdmissionOptions {
  readonly maxRunning: number;
  /** What says how many may run, as a client is told it. */
  readonly setting: string;
  readonly maxWaiting: number;
  readonly queueTimeoutMs: number;
}

/** Lets at most `maxRunning` turns run; the rest wait in order of arrival, but neither forever nor in any number. */
export interface Admission {
  /** Resolves with the release, to be called once the turn is over (more calls do nothing). */
  enter(signal: AbortSignal): Promise<() => void>;
  readonly running: number;
  readonly waiting: number;
}

interface Waiter {
  readonly admit: () => void;
}

export function createAdmission(options: AdmissionOptions): Admission {
  const queue = new Set<Waiter>();
  let running = 0;

  function leave(): void {
    const [next] = queue;
    if (next === undefined) running -= 1;
    else next.admit();
  }

  function releaseOnce(): () => void {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      leave();
    };
  }

  async function enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (running < options.maxRunning) {
      running += 1;
      return releaseOnce();
    }
    if (queue.size >= options.maxWaiting) throw queueFull(options);
    await waitForTurn(queue, options, signal);
    return releaseOnce();
  }

  return {
    enter,
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
  };
}

/** A place passes straight from the leaving turn to the waiter, so `running` never dips in between. */
function waitForTurn(queue: Set<Waiter>, options: AdmissionOptions, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      queue.delete(waiter);
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      finish();
    };
    const waiter: Waiter = { admit: () => settle(resolve) };
    const onAbort = () => settle(() => reject(signal.reason));
    const timer = setTimeout(() => settle(() => reject(queueTimeout(options))), options.queueTimeoutMs);
    signal.addEventListener("abort", onAbort, { once: true });
    queue.add(waiter);
  });
}

function queueFull({ maxRunning, maxWaiting, setting }: AdmissionOptions): GatewayError {
  return new GatewayError("rate-limit", `No place is free: ${maxRunning} run, ${maxWaiting} wait, and no more may.`, {
    hint: `Retry shortly, or raise ${setting} or limits.max_waiting.`,
    retryAfterSeconds: 5,
    isOurLimit: true,
  });
}

function queueTimeout({ queueTimeoutMs, setting }: AdmissionOptions): GatewayError {
  const seconds = Math.round(queueTimeoutMs / 1000);
  return new GatewayError("rate-limit", `No place became free within ${seconds} s.`, {
    hint: `Retry shortly, or raise ${setting} or limits.queue_timeout_seconds.`,
    retryAfterSeconds: Math.max(1, Math.min(seconds, 30)),
    isOurLimit: true,
  });
}
