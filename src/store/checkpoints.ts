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

/** The thread starts with the first of them. */
export function createCheckpoints(databasePath: string): Checkpoints {
  let worker: Worker | undefined;
  return {
    run() {
      worker ??= new Worker(workerPath, { smol: true });
      worker.unref();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const once = { once: true };
      worker.addEventListener(
        "message",
        ({ data }) => (data === null ? resolve() : reject(new Error(String(data)))),
        once,
      );
      worker.addEventListener("error", ({ message }) => reject(new Error(message)), once);
      worker.postMessage(databasePath, []);
      return promise;
    },
    close: () => worker?.terminate(),
  };
}
