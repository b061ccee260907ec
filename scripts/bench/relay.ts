/** What it costs to pass a request on to a provider, beside a plain proxy of the same runtime and the upstream itself. */
import { root } from "../lib/run.ts";
import { freePort, type Program, type Programs, residentBytes } from "./programs.ts";
import type { Measure } from "./report.ts";
import { quantile, round, spreadOf } from "./stats.ts";

export interface RelayFindings {
  readonly measures: readonly Measure[];
  /** Of the plain proxy's requests a second, 16 at once. */
  readonly share: number;
  /** Milliseconds over the upstream itself, 16 at once. */
  readonly addedMs: { readonly median: number; readonly p99: number };
  /** All of the proxy, with `relayedStreams` open. */
  readonly streamsMb: number;
}

interface Options {
  readonly programs: Programs;
  readonly binary: string;
  readonly rounds: number;
}

export const relayedStreams = 1000;
/** Bun sends 256 requests at once where its environment does not say otherwise. */
const manyRequests = { BUN_CONFIG_MAX_HTTP_REQUESTS: "4000" };
const token = "bench-access-token";
const perRound = 1000;

/** With an access token, the log and the ledger on. Interleaved: each round asks all three, in turn. */
export async function measureRelay({ programs, binary, rounds }: Options): Promise<RelayFindings> {
  const servers = programs.start([process.execPath, `${root}/scripts/bench/relay-servers.ts`], { PATH: "" });
  const [upstreamPort = "", plainPort = ""] = (await firstLine(servers)).split(" ");
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const proxy = await startRelay(programs, binary, upstream);
  const targets = { upstream, "a plain proxy": `http://127.0.0.1:${plainPort}`, ccproxy: proxy.url };
  const measures: Measure[] = [];
  const at16 = new Map<string, Load>();
  for (const url of Object.values(targets)) await load(url, 16, perRound);
  for (const atOnce of [1, 16, 64]) {
    const found = new Map<string, Load[]>();
    for (let index = 0; index < rounds; index += 1)
      for (const [name, url] of Object.entries(targets))
        found.set(name, [...(found.get(name) ?? []), await load(url, atOnce, perRound)]);
    for (const [name, loads] of found) {
      const ms = loads.flatMap((one) => one.ms);
      measures.push({ name: `relay, ${atOnce} at once: ${name}`, unit: "ms", spread: spreadOf(ms) });
      const perSecond = quantile(
        loads.map((one) => one.perSecond),
        0.5,
      );
      if (atOnce === 16) at16.set(name, { ms, perSecond });
    }
  }
  const streamsMb = await openStreams(proxy);
  await programs.end(proxy.program);
  await programs.end(servers);
  const [own, plain, bare] = ["ccproxy", "a plain proxy", "upstream"].map((name) => at16.get(name) ?? nothing);
  const over = (share: number) => round(quantile(own?.ms ?? [], share) - quantile(bare?.ms ?? [], share), 2);
  return {
    measures,
    share: round(((own?.perSecond ?? 0) / (plain?.perSecond ?? 1)) * 100),
    addedMs: { median: over(0.5), p99: over(0.99) },
    streamsMb: round(streamsMb),
  };
}

interface Load {
  readonly ms: readonly number[];
  readonly perSecond: number;
}

const nothing: Load = { ms: [], perSecond: 0 };

const request = (stream: boolean) => ({
  method: "POST",
  headers: { "content-type": "application/json", authorization: `Bearer ${token}`, "anthropic-version": "2023-06-01" },
  body: JSON.stringify({
    model: "claude-haiku-5-5",
    max_tokens: 10,
    ...(stream && { stream }),
    messages: [{ role: "user", content: "hello" }],
  }),
});

async function load(url: string, atOnce: number, requests: number): Promise<Load> {
  const ms: number[] = [];
  let left = requests;
  const client = async (): Promise<void> => {
    for (; left > 0;) {
      left -= 1;
      const askedAt = performance.now();
      const response = await fetch(`${url}/v1/messages`, request(false));
      const text = await response.text();
      if (!response.ok) throw new Error(`${response.status}: ${text}`);
      ms.push(performance.now() - askedAt);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: atOnce }, client));
  return { ms, perSecond: (requests * 1000) / (performance.now() - startedAt) };
}

interface Relay {
  readonly url: string;
  readonly program: Program;
}

async function startRelay(programs: Programs, binary: string, upstream: string): Promise<Relay> {
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const home = programs.home("relay");
  const config = `${home}/ccproxy.json`;
  const provider = { base_url: upstream, allow_private: true, credentials: { main: { env: "BENCH_KEY" } } };
  await Bun.write(
    config,
    JSON.stringify({
      server: { port, auth_token: token },
      providers: { anthropic: provider },
      routing: { default: "anthropic" },
      pool: { size: 0 },
      limits: { max_upstream: relayedStreams + 100 },
      log: { format: "json" },
    }),
  );
  const env = { HOME: home, XDG_STATE_HOME: home, PATH: "", BENCH_KEY: "sk-bench", ...manyRequests };
  const program = programs.start([binary, "serve", "--config", config], env);
  await firstLine(program);
  return { url, program };
}

/** And goes on reading, so that the program never waits for who reads it. */
async function firstLine(program: Program): Promise<string> {
  const reader = program.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error("a program of the bench ended at its start");
    text += new TextDecoder().decode(value);
  }
  const drain = async (): Promise<void> => {
    while (!(await reader.read()).done);
  };
  drain().catch(() => {});
  return text.split("\n", 1)[0] ?? "";
}

/** Megabytes of the whole process. This one may open as many only where its own environment says so. */
async function openStreams({ url, program }: Relay): Promise<number> {
  const code = `${root}/scripts/bench/open-streams.ts`;
  const body = JSON.stringify({ url: `${url}/v1/messages`, wanted: relayedStreams, init: request(true) });
  const client = Bun.spawn([process.execPath, code, body], { env: manyRequests, stdout: "pipe", stderr: "inherit" });
  try {
    const { value } = await client.stdout.getReader().read();
    if (value === undefined) throw new Error("the streams could not be opened");
    await Bun.sleep(4000);
    return (await residentBytes(program.pid)) / 1e6;
  } finally {
    client.kill();
    await client.exited;
  }
}
