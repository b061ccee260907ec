import { Database } from "bun:sqlite";
/** Clients that hang up at any moment leave nothing behind: no child at work, no upstream request, no memory. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";

import * as v from "valibot";

import { healthSchema } from "../../src/server/health.ts";
import { type Proxy, startProxy, waitFor } from "./support/proxy.ts";

const rounds = Number(process.env["CCPROXY_TEST_DISCONNECTS"] ?? 1000);
const atOnce = 8;
/** Children that stay: parked ones and conversations that may go on. */
const mostIdle = 16;
const fewestMegabytes = 40;

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy({
    args: ["--pool-size", "2", "--max-sessions", "2"],
    env: { CCPROXY__LIMITS__MAX_RUNNING: "6" },
  });
}, 30_000);
afterAll(() => proxy.stop(), 30_000);

const requests = [
  (content: string) => ({
    path: "/v1/chat/completions",
    body: { model: "sonnet", stream: true, messages: [{ role: "user", content }] },
  }),
  (content: string) => ({
    path: "/v1/messages",
    body: { model: "sonnet", max_tokens: 100, stream: true, messages: [{ role: "user", content }] },
  }),
  (content: string) => ({
    path: "/v1/messages",
    body: { model: "sonnet", max_tokens: 100, messages: [{ role: "user", content }] },
  }),
];

/** Half leave while their turn is being set up, most others soon after, and one in ten well into a long answer. */
function patience(round: number): number {
  if (round % 10 === 9) return 1000 + Math.random() * 2000;
  return Math.random() * (round % 2 === 0 ? 20 : 400);
}

async function hangUp(round: number): Promise<void> {
  const request = requests[round % requests.length]?.(`[[demo text 200 delay=20]] round ${round}`);
  if (request === undefined) return;
  const client = new AbortController();
  const timer = setTimeout(() => client.abort(), patience(round));
  try {
    const response = await fetch(`${proxy.url}${request.path}`, {
      method: "POST",
      body: JSON.stringify(request.body),
      headers: { "x-ccproxy-mode": round % 3 === 0 ? "agent" : "chat", "x-request-id": `round-${round}` },
      signal: client.signal,
    });
    await response.text();
  } catch {
    // The hang-up itself.
  } finally {
    clearTimeout(timer);
  }
}

async function health(): Promise<Record<string, number>> {
  const { checks = {} } = v.parse(healthSchema, await (await fetch(`${proxy.url}/health`)).json());
  const values = Object.values(checks).flat();
  return Object.fromEntries(values.map(({ componentId, observedValue }) => [componentId, observedValue ?? 0]));
}

function residentMegabytes(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${proxy.pid}/status`, "utf8"))?.[1]) / 1024;
}

async function settled(): Promise<void> {
  await waitFor(async () => {
    const { busy, running, waiting } = await health();
    return busy === 0 && running === 0 && waiting === 0 && proxy.upstream.openRequests() === 0 ? true : undefined;
  }, 20_000);
}

test(`${rounds} random hang-ups leave no turn, no upstream request and flat memory; proves("cli-disconnects")`, async () => {
  const next = Array.from({ length: rounds }, (_, round) => round);
  const warmUp = Math.floor(rounds / 4);
  let afterWarmUp = 0;
  const worker = async () => {
    for (let round = next.shift(); round !== undefined; round = next.shift()) {
      await hangUp(round);
      if (round === warmUp) afterWarmUp = residentMegabytes();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  await settled();
  const { idle = Number.NaN } = await health();
  expect(idle).toBeLessThanOrEqual(mostIdle);
  expect(residentMegabytes() - afterWarmUp).toBeLessThan(fewestMegabytes);
}, 400_000);

test('each that reached the proxy has exactly one row in the access log, ended as what it was; proves("log-access")', async () => {
  const rows = await waitFor(() => {
    const found = rowsOf();
    return found.every(({ ended }) => ended === 1) ? found : undefined;
  }, 4000);
  // A client that hung up before its connection was accepted was never seen.
  expect(rows.length).toBeGreaterThan(rounds / 2);
  expect(rows.filter(({ count }) => count !== 1)).toEqual([]);
  expect(errorLines()).toEqual([]);
  const outcomes = new Set(rows.map(({ errors }) => errors));
  expect(outcomes.difference(new Set(["cancelled", "rate-limit"]))).toEqual(new Set());
});

/** Whatever broke says why in the log. */
function errorLines(): readonly string[] {
  return proxy
    .output()
    .split("\n")
    .filter((line) => line.includes('"level":"error"'));
}

function rowsOf() {
  const database = new Database(`${proxy.stateDirectory}/ccproxy.db`, { readonly: true });
  try {
    const rows = database
      .query<{ id: string; count: number; ended: number; errors: string }, []>(
        `SELECT request_id AS id, count(*) AS count, count(ended_at) AS ended, group_concat(error_kind) AS errors
         FROM access_log WHERE request_id LIKE 'round-%' GROUP BY request_id`,
      )
      .all();
    return rows;
  } finally {
    database.close();
  }
}
