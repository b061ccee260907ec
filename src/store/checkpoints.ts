import file from "./checkpoint-worker.js" with { type: "file" };

/** Its path, inside the executable too; TypeScript takes it for a module of ours. */
const workerPath = file as unknown as string;

/**
 * Moves what the write-ahead log has gathered into the database, on a thread of its own: that waits for the disk (13 to
 * 36 ms were measured for 1,000 pages), and in the event loop every stream would wait with it.
 */
export interface Checkpoints {
  /** Rejects where it failed; SQLite then does it itself once the log is long. */
  run(): Promise<void>;
  close(): void;
}

const longestMs = 30_000;

/** The thread starts with the first of them. */
export function createCheckpoints(databasePath: string): Checkpoints {
  let worker: Worker | undefined;
  return {
    async run() {
      worker ??= new Worker(workerPath, { smol: true });
      worker.unref();
      const answered = Promise.withResolvers<void>();
      const listening = new AbortController();
      const once = { once: true, signal: listening.signal };
      worker.addEventListener(
        "message",
        ({ data }) => (data === null ? answered.resolve() : answered.reject(new Error(String(data)))),
        once,
      );
      worker.addEventListener("error", ({ message }) => answered.reject(new Error(message)), once);
      const timer = setTimeout(() => answered.reject(new Error("It took too long.")), longestMs);
      worker.postMessage(databasePath, []);
      try {
        await answered.promise;
      } catch (error) {
        // Whatever became of it, the next one is not to wait for it.
        worker.terminate();
        worker = undefined;
        throw error;
      } finally {
        clearTimeout(timer);
        listening.abort();
      }
    },
    close: () => worker?.terminate(),
  };
}
