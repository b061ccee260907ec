/** How much the CLI says, and when it stops: floods cost no memory, and no byte it dies at makes a clean end. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { testedVersions } from "../../src/backends/claude-cli/tested-versions.ts";
import { answer, turnLines } from "../fakes/turn.ts";
import { ask, terminalsOf, type Told, ways } from "./support/ask-all.ts";
import { type FaultBench, growthDuring, openFaultBench, residentMegabytes } from "./support/fault-bench.ts";
import { waitFor } from "./support/proxy.ts";
import { openSocket, postText, type RawConnection } from "./support/socket.ts";

setDefaultTimeout(60_000);

const mebibyte = 1024 * 1024;
/** What a flood may add to the memory that an earlier one has left: what the collector has not seen yet. */
const passingMegabytes = 90;
const streams = ways.filter(({ streaming }) => streaming);

let bench: FaultBench;
beforeAll(async () => {
  bench = await openFaultBench();
});
afterAll(() => bench.expectEnd());

function openStream(wireFormat: string, keep: boolean): RawConnection {
  const path = wireFormat === "openai-chat" ? "/v1/chat/completions" : "/v1/messages";
  const body = { model: "sonnet", max_tokens: 9, stream: true, messages: [{ role: "user", content: "hi" }] };
  const connection = openSocket(bench.proxy.url, { keep });
  connection.send(postText(path, JSON.stringify(body)));
  return connection;
}

describe("memory", () => {
  /** The first round leaves the process with the heap that such work takes; the second must fit into it. */
  async function expectFlat(flood: () => Promise<void>): Promise<void> {
    await flood();
    expect(await growthDuring(bench.proxy, flood())).toBeLessThan(passingMegabytes);
    await bench.expectRecovered();
  }

  test("stays as it was while 100 MB come on stderr amid each of four answers", async () => {
    await expectFlat(async () =>
      bench.expectWhole(await bench.ask({ kind: "flood-stderr", bytes: 100 * mebibyte }), answer),
    );
  });

  test.each(streams)(
    "stays as it was while an answer of 100 MB goes to its $wireFormat client",
    async ({ wireFormat }) => {
      bench.fake.plays({ kind: "burst", bytes: 100 * mebibyte });
      await expectFlat(async () => {
        const connection = openStream(wireFormat, false);
        await connection.end(20_000);
        expect(connection.bytes()).toBeGreaterThan(95 * mebibyte);
      });
    },
  );

  test.each(streams)("an answer that its $wireFormat client does not read waits in the CLI", async ({ wireFormat }) => {
    bench.fake.plays({ kind: "burst", bytes: 500 * mebibyte });
    const connection = openStream(wireFormat, false);
    await waitFor(() => (connection.bytes() > 0 ? true : undefined), 5000);
    connection.pause();
    // What fits into the pipes and queues on the way does so well within this.
    await Bun.sleep(1000);
    const full = residentMegabytes(bench.proxy);
    expect(await growthDuring(bench.proxy, Bun.sleep(1500))).toBeLessThan(5);
    expect(full).toBeLessThan(500);
    connection.destroy();
    await bench.expectRecovered();
  });
});

// proves("cli-hostile-output", "stream-late-error", "stream-one-terminal")
test("a CLI that dies after any byte of its answer: no client takes for whole what is not", async () => {
  const length = turnText().length;
  // The newline at the end is one that nobody waits for.
  const wholeAt = length - 1;
  for (const at of offsets(turnText())) {
    bench.fake.plays({ kind: "die", at, ...(at % 2 === 0 ? { code: at % 3 } : { signal: "SIGKILL" }) });
    const told = await Promise.all(ways.map((way) => ask(way, { url: bench.proxy.url })));
    if (at >= wholeAt) bench.expectWhole(told, answer);
    else for (const one of told) expectFailure(one, at);
  }
  await bench.expectRecovered();
});

/** What the fake writes in a turn; identifiers differ, their lengths do not. */
function turnText(): Uint8Array {
  const { opening, deltas, closing, result } = turnLines({
    sessionId: crypto.randomUUID(),
    version: testedVersions[0],
  });
  return new TextEncoder().encode([...opening, ...deltas, ...closing, result, ""].join("\n"));
}

/** The bytes about each line's end, and every so often one amid a line. */
function offsets(turn: Uint8Array): readonly number[] {
  const ends = [...turn.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at - 1, at, at + 1, at + 2] : []));
  const amid = Array.from({ length: Math.ceil(turn.length / 97) }, (_, step) => step * 97);
  return [...new Set([...amid, ...ends])].filter((at) => at <= turn.length).toSorted((a, b) => a - b);
}

function expectFailure(told: Told, at: number): void {
  const { way, status, text, error } = told;
  const seen = { at, way, status, terminals: status === 200 ? terminalsOf(told).all : ["error"], error: typeof error };
  const expected = way.streaming && status === 200 ? 200 : 502;
  expect(seen).toEqual({ at, way, status: expected, terminals: ["error"], error: "object" });
  expect(answer).toStartWith(text);
}
