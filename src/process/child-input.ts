import { ChildFault } from "./fault.ts";

export interface ChildInput {
  write(line: string): Promise<void>;
  close(): void;
}

/**
 * One write at a time: a FileSink takes whatever it is given, so only waiting for each write bounds the memory a child
 * that does not read can cost. `exited` unblocks the write such a child leaves behind; it must not reject.
 */
export function createInput(sink: Bun.FileSink, exited: Promise<unknown>): ChildInput {
  let closed = false;
  let broken: ChildFault | undefined;
  let last: Promise<void> = Promise.resolve();
  // A callback and not a race against `exited`: each race would stay attached to it for the life of the child.
  let abandonWrite: ((fault: ChildFault) => void) | undefined;

  const breakOff = (message: string, cause?: unknown): ChildFault => {
    broken ??= new ChildFault("stdin-closed", message, cause);
    abandonWrite?.(broken);
    return broken;
  };
  void exited.then(() => breakOff("The child has exited."));

  const enqueue = (task: () => Promise<unknown>): Promise<void> => {
    const done = last.then(async () => {
      if (broken !== undefined) throw broken;
      const { promise, reject } = Promise.withResolvers<never>();
      abandonWrite = reject;
      try {
        await Promise.race([task(), promise]);
      } catch (cause) {
        throw breakOff("The child closed its input.", cause);
      } finally {
        abandonWrite = undefined;
      }
    });
    last = done.catch(() => undefined);
    return done;
  };

  return {
    write(line) {
      if (closed) return rejected(new ChildFault("stdin-closed", "The input of the child is closed."));
      return enqueue(async () => {
        // The sink throws at once or rejects later (EPIPE); both end up in the promise.
        await sink.write(`${line}\n`);
        await sink.flush();
      });
    },
    close() {
      if (closed) return;
      closed = true;
      void enqueue(async () => sink.end()).catch(() => undefined);
    },
  };
}

function rejected(fault: ChildFault): Promise<never> {
  const promise = Promise.reject(fault);
  promise.catch(() => undefined);
  return promise;
}
