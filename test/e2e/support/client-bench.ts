/** A proxy with its scripted upstream and its clients: what every suite of clients works on. */
import type { Mode } from "#core/backend.ts";
import type { RecordedRequest } from "#demo/recorder.ts";
import type { AccessLogRow } from "#store/access-log.ts";

import { type AskedBody, bodyOf, questions } from "./asked.ts";
import { type Clients, createClients } from "./clients.ts";
import { type Proxy, type ProxyOptions, startProxy, waitFor } from "./proxy.ts";
import { readRows } from "./rows.ts";
import { createTraffic, type Traffic } from "./traffic.ts";

export interface ClientBench {
  readonly proxy: Proxy;
  readonly traffic: Traffic;
  clients(mode?: Mode, options?: { readonly apiKey?: string; readonly headers?: Record<string, string> }): Clients;
  /** Questions to the model since the last `forget`, oldest first. */
  requests(): readonly RecordedRequest[];
  /** Their bodies. */
  asked(): readonly AskedBody[];
  /** The last of them. */
  lastAsked(): AskedBody;
  forget(): void;
  /** Waits until the upstream answers nothing any more. */
  quiet(): Promise<void>;
  /** The access log's row of a request, once it is written. */
  rowOf(requestId: string): Promise<AccessLogRow>;
  /** Stops the proxy, removes what it left and gives every row of its access log, oldest first. */
  end(): Promise<readonly AccessLogRow[]>;
}

/**
 * Without warm processes, unless the suite asks for some: each that is parked boots and rehearses for a suite that may never
 * claim it, which is a quarter of the time of all of them. That warm ones answer the same is for the backend's suites.
 */
export async function openClientBench(options: ProxyOptions = {}): Promise<ClientBench> {
  const { args = [] } = options;
  const proxy = await startProxy({
    ...options,
    args: args.includes("--pool-size") ? args : [...args, "--pool-size", "0"],
  });
  const traffic = createTraffic();
  let after = 0;
  let ended: Promise<readonly AccessLogRow[]> | undefined;
  const upstreamNumber = (): number => proxy.upstream.requests().at(-1)?.number ?? 0;
  const askedNow = (): readonly AskedBody[] => questions(proxy.upstream, after).map(bodyOf);
  return {
    proxy,
    traffic,
    clients: (mode, more) =>
      createClients({ url: proxy.url, fetch: traffic.fetch, ...(mode !== undefined && { mode }), ...more }),
    requests: () => questions(proxy.upstream, after),
    asked: askedNow,
    lastAsked() {
      const body = askedNow().at(-1);
      if (body === undefined) throw new Error("The model was not asked.");
      return body;
    },
    forget() {
      after = upstreamNumber();
    },
    quiet: async () => void (await waitFor(() => proxy.upstream.openRequests() === 0 || undefined, 10_000)),
    rowOf: (requestId) =>
      waitFor(() => readRows(proxy).find((row) => row.requestId === requestId && row.endedAt !== null), 10_000),
    end: () => (ended ??= endBench(proxy)),
  };
}

async function endBench(proxy: Proxy): Promise<readonly AccessLogRow[]> {
  await proxy.end();
  const rows = readRows(proxy).toReversed();
  await proxy.stop();
  return rows;
}
