/** The tests of a suite: everything that the table says of its backends. */
import { afterAll, beforeAll, beforeEach, describe, test } from "bun:test";

import { wireFormats } from "#config/schema.ts";

import { type Asker, askers } from "../support/pair-clients.ts";
import type { ProviderBench } from "../support/provider-bench.ts";
import { backendNames, backends, type PairBackend } from "./backends.ts";
import { isThere, openPairBench } from "./bench.ts";
import type { Holding } from "./holding.ts";
import { expectLoop, expectReport, expectThoughtsBack, loopsOf, structurersOf } from "./loops.ts";
import { expectNoRoomFor, requests } from "./requests.ts";
import type { Client } from "./send.ts";
import {
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
import { isStream, talks } from "./talks.ts";

/** Each of these ends a conversation, and the process that has it: where that costs, the ways of an SDK share them out. */
const takenInTurns: Readonly<Partial<Record<TalkCase, RegExp>>> = {
  refused: /helper/,
  limited: /whole/,
  broken: /raw stream/,
  length: /whole/,
  nothing: /raw stream/,
  // Anthropic's API has one word for this and the next.
  filter: /^$/,
  refusal: /helper/,
};

function holdingFor(asker: Asker, holding: Holding): Holding {
  if (holding.holds !== "by way") return holding;
  return isStream(asker) ? holding.streamed : holding.whole;
}

export function testPairs(suite: PairBackend["suite"]): void {
  let bench: ProviderBench;
  const names = backendNames.filter((name) => backends[name].suite === suite);
  describe.skipIf(!isThere(suite))("pairs", () => {
    beforeAll(async () => {
      bench = await openPairBench(suite);
    });
    afterAll(() => bench[Symbol.asyncDispose]());
    beforeEach(() => bench.forget());

    describe.each(names.flatMap((name) => askers.map((asker) => [asker.name, name, asker] as const)))(
      "%s on %s",
      (_name, backend, asker) => {
        let talk: Talk;
        beforeAll(() => {
          talk = openTalk({ backend, asker, bench, goesOn: backends[backend].isCostly === true });
        });
        const cases = talkCases.filter(
          (name) => !backends[backend].isCostly || (takenInTurns[name]?.test(asker.name) ?? true),
        );
        test.each(cases)("%s", (name) => talks[name](talk, holdingFor(asker, talkTable[name][backend][asker.format])));
      },
    );

    describe.each(names.flatMap((backend) => wireFormats.map((format) => [format, backend] as const)))(
      "%s on %s",
      (format, backend) => {
        const client = (): Client => ({ bench, backend, format });
        const asked = requestCases.filter((name) => requestTable[name][backend][format].holds !== "unsayable");
        test.each(asked)("%s", (name) => requests[name](client(), requestTable[name][backend][format]));

        const impossible = contentCases.filter((name) => contentTable[name][backend][format].holds === "refused");
        test.each(impossible)("%s", (name) => expectNoRoomFor(client(), name));

        if (helperTable.loop[backend][format].holds === "carried")
          test.each(loopsOf({ backend, format }).map((loop) => [loop.name, loop] as const))(
            "%s",
            async (name, loop) => {
              await expectLoop(client(), loop);
              if (helperTable.thoughtsBack[backend][format].holds === "carried" && !name.includes("raw stream"))
                expectThoughtsBack(client());
            },
          );

        if (helperTable.structured[backend][format].holds === "carried")
          test.each(structurersOf({ format }).map((each) => [each.name, each] as const))(
            "an answer in the form of a schema: %s",
            (_name, structurer) => expectReport(client(), structurer),
          );
      },
    );

    test("each is one row", () => bench.checkRows());
  });
}
