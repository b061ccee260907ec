/** The built binary between clients and providers that are scripted: what the suites of providers work on. */
import { expect } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type DemoUpstream, startDemoUpstream } from "#demo/demo-upstream.ts";
import type { RecordedRequest } from "#demo/recorder.ts";
import type { AccessLogRow } from "#store/access-log.ts";

import { type Clients, createClients } from "./clients.ts";
import { type Proxy, startProxy, waitFor } from "./proxy.ts";
import { readRows } from "./rows.ts";
import { createTraffic, type Traffic } from "./traffic.ts";

export interface Order {
  readonly directives: string;
  readonly times?: number;
  /** A part of the path. */
  readonly path?: string;
  readonly key?: string;
}

export interface ProviderBench extends AsyncDisposable {
  readonly proxy: Proxy;
  readonly demo: DemoUpstream;
  readonly traffic: Traffic;
  /** Clients below a path of the proxy: `/providers/openai`. */
  clients(at: string, headers?: Readonly<Record<string, string>>): Clients;
  /** What the demo was asked since the last `forget`, oldest first. */
  asked(): readonly RecordedRequest[];
  /** The last of them. */
  lastAsked(): RecordedRequest;
  forget(): void;
  /** For requests to come; forgotten with `forgetOrders`. */
  order(order: Order): Promise<void>;
  forgetOrders(): Promise<void>;
  /** What the access log is to say of a request; `checkRows` looks. */
  expectRow(requestId: string, row: Readonly<Partial<AccessLogRow>>): void;
  /** That there is exactly one row of each, once they are written. */
  checkRows(): Promise<void>;
  /** Waits until nothing is open upstream and nothing runs here. */
  quiet(): Promise<void>;
}

export interface ProviderBenchOptions {
  /** The configuration, by the address of the demo upstream. */
  readonly config: (demo: string) => object;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

export async function openProviderBench({ config, env, args = [] }: ProviderBenchOptions): Promise<ProviderBench> {
  const demo = startDemoUpstream();
  const folder = await mkdtemp(join(tmpdir(), "ccproxy-providers-"));
  const file = join(folder, "ccproxy.json");
  // No CLI has a part in this.
  await Bun.write(file, JSON.stringify({ claude: { path: join(folder, "no-claude") }, ...config(demo.url) }));
  const proxy = await startProxy({
    claude: null,
    upstream: demo,
    args: ["--config", file, "--pool-size", "0", ...args],
    ...(env !== undefined && { env }),
  });
  const traffic = createTraffic();
  const expected = new Map<string, Readonly<Partial<AccessLogRow>>>();
  let after = 0;
  const asked = () => demo.requests().filter(({ number }) => number > after);
  const control = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${demo.url}/__demo${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(await response.text());
    return response;
  };
  return {
    proxy,
    demo,
    traffic,
    clients: (at, headers) =>
      createClients({ url: `${proxy.url}${at}`, fetch: traffic.fetch, ...(headers !== undefined && { headers }) }),
    asked,
    lastAsked() {
      const last = asked().at(-1);
      if (last === undefined) throw new Error("The upstream was not asked.");
      return last;
    },
    forget() {
      after = demo.requests().at(-1)?.number ?? after;
    },
    order: async (order) => void (await control("POST", "/orders", order)),
    forgetOrders: async () => void (await control("POST", "/reset")),
    expectRow: (requestId, row) => void expected.set(requestId, row),
    async checkRows() {
      const written = async () => {
        const over = readRows(proxy).filter(({ requestId, endedAt }) => expected.has(requestId) && endedAt !== null);
        if (over.length < expected.size) await Bun.sleep(100);
        return over.length < expected.size ? undefined : over;
      };
      const rows = Map.groupBy(await waitFor(written, 10_000), ({ requestId }) => requestId);
      for (const [requestId, row] of expected) expect(rows.get(requestId)).toEqual([expect.objectContaining(row)]);
      expected.clear();
    },
    quiet: async () => void (await waitFor(async () => (await isQuiet(proxy, demo)) || undefined, 10_000)),
    async [Symbol.asyncDispose]() {
      await proxy.stop();
      await demo.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Health {
  readonly checks: { readonly requests: readonly { readonly componentId: string; readonly observedValue: number }[] };
}

async function isQuiet(proxy: Proxy, demo: DemoUpstream): Promise<boolean> {
  if (demo.openRequests() > 0) return false;
  const { checks } = (await (await fetch(`${proxy.url}/health`)).json()) as Health; // Ours.
  return checks.requests.every(({ observedValue }) => observedValue === 0);
}
