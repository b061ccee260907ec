/** What `withSilences` says when nothing has come for a while. */
export const silence = Symbol("silence");

interface SilenceOptions {
  readonly silenceMs: number;
  readonly signal: AbortSignal;
}

/**
 * Passes a source on and says `silence` each time it has said nothing for `silenceMs`. Ends as soon as the
 * signal fires, also while the source is stuck in an await: a generator's own `finally` would run only after it.
 */
export async function* withSilences<T>(
  source: AsyncIterable<T>,
  { silenceMs, signal }: SilenceOptions,
): AsyncGenerator<T | typeof silence> {
  const iterator = source[Symbol.asyncIterator]();
  const alarm = createAlarm(signal);
  try {
    let next = iterator.next();
    while (!signal.aborted) {
      const outcome = await alarm.during(next, silenceMs);
      if (outcome === "aborted") return;
      if (outcome === silence) {
        yield silence;
        continue;
      }
      if (outcome.done === true) return;
      yield outcome.value;
      next = iterator.next();
    }
  } finally {
    alarm.dispose();
    void Promise.resolve(iterator.return?.()).catch(ignore);
  }
}

/** One listener on the signal for the whole stream; a race per item would leave one behind each time. */
function createAlarm(signal: AbortSignal) {
  let ring: () => void = ignore;
  const onAbort = () => ring();
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    during<T>(pending: Promise<T>, silenceMs: number): Promise<T | typeof silence | "aborted"> {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, silenceMs, silence);
        const settle = (finish: () => void) => {
          clearTimeout(timer);
          finish();
        };
        ring = () => settle(() => resolve("aborted"));
        pending.then(
          (value) => settle(() => resolve(value)),
          (error: unknown) => settle(() => reject(error)),
        );
        if (signal.aborted) ring();
      });
    },
    dispose: () => signal.removeEventListener("abort", onAbort),
  };
}

function ignore(): void {}
