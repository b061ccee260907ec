/** Agents' turns that wait for results of their clients' tools: many at once, through restarts, and without their clients. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { questions } from "./support/asked.ts";
import { childrenOf } from "./support/children.ts";
import { openParkedBench, type ParkedBench, shapes } from "./support/parked-bench.ts";
import { waitFor } from "./support/proxy.ts";

setDefaultTimeout(120_000);

const prompt = (name: string): string =>
  `Ask for ${name}. [[demo tool get_secret {"of": "${name}"}]] [[demo then]] [[demo echo]]`;
/** What the model was told of the tools, in its answer of all it was told. */
const secretsIn = (text: string): ReadonlySet<string> => new Set(text.match(/secret-[\w-]+/g));

test('twenty wait at once behind four places, and each goes on with its own result; proves("tool-client-live")', async () => {
  await using bench = await openParkedBench({
    CCPROXY__LIMITS__MAX_RUNNING: "4",
    CCPROXY__POOL__MAX_PARKED_TURNS: "20",
  });
  const names = Array.from({ length: 20 }, (_, at) => `n${at}`);
  const waiting = await Promise.all(
    names.map(async (name, at) => ({ name, first: await bench.ask(shapes[at % 2 === 0 ? 0 : 1], prompt(name)) })),
  );
  for (const { name, first } of waiting)
    expect(first).toMatchObject({ status: 200, calls: [{ name: "get_secret", input: { of: name } }] });
  await bench.untilParked(20);
  expect(bench.proxy().upstream.openRequests()).toBe(0);

  const answers = await Promise.all(
    shuffled(waiting).map(async ({ name, first }) => ({ name, answer: await first.answer([`secret-${name}`]) })),
  );
  for (const { name, answer } of answers) expect(secretsIn(answer.text)).toEqual(new Set([`secret-${name}`]));
  await bench.untilParked(0);
  const asked = questions(bench.proxy().upstream).map(({ body }) => JSON.stringify(body));
  expect(asked).toHaveLength(40);
  for (const name of names) expect(asked.filter((body) => body.includes(`Ask for ${name}.`))).toHaveLength(2);
  for (const { answer } of answers) expect(await bench.startOf(answer)).toBe("live");
});

test.each(["SIGTERM", "SIGKILL"] as const)(
  'a result that comes after a %s and a new start goes on from the history; proves("tool-client-live", "cli-no-orphans")',
  async (how) => {
    await using bench = await openParkedBench();
    const firsts = await Promise.all(shapes.map(async (shape) => bench.ask(shape, prompt(shape.name))));
    await bench.untilParked(2);
    const { pid, home } = bench.proxy();
    bench.proxy().kill(how);
    await bench.proxy().exited;
    await waitFor(() => childrenOf(home, pid).length === 0 || undefined, 5000);
    const before = questions(bench.proxy().upstream).length;
    // Killed outright, it leaves its children a moment until the watchdog has them; on a busy machine they ask in it.
    if (how === "SIGTERM") expect(before).toBe(2);
    await bench.startAnew();
    for (const [at, shape] of shapes.entries()) {
      const answer = await firsts[at]?.answer([`secret-${shape.name}`]);
      expect(secretsIn(answer?.text ?? "")).toEqual(new Set([`secret-${shape.name}`]));
      const [last] = questions(bench.proxy().upstream).slice(-1);
      expect(JSON.stringify(last?.body)).toContain(firsts[at]?.calls[0]?.id ?? "no id");
    }
    expect(questions(bench.proxy().upstream)).toHaveLength(before + 2);
  },
);

describe("a turn whose client does not come back", () => {
  let bench: ParkedBench;
  beforeAll(async () => {
    bench = await openParkedBench();
  });
  afterAll(() => bench[Symbol.asyncDispose]());
  const nothingLeft = async (): Promise<void> => {
    const { home, pid, upstream } = bench.proxy();
    await waitFor(() => childrenOf(home, pid).length === 0 || undefined, 20_000);
    expect(upstream.openRequests()).toBe(0);
    await bench.untilParked(0);
  };

  test("is over with its time, leaves no process, and the log says why", async () => {
    await using brief = await openParkedBench({ CCPROXY__POOL__PARKED_TTL_MINUTES: "0.05" });
    const first = await brief.ask(shapes[0], prompt("late"));
    await brief.untilParked(1);
    const { home, pid } = brief.proxy();
    await waitFor(() => childrenOf(home, pid).length === 0 || undefined, 20_000);
    expect(brief.proxy().upstream.openRequests()).toBe(0);
    expect(brief.proxy().output()).toContain("pool.parked_ttl_minutes");
    expect(secretsIn((await first.answer(["secret-late"])).text)).toEqual(new Set(["secret-late"]));
  });

  test.each(shapes)('that is cancelled by its request ends, $name; proves("request-cancel")', async (shape) => {
    const first = await bench.ask(shape, prompt("gone"));
    const cancel = () => fetch(`${bench.proxy().url}/v1/requests/${first.requestId}`, { method: "DELETE" });
    await bench.untilParked(1);
    expect((await cancel()).status).toBe(200);
    await nothingLeft();
    expect((await cancel()).status).toBe(404);
    expect(secretsIn((await first.answer(["secret-gone"])).text)).toEqual(new Set(["secret-gone"]));
  });

  test('that is cancelled as it goes on ends with its question; proves("request-cancel")', async () => {
    const first = await bench.ask(shapes[0], '[[demo tool get_secret {"of": "x"}]] [[demo then]] [[demo stall 60000]]');
    const cancelled = first.answer(["secret-x"], { "x-request-id": "the-second" });
    await waitFor(() => bench.proxy().upstream.openRequests() === 1 || undefined, 20_000);
    const { status } = await fetch(`${bench.proxy().url}/v1/requests/the-second`, { method: "DELETE" });
    expect([status, (await cancelled).status]).toEqual([200, 499]);
    await nothingLeft();
  });
});

