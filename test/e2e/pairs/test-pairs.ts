/** The tests of a suite: everything that the table says of its backends. */
import { afterAll, beforeAll, beforeEach, describe, test } from "bun:test";

import { wireFormats } from "#config/schema-parts.ts";

import { askers } from "../support/pair-clients.ts";
import type { ProviderBench } from "../support/provider-bench.ts";
import { backendNames, backends, type PairBackend } from "./backends.ts";
import { isThere, openPairBench } from "./bench.ts";
import type { Grid, Holding } from "./holding.ts";
import { expectLoop, expectReport, expectThoughtsBack, loopsOf, structurersOf } from "./loops.ts";
import { expectNoRoomFor, requests } from "./requests.ts";
import type { Client } from "./send.ts";
import {
  askedOnce,
  contentCases,
  contentTable,
  helperTable,
  requestCases,
  requestTable,
  type TalkCase,
  talkCases,
  talkTable,
} from "./table.ts";
import { openTalk, type Talk } from "./talk.ts";
import { talks } from "./talks.ts";

export function testPairs(suite: PairBackend["suite"]): void {
  let bench: ProviderBench;
  const names = backendNames.filter((name) => backends[name].suite === suite);
  const byAsker = names.flatMap((backend) => askers.map((asker) => ({ backend, asker, way: asker.name })));
  const byFormat = names.flatMap((backend) => wireFormats.map((format) => ({ backend, format })));

  describe.skipIf(!isThere(suite))("pairs", () => {
    beforeAll(async () => {
      bench = await openPairBench(suite);
    });
    afterAll(() => bench[Symbol.asyncDispose]());
    beforeEach(() => bench.forget());

    describe.each(byAsker)("$way on $backend", ({ backend, asker }) => {
      const { isCostly = false, goesOn = false } = backends[backend];
      const isAsked = (name: TalkCase): boolean =>
        isHere(talkTable[name][backend][asker.format]) && (!isCostly || (askedOnce[name]?.test(asker.name) ?? true));
      let talk: Talk;
      beforeAll(() => {
        talk = openTalk({ backend, asker, bench, goesOn });
      });
      test.each(talkCases.filter(isAsked))("%s", (name) => talks[name](talk, talkTable[name][backend][asker.format]));
    });

    describe.each(byFormat)("$format on $backend", ({ backend, format }) => {
      const client = (): Client => ({ bench, backend, format });
      const cell = (grid: Grid) => grid[backend][format];

      test.each(requestCases.filter((name) => isHere(cell(requestTable[name]))))("%s", (name) =>
        requests[name](client(), cell(requestTable[name])),
      );
      test.each(contentCases.filter((name) => cell(contentTable[name]).holds === "refused"))("no %s", (name) =>
        expectNoRoomFor(client(), name),
      );
      for (const loop of isHere(cell(helperTable.loop)) ? loopsOf({ backend, format }) : [])
        test(`a loop: ${loop.name}`, async () => {
          await expectLoop(client(), loop);
          // Who reads the words alone sends no more back.
          if (isHere(cell(helperTable.thoughtsBack)) && !loop.name.includes("raw stream")) expectThoughtsBack(client());
        });
      for (const structurer of isHere(cell(helperTable.structured)) ? structurersOf(format) : [])
        test(`an answer in the form of a schema: ${structurer.name}`, () => expectReport(client(), structurer));
    });

    test("each is one row", () => bench.checkRows());
  });
}

function isHere({ holds }: Holding): boolean {
  return holds !== "unsayable" && holds !== "shown";
}
