import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openModelList } from "./model-list.ts";

const folder = mkdtempSync(join(tmpdir(), "ccproxy-model-list-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const list = { at: 5, models: [{ id: "a", displayName: "A", aliases: [], contextWindow: 9 }] };

// proves("upstream-last-good")
test("what was told is read again, of the same place alone, and by its owner alone", () => {
  openModelList(folder, "acme", "https://acme.example").write(list);
  expect(openModelList(folder, "acme", "https://acme.example").read()).toMatchObject(list);
  expect(openModelList(folder, "acme", "https://elsewhere.example").read()).toBeUndefined();
  expect(statSync(join(folder, "acme.json")).mode & 0o777).toBe(0o600);
});

test("a file that is damaged, or a directory that is gone, is no list and no failure", () => {
  for (const text of ["", "{", '{"from":"x","at":1,"models":[{}]}']) {
    writeFileSync(join(folder, "acme.json"), text);
    expect(openModelList(folder, "acme", "x").read()).toBeUndefined();
  }
  const gone = openModelList(join(folder, "gone"), "acme", "x");
  gone.write(list);
  expect(gone.read()).toBeUndefined();
});
