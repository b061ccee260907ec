/** Whatever ends a turn leaves no child, no open request to the model, and no file; both pinned versions. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { claudes } from "../support/proxy.ts";
import { answers, type Bench, eventually, openBench, request, says } from "./support.ts";

setDefaultTimeout(60_000);

describe.each([...claudes])("claude $version", ({ path }) => {
  async function withBench(size: number, use: (bench: Bench, alive: ReadonlySet<number>) => Promise<void>) {
    const alive = new Set<number>();
    const journal = {
      mark: "test",
      guarded: false,
      started: (pid: number) => void alive.add(pid),
      exited: (pid: number) => void alive.delete(pid),
    };
    const bench = await openBench(path, { journal, pool: { size, maxAgeMs: 600_000, maxTurns: 50 } });
    try {
      await use(bench, alive);
    } finally {
      await bench.close();
    }
    expect([...alive]).toEqual([]);
  }

  test("a client that leaves in the middle stops the model and its child", async () => {
    await withBench(0, async (bench, alive) => {
      const leaving = new AbortController();
      const { error } = await bench.ask(request([says("[[demo text 1000 delay=20]]")]), {
        signal: leaving.signal,
        onEvents: (events) => {
          if (events.length > 5) leaving.abort();
        },
      });
      expect(error?.kind).toBe("cancelled");
      expect(await eventually(() => bench.upstream.openRequests() === 0)).toBe(true);
      expect(await eventually(() => alive.size === 0)).toBe(true);
      expect(await eventually(() => readdirSync(join(bench.directory, "tmp")).length === 0)).toBe(true);
    });
  });

  test("a client that leaves at any moment leaves nothing behind", async () => {
    await withBench(2, async (bench, alive) => {
      for (const afterMs of [0, 5, 30, 60, 90, 120, 200, 400]) {
        const history = [says("a"), answers("b"), says(`[[demo text 100 delay=10]] ${afterMs}`)];
        const mode = afterMs % 20 === 0 ? "agent" : "chat";
        await bench.ask(request(history), { signal: AbortSignal.timeout(afterMs), mode });
      }
      expect(await eventually(() => bench.upstream.openRequests() === 0)).toBe(true);
      expect(bench.backend.stats()).toMatchObject({ busy: 0, live: 0 });
      expect(await eventually(() => alive.size <= 2, 15_000)).toBe(true);
    });
  });

  test("a consumer that stops reading frees its child", async () => {
    await withBench(0, async (bench, alive) => {
      const context = {
        requestId: "r",
        mode: "chat",
        tools: "client",
        principal: "tester",
        signal: new AbortController().signal,
        report: () => undefined,
      } as const;
      for await (const batch of bench.backend.run(request([says("[[demo text 1000 delay=20]]")]), context))
        if (batch.length > 0) break;
      expect(await eventually(() => alive.size === 0)).toBe(true);
      expect(await eventually(() => bench.upstream.openRequests() === 0)).toBe(true);
    });
  });

  test("stopping lets a turn finish within its time, and refuses what comes after", async () => {
    await withBench(0, async (bench) => {
      const running = bench.ask(request([says("[[demo text 40 delay=20]]")]));
      await eventually(() => bench.upstream.openRequests() > 0, 20_000);
      await bench.backend.stop(10_000);
      expect((await running).finish?.reason).toBe("stop");
      expect((await bench.ask(request([says("late")]))).error?.kind).toBe("unavailable");
    });
  });

  test("stopping ends a turn that takes longer", async () => {
    await withBench(0, async (bench, alive) => {
      const running = bench.ask(request([says("[[demo text 1000 delay=50]]")]));
      await eventually(() => bench.upstream.openRequests() > 0, 20_000);
      await bench.backend.stop(100);
      expect((await running).error?.kind).toBe("unavailable");
      expect(alive.size).toBe(0);
    });
  });

  test("of idle conversations only so many keep a child", async () => {
    await withBench(0, async (bench, alive) => {
      for (const name of ["a", "b", "c", "d", "e", "f"]) await bench.ask(request([says(name)]));
      expect(bench.backend.stats().live).toBe(4);
      expect(await eventually(() => alive.size === 4)).toBe(true);
    });
  });
});
