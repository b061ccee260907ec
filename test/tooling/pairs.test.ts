/** The table of pairs leaves out no backend, no client's format and no case: who adds one has to say what holds there. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";

import { Glob } from "bun";
import * as v from "valibot";

import { cliBackends, knownProviders, providersOf } from "#config/providers.ts";
import { wireFormats } from "#config/schema-parts.ts";
import { configSchema } from "#config/schema.ts";

import { root } from "../../scripts/lib/run.ts";
import { backendNames, backends } from "../e2e/pairs/backends.ts";
import { contents } from "../e2e/pairs/bodies.ts";
import type { Holding } from "../e2e/pairs/holding.ts";
import { contentCases, contentTable, helperTable, requestTable, talkTable } from "../e2e/pairs/table.ts";
import { askers } from "../e2e/support/pair-clients.ts";

const grids = Object.entries({ ...talkTable, ...requestTable, ...contentTable, ...helperTable });
const cells = grids.flatMap(([name, grid]) =>
  backendNames.flatMap((backend) =>
    wireFormats.map((format) => ({ name, backend, format, holding: grid[backend][format] })),
  ),
);

test("every kind of backend that a configuration can make is in it, and no other", () => {
  const config = v.parse(configSchema, {
    codex: { enabled: true },
    providers: Object.fromEntries(knownProviders.map((name) => [name, {}])),
  });
  const known = providersOf(config).flatMap(({ answersAs, endpoints }) =>
    endpoints.map(({ format }) => `${answersAs ?? format}-api`),
  );
  const kinds = new Set([...cliBackends(config), ...known, ...wireFormats.map((format) => `${format}-api`)]);
  expect([...kinds].toSorted()).toEqual(backendNames.toSorted());
});

test.each(grids)("%s: every backend has a cell for every format", (_name, grid) => {
  expect(Object.keys(grid).toSorted()).toEqual(backendNames.toSorted());
  for (const row of Object.values(grid)) expect(Object.keys(row).toSorted()).toEqual(wireFormats.toSorted());
});

describe("what a cell says is looked at", () => {
  test.each(wireFormats)("%s is spoken by an official SDK, as a stream and whole", (format) => {
    const ways = askers.filter((asker) => asker.format === format).map(({ name }) => name.replace(/^.*, /, ""));
    expect(ways).toEqual(["whole", "raw stream", "stream helper"]);
  });

  test("in a suite for each backend, of which none stands beside the table", async () => {
    const files = await Array.fromAsync(new Glob("*.test.ts").scan(`${root}/test/e2e/pairs`));
    const suites = new Set(backendNames.map((name) => `${backends[name].suite}.test.ts`));
    expect(files.toSorted()).toEqual([...suites].toSorted());
  });

  test("or in another suite, which is there", () => {
    const elsewhere = cells.map(({ holding }: { readonly holding: Holding }) =>
      holding.holds === "shown" ? holding.by : undefined,
    );
    const files = [...new Set(elsewhere.filter((by) => by !== undefined))];
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect([file, existsSync(`${root}/test/e2e/${file}.test.ts`)]).toEqual([file, true]);
  });

  test("a content is unsayable where the format has no words for it, and nowhere else", () => {
    for (const name of contentCases)
      for (const backend of backendNames)
        for (const format of wireFormats)
          expect([name, backend, format, contentTable[name][backend][format].holds === "unsayable"]).toEqual([
            name,
            backend,
            format,
            contents[name][format] === undefined,
          ]);
  });
});
