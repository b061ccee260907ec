/**
 * The thread of `checkpoints.ts`. Each message is the path of a database; the answer is what went wrong, or null.
 * Plain JavaScript: the executable carries it as a file, and nothing translates that.
 */
const opened = new Map();

async function checkpoint(path) {
  const { Database } = await import("bun:sqlite");
  const database = opened.get(path) ?? new Database(path, { readwrite: true, create: false });
  opened.set(path, database);
  // Passive: nobody has to wait for it. What is written meanwhile is left for the next time.
  database.run("PRAGMA wal_checkpoint(PASSIVE)");
  return null;
}

globalThis.addEventListener("message", ({ data }) => {
  void checkpoint(data)
    .catch(String)
    .then((fault) => postMessage(fault, []));
});