describe.each(shapes)("over $path", (shape) => {
  let bench: ParkedBench;
  beforeAll(async () => {
    bench = await openParkedBench({
      CCPROXY__LIMITS__MAX_RUNNING: "1",
      CCPROXY__LIMITS__MAX_WAITING: "1",
      CCPROXY__LIMITS__QUEUE_TIMEOUT_SECONDS: "30",
    });
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  test("results of other calls, and some without the others, are a 400 that names the call; the turn still waits", async () => {
    const two = '[[demo tool get_secret {"of": "1"}]] [[demo tool get_secret {"of": "2"}]] [[demo then]] [[demo echo]]';
    const first = await bench.ask(shape, two);
    const [one = "", other = ""] = first.calls.map(({ id }) => id);
    const asked = questions(bench.proxy().upstream).length;
    const half = await first.reply([[one, "secret-1"]]);
    expect([half.status, half.message]).toEqual([400, expect.stringContaining(other)]);
    const wrong = await first.reply([
      [one, "secret-1"],
      ["toolu_nobody", "secret-2"],
    ]);
    expect([wrong.status, wrong.message]).toEqual([400, expect.stringContaining("toolu_nobody")]);
    expect(questions(bench.proxy().upstream)).toHaveLength(asked);
    await bench.untilParked(1);
    const answer = await first.answer(["secret-1", "secret-2"]);
    expect(secretsIn(answer.text)).toEqual(new Set(["secret-1", "secret-2"]));
    expect(await bench.startOf(answer)).toBe("live");
  });

  test("what a turn waited for waits for a place like the rest; refused one, it still goes on when it comes again", async () => {
    const first = await bench.ask(shape, prompt("kept"));
    const { upstream, url } = bench.proxy();
    const busy = bench.ask(shape, "[[demo stall 60000]]", { "x-request-id": "busy" });
    await waitFor(() => upstream.openRequests() === 1 || undefined, 20_000);
    const waiting = first.answer(["secret-kept"], { "x-request-id": "waiting" });
    await bench.untilWaiting(1);
    const refused = await first.answer(["secret-kept"]);
    expect([refused.status, refused.message]).toEqual([429, expect.stringContaining("limits.max_waiting")]);
    // The one that waits leaves the queue; its turn is as it was.
    await fetch(`${url}/v1/requests/waiting`, { method: "DELETE" });
    expect((await waiting).status).toBe(499);
    const again = first.answer(["secret-kept"]);
    await bench.untilWaiting(1);
    await fetch(`${url}/v1/requests/busy`, { method: "DELETE" });
    await busy;
    expect(secretsIn((await again).text)).toEqual(new Set(["secret-kept"]));
    expect(await bench.startOf(await again)).toBe("live");
  });
});

test("a tool that Claude Code has one like is the client's under its own name, and the answer says so", async () => {
  await using bench = await openParkedBench();
  const response = await fetch(`${bench.proxy().url}/v1/messages`, {
    method: "POST",
    headers: { "x-ccproxy-tools": "both" },
    body: JSON.stringify({
      model: "sonnet",
      max_tokens: 99,
      tools: [
        { name: "Bash", input_schema: { type: "object" } },
        { name: "mine", input_schema: { type: "object" } },
      ],
      messages: [{ role: "user", content: "[[demo say Fine.]]" }],
    }),
  });
  expect(response.headers.get("x-ccproxy-renamed-tools")).toMatch(/^Bash=Bash_[0-9a-f]{8}$/);
  expect(response.headers.get("x-ccproxy-ignored-params")).toBeNull();
  await response.body?.cancel();
});

function shuffled<T>(all: readonly T[]): readonly T[] {
  return all
    .map((one) => [Math.random(), one] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, one]) => one);
}
