/** Children that do not start, do not stop, or speak out of turn: none outlives its use, none is started in a loop. */
import { expect, setDefaultTimeout, test } from "bun:test";

import type { Fault } from "../fakes/fault.ts";
import { answer } from "../fakes/turn.ts";
import { ask, askAll, ways } from "./support/ask-all.ts";
import { childrenOf } from "./support/children.ts";
import { type FaultBench, growthDuring, nameOf, openFaultBench } from "./support/fault-bench.ts";
import { waitFor } from "./support/proxy.ts";
import { readRows } from "./support/rows.ts";
import { openSocket, postText } from "./support/socket.ts";

setDefaultTimeout(30_000);

const mebibyte = 1024 * 1024;

/** Streams a chat completion and leaves once its first bytes are there. */
async function hangUp({ proxy }: FaultBench, requestId: string): Promise<void> {
  const client = new AbortController();
  const response = await fetch(`${proxy.url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "sonnet", stream: true, messages: [{ role: "user", content: "hi" }] }),
    headers: { "x-request-id": requestId },
    signal: client.signal,
  });
  await response.body?.getReader().read();
  client.abort();
}

async function expectGone({ proxy }: Pick<FaultBench, "proxy">, withinMs: number): Promise<void> {
  await waitFor(() => (childrenOf(proxy.home, proxy.pid).length === 0 ? true : undefined), withinMs);
}

const hanging: readonly Fault[] = [
  { kind: "hang", afterLines: 6 },
  { kind: "stubborn", afterLines: 6 },
];

// proves("cli-kill-group", "stream-cancel", "cli-disconnects")
test.each(hanging.map((fault) => [nameOf(fault), fault] as const))(
  "%s: a client that hangs up frees its place and its child, which takes no interrupt",
  async (_name, fault) => {
    await using bench = await openFaultBench({
      CCPROXY__LIMITS__MAX_RUNNING: "1",
      CCPROXY__LIMITS__QUEUE_TIMEOUT_SECONDS: "5",
    });
    bench.fake.plays(fault);
    await hangUp(bench, "left");
    await bench.expectRecovered();
    const row = await waitFor(() => readRows(bench.proxy).find(({ requestId }) => requestId === "left"), 3000);
    expect(row).toMatchObject({ status: 499, errorKind: "cancelled" });
    await bench.expectEnd();
  },
);

test.each(["SIGTERM", "SIGKILL"] as const)(
  '%s of the proxy ends children that take neither SIGTERM nor the end of their input; proves("cli-no-orphans")',
  async (signal) => {
    await using bench = await openFaultBench({ CCPROXY__SERVER__DRAIN_SECONDS: "0" });
    const { proxy, fake } = bench;
    fake.plays({ kind: "stubborn", afterLines: 6 });
    const told = askAll({ url: proxy.url });
    await waitFor(() => (childrenOf(proxy.home, proxy.pid).length >= ways.length ? true : undefined), 5000);
    // Until all of them ignore the signal.
    await Bun.sleep(300);
    proxy.kill(signal);
    const code = await proxy.exited;
    expect(code).toBe(signal === "SIGTERM" ? 0 : 137);
    await expectGone(bench, signal === "SIGTERM" ? 0 : 1000);
    for (const { error } of await told) expect(error).toBeDefined();
  },
);

test('a CLI that dies at every start is not started in a loop, is said to be broken, and is used again once it works; proves("cli-warm-pool")', async () => {
  await using bench = await openFaultBench({}, ["--pool-size", "2", "--max-sessions", "0"]);
  const { proxy, fake } = bench;
  await waitFor(() => (childrenOf(proxy.home, proxy.pid).length === 2 ? true : undefined), 10_000);
  fake.plays({ kind: "refuse-options" });
  // The spares that still work are used up.
  bench.expectWhole(
    await Promise.all(ways.slice(0, 2).map((way) => ask(way, { url: proxy.url }))).then((told) =>
      told.filter(({ error }) => error === undefined),
    ),
    answer,
  );
  await waitFor(async () => ((await fetch(`${proxy.url}/health/ready`)).status === 503 ? true : undefined), 10_000);
  const health = await (await fetch(`${proxy.url}/health`)).text();
  expect(health).toContain("ended unexpectedly");
  const before = fake.starts();
  await Bun.sleep(2000);
  expect(fake.starts() - before).toBeLessThan(12);
  fake.plays({ kind: "none" });
  bench.expectWhole(await askAll({ url: proxy.url }), answer);
  await waitFor(async () => ((await fetch(`${proxy.url}/health/ready`)).status === 200 ? true : undefined), 10_000);
  await bench.expectEnd();
});

test('a child that answered twice is not asked again; proves("cli-continues")', async () => {
  await using bench = await openFaultBench({}, ["--pool-size", "0", "--max-sessions", "4"]);
  bench.fake.plays({ kind: "two-results" });
  for (const { wireFormat } of ways.filter(({ streaming }) => !streaming)) {
    const path = wireFormat === "openai-chat" ? "/v1/chat/completions" : "/v1/messages";
    const question = { role: "user", content: `hi ${wireFormat}` };
    const starts = bench.fake.starts();
    const messages = [question, { role: "assistant", content: answer }, { role: "user", content: "and then?" }];
    for (const conversation of [[question], messages]) {
      const response = await fetch(`${bench.proxy.url}${path}`, {
        method: "POST",
        body: JSON.stringify({ model: "sonnet", max_tokens: 99, messages: conversation }),
      });
      const body = await response.text();
      expect(body).toContain(JSON.stringify(answer).slice(1, -1));
      expect(response.status).toBe(200);
      // Until its second result was read, too.
      await Bun.sleep(100);
    }
    expect(bench.fake.starts() - starts).toBe(2);
  }
  await bench.expectEnd();
});

test("a CLI that stops reading holds a large request up, but the proxy's memory does not grow with it", async () => {
  await using bench = await openFaultBench({ CCPROXY__CLAUDE__REQUEST_TIMEOUT_SECONDS: "1" });
  bench.fake.plays({ kind: "stop-reading" });
  const body = JSON.stringify({
    model: "sonnet",
    max_tokens: 9,
    messages: [{ role: "user", content: "x".repeat(30 * mebibyte) }],
  });
  const post = async () => {
    const connection = openSocket(bench.proxy.url);
    connection.send(postText("/v1/messages", body));
    expect(await connection.end(10_000)).toMatch(/^HTTP\/1\.1 504 /);
  };
  for (let round = 0; round < 3; round += 1) await post();
  // Ten copies: bytes, text, what it means and what is written, on both sides of the collector.
  expect(await growthDuring(bench.proxy, post())).toBeLessThan(300);
  await bench.expectRecovered();
  await bench.expectEnd();
});
