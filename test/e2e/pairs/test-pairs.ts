/** The tests of a suite: everything that the table says of its backends. */
import { afterAll, beforeAll, beforeEach, describe, test } from "bun:test";

import { type Asker, askers } from "../support/pair-clients.ts";
import type { ProviderBench } from "../support/provider-bench.ts";
import { backendNames, backends, type PairBackend } from "./backends.ts";
import { isThere, openPairBench } from "./bench.ts";
import type { Holding } from "./holding.ts";
import { type TalkCase, talkCases, talkTable } from "./table.ts";
import { openTalk, type Talk } from "./talk.ts";
import { isStream, talks } from "./talks.ts";

/** Each of these ends a conversation, and the process that has it: where that costs, the ways of an SDK share them out. */
const takenInTurns: Readonly<Partial<Record<TalkCase, RegExp>>> = {
  error: /whole|helper/,
  broken: /raw stream/,
  length: /whole/,
  nothing: /raw stream/,
  filter: /raw stream/,
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
        const cases = talkCases.filter((name) => !backends[backend].isCostly || (takenInTurns[name]?.test(asker.name) ?? true));
        test.each(cases)("%s", (name) => talks[name](talk, holdingFor(asker, talkTable[name][backend][asker.format])));
      },
    );

    test('each is one row; proves("log-access")', () => bench.checkRows());
  });
}
