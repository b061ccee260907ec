/** Whatever goes wrong behind Codex, or with it: an error of the right kind, one end, and nothing left behind. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { ErrorKind } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";

import { childrenOf } from "../support/children.ts";
import { waitFor } from "../support/proxy.ts";
import { type Answer, type Bench, codexProgram, lookup, openBench, request, says, withResults } from "./support.ts";

setDefaultTimeout(30_000);

const call = '[[demo tool lookup {"of":"it"}]] [[demo then]]';
const retries = "request_max_retries = 0\nstream_max_retries = 0\nstream_idle_timeout_ms = 400\n";

// proves("upstream-codex")
describe.skipIf(codexProgram === undefined)("a fault behind Codex", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({}, retries);
  });
  afterAll(() => bench.close());
  beforeEach(() => bench.forget());
  const codex = () => childrenOf(`CODEX_HOME=${bench.home}`, process.pid);

  function expectOneEnd({ events }: Answer): void {
    const ends = events.filter(({ type }) => type === "finish" || type === "error");
    expect([ends.length, events.at(-1)]).toEqual([1, ends[0]]);
  }

  async function expectRecovered(): Promise<void> {
    await waitFor(() => bench.upstream.openRequests() === 0 || undefined, 5000);
    expect((await bench.ask(request([says("[[demo say back]]")]))).text).toBe("back");
    expect(bench.backend.status().children).toMatchObject({ idle: 1, busy: 0 });
    expect(codex()).toHaveLength(1);
  }

  test.each<[string, ErrorKind, string]>([
    ["[[demo error 401]]", "authentication", ""],
    ["[[demo error 429]]", "rate-limit", ""],
    ["[[demo error 500]]", "upstream", ""],
    ["[[demo error 529]]", "overloaded", ""],
    ["[[demo stall 20000]]", "timeout", ""],
    ["[[demo text 3]] [[demo stall 20000 at=2]]", "timeout", "chunk 1 chunk 2 "],
    ["[[demo text 3]] [[demo drop at=2]]", "upstream", "chunk 1 chunk 2 "],
  ])("%s is told as %s", async (prompt, kind, said) => {
    const answer = await bench.ask(request([says(prompt)]));
    expect([answer.error?.kind, answer.text]).toEqual([kind, said]);
    if (kind === "rate-limit") expect(answer.error?.options.retryAfterSeconds).toBeGreaterThan(0);
    expectOneEnd(answer);
    await expectRecovered();
  });

  test("an answer that a filter cuts off ends as one, also where Codex asks only once", async () => {
    const { text, finish } = await bench.ask(request([says("[[demo say abc]] [[demo stop refusal]]")]));
    expect([text, finish?.reason]).toEqual(["abc", "content-filter"]);
  });

  const kill = (): void => {
    for (const pid of codex()) process.kill(pid, "SIGKILL");
  };
  const onceAt = (type: ModelEvent["type"]) => {
    let isDone = false;
    return (events: readonly ModelEvent[]): void => {
      if (isDone || events.at(-1)?.type !== type) return;
      isDone = true;
      kill();
    };
  };

  test.each([
    ["before a word of it", "[[demo stall 20000]]", "upstream"],
    ["in the middle of it", "[[demo text 1000 delay=5]]", "upstream"],
  ] as const)("Codex is killed %s: that is told, and the next request has another", async (where, prompt, kind) => {
    const early = where.startsWith("before");
    const answering = bench.ask(request([says(prompt)]), early ? {} : { onEvents: onceAt("text-delta") });
    if (early) {
      await waitFor(() => bench.upstream.openRequests() > 0 || undefined, 5000);
      kill();
    }
    const answer = await answering;
    expect(answer.error).toMatchObject({ kind, message: "Codex ended unexpectedly (by SIGKILL)." });
    expectOneEnd(answer);
    await expectRecovered();
  });

  test("Codex is killed as it starts, and as it waits for the client's tools", async () => {
    kill();
    await waitFor(() => bench.backend.status().detail.includes("first request") || undefined, 5000);
    const asking = bench.ask(request([says("[[demo say first]]")]));
    await waitFor(() => codex().length > 0 || undefined, 5000);
    kill();
    const first = await asking;
    expect(first.error === undefined || ["unavailable", "upstream"].includes(first.error.kind)).toBe(true);
    expectOneEnd(first);
    const asked = request([says(`${call} [[demo say It.]]`)], { features: { tools: [lookup] } });
    const called = await bench.ask(asked);
    kill();
    const brought = await bench.ask(withResults(asked, called, ["plum"]));
    expectOneEnd(brought);
    // As soon as it is known to be gone, results are answered from the conversation.
    const again = await bench.ask(withResults(asked, called, ["plum"]));
    expect(again.text).toBe("It.");
    await expectRecovered();
  });

  test.each([0, 5, 15, 30, 60])("a client that leaves after %d ms leaves nothing", async (ms) => {
    const leaving = new AbortController();
    const answering = bench.ask(request([says("[[demo text 1000 delay=5]]")]), { signal: leaving.signal });
    await Bun.sleep(ms);
    leaving.abort();
    const answer = await answering;
    expect(answer.error?.kind).toBe("cancelled");
    expectOneEnd(answer);
    await expectRecovered();
  });
});
