import { afterAll, expect, test } from "bun:test";

import { createUpstream } from "#upstream/upstream.ts";

import { createAffinity } from "./affinity.ts";
import { createCatalogue, type KeptList, type ModelList } from "./catalogue.ts";

const vendor = { asked: 0, down: false, hangs: false, models: ["a"] };
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch() {
    vendor.asked += 1;
    if (vendor.hangs) return new Response(new ReadableStream({ start: (body) => body.enqueue("{") }));
    if (vendor.down) return Response.json({ error: { message: "Down." } }, { status: 500 });
    return Response.json({ data: vendor.models.map((id) => ({ id, context_length: 9 })) });
  },
});
afterAll(() => server.stop(true));

function memory(): KeptList & { list: ModelList | undefined } {
  return {
    list: undefined,
    read() {
      return this.list;
    },
    write(list) {
      this.list = list;
    },
  };
}

interface Patience {
  readonly waitMs?: number;
  readonly idleTimeoutMs?: number;
}

function setUp(
  keptList?: KeptList,
  models: readonly string[] = [],
  { waitMs = 5000, idleTimeoutMs = 1000 }: Patience = {},
) {
  Object.assign(vendor, { asked: 0, down: false, hangs: false, models: ["a"] });
  const clock = { now: 1 };
  const warnings: string[] = [];
  const options = {
    id: "acme",
    title: "Acme",
    endpoints: [{ format: "openai-chat", baseUrl: server.url.href } as const],
    headers: {},
    defaultModel: undefined,
    models,
    limitsOf: () => ({ maxOutputTokens: 5 }),
    answersAs: undefined,
    asksForUsage: false,
    mostHeldBytes: 1000,
    idleTimeoutMs,
    affinity: createAffinity({ spreads: false }),
    keptList,
    onWarning: (message: string) => void warnings.push(message),
    upstream: createUpstream({
      provider: "Acme",
      settings: "providers.acme",
      credentials: [],
      spread: "failover",
      connect: undefined,
      responseTimeoutMs: 1000,
      maxRetries: 0,
    }),
  };
  const catalogue = createCatalogue(options, () => clock.now, waitMs);
  const list = () => catalogue.list(new AbortController().signal);
  return { catalogue, list, clock, warnings };
}

const a = { id: "a", displayName: "a", aliases: [], ownedBy: "acme", contextWindow: 9, maxOutputTokens: 5 };

test("a list is asked for once for all that wait, and again after ten minutes", async () => {
  const { list, clock } = setUp();
  expect(await Promise.all([list(), list(), list()])).toEqual([[a], [a], [a]]);
  vendor.models = ["a", "b"];
  expect([await list(), vendor.asked]).toEqual([[a], 1]);
  clock.now += 600_001;
  expect((await list()).map(({ id }) => id)).toEqual(["a", "b"]);
});

// proves("upstream-last-good")
test("a later start lists what was told last where the provider is down, and says since when", async () => {
  const kept = memory();
  await setUp(kept).list();
  const { list, catalogue, warnings } = setUp(kept);
  vendor.down = true;
  expect(catalogue.known()).toEqual([a]);
  expect(await list()).toEqual([{ ...a, lastTold: kept.list?.at ?? 0 }]);
  expect(warnings).toEqual(["Acme could not be asked for its models: Acme: Down."]);
});

test("one that is down is not asked for every request, and told of once", async () => {
  const { list, clock, warnings } = setUp();
  vendor.down = true;
  await expect(Promise.all([list(), list()])).rejects.toThrow("Down.");
  await expect(list()).rejects.toThrow("Down.");
  expect(vendor.asked).toBe(1);
  clock.now += 15_001;
  await expect(list()).rejects.toThrow("Down.");
  vendor.down = false;
  await expect(list()).rejects.toThrow("Down.");
  clock.now += 15_001;
  expect(await list()).toEqual([a]);
  expect([vendor.asked, warnings.length]).toEqual([3, 1]);
});

test("models of the configuration stand in where none was ever told", async () => {
  const { list } = setUp(memory(), ["mine"]);
  vendor.down = true;
  expect(await list()).toMatchObject([{ id: "mine", maxOutputTokens: 5 }]);
});

test.each([
  ["within the time for it", { waitMs: 20 }, "Acme did not tell its models within 0.02 seconds."],
  [
    "without a long silence",
    { idleTimeoutMs: 20 },
    "Acme said nothing for 0.02 seconds in the middle of its answer. providers.acme.idle_timeout_seconds says how long is waited.",
  ],
])("a list that begins and does not come %s says so", async (_name, patience, explanation) => {
  const { list } = setUp(undefined, [], patience);
  vendor.hangs = true;
  await expect(list()).rejects.toMatchObject({ kind: "timeout", explanation });
});
