import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createCheckpoints } from "./checkpoints.ts";
import { openDatabase } from "./database.ts";

test("what the write-ahead log holds is brought into the database, one time after another", async () => {
  const directory = mkdtempSync(join(tmpdir(), "ccproxy-"));
  const path = join(directory, "x.db");
  const database = openDatabase(path, { migrations: ["CREATE TABLE things (bytes BLOB)"] });
  const checkpoints = createCheckpoints(path);
  const sizes = [Bun.file(path).size];
  for (let times = 0; times < 2; times += 1) {
    for (let rows = 0; rows < 20; rows += 1) database.run("INSERT INTO things VALUES (randomblob(8000))");
    await checkpoints.run();
    sizes.push(Bun.file(path).size);
  }
  checkpoints.close();
  database.close();
  expect(sizes.toSorted((one, other) => one - other)).toEqual(sizes);
  expect(new Set(sizes).size).toBe(3);
  // The thread may be letting go of its files just now.
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

test("a database that is not there is said to be so", async () => {
  const checkpoints = createCheckpoints("/nonexistent/x.db");
  expect(checkpoints.run()).rejects.toThrow("unable to open");
  checkpoints.close();
});
