import type { Terminal } from "./terminal.ts";

const patienceMs = 700;

/** Shows on a terminal what is being waited for, once the wait is long enough to wonder about. */
export async function withProgress<T>({ watched }: Terminal, what: string, work: Promise<T>): Promise<T> {
  if (!watched) return await work;
  const startedAt = performance.now();
  let shown = false;
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    process.stderr.write(`\r\u001B[K${what} … ${seconds} s`);
    shown = true;
  }, patienceMs);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (shown) process.stderr.write("\r\u001B[K");
  }
}
