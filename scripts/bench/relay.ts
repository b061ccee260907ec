/** What it costs to pass a request on to a provider, beside nginx, a plain proxy of the same runtime, and no proxy at all. */
import { root } from "../lib/run.ts";
import { type Programs, residentBytes } from "./programs.ts";
import { eventDelays, type Load, load, merged, request, streamRate, type UpstreamModel } from "./relay-load.ts";
import { manyRequests, type Proxies, startProxies } from "./relay-proxies.ts";
import type { Measure } from "./report.ts";
import { quantile, round, spreadOf } from "./stats.ts";

export interface RelayFindings {
  readonly measures: readonly Measure[];
  /** Of the plain proxy's requests a second, 16 at once. */
  readonly share: number;
  /** Milliseconds over the upstream itself, 16 at once. */
  readonly added: Readonly<Record<"at-once" | "in-20-ms", { readonly median: number; readonly p99: number }>>;
  /** All of the proxy, with `relayedStreams` open. */
  readonly streamsMb: number;
}

interface Options {
  readonly programs: Programs;
  readonly binary: string;
  readonly rounds: number;
}

export const relayedStreams = 1000;
const perRound = 1000;

/** Interleaved: each round asks all of them, in turn. */
export async function measureRelay({ programs, binary, rounds }: Options): Promise<RelayFindings> {
  const proxies = await startProxies(programs, binary, relayedStreams + 100);
  const { targets } = proxies;
  const measures: Measure[] = [];
  for (const url of targets.values()) await load(url, "at-once", 16, perRound * 3);
  const ask = async (model: UpstreamModel, atOnce: number): Promise<ReadonlyMap<string, Load>> => {
    const found = await eachInTurn(targets, rounds, (url) => load(url, model, atOnce, perRound));
    const loads = new Map([...found].map(([name, all]) => [name, merged(all)]));
    for (const [name, { ms, perSecond }] of loads) {
      const what = `relay, answered ${model}, ${atOnce} at once: ${name}`;
      measures.push({ name: what, unit: "ms", spread: spreadOf(ms) });
      console.log(`      ${what}: ${round(perSecond)} requests a second`);
    }
    return loads;
  };
  await ask("at-once", 1);
  const busy = await ask("at-once", 16);
  await ask("at-once", 64);
  const paced = await ask("in-20-ms", 16);
  for (const [name, delays] of await eachInTurn(targets, Math.ceil(rounds / 2), (url) => eventDelays(url, 16)))
    measures.push({
      name: `relay, an event's delay, 16 streams: ${name}`,
      unit: "ms",
      spread: spreadOf(delays.flat()),
    });
  measures.push(...(await measureRates(proxies, rounds)));
  const streamsMb = round(await openStreams(proxies));
  await proxies.end();
  const rate = (name: string): number => busy.get(name)?.perSecond ?? Number.NaN;
  return {
    measures,
    share: round((rate("ccproxy") / rate("a plain proxy")) * 100),
    added: { "at-once": addedIn(busy), "in-20-ms": addedIn(paced) },
    streamsMb,
  };
}

function addedIn(loads: ReadonlyMap<string, Load>) {
  const at = (name: string, share: number): number => quantile(loads.get(name)?.ms ?? [], share);
  const over = (share: number): number => round(at("ccproxy", share) - at("upstream", share), 2);
  return { median: over(0.5), p99: over(0.99) };
}

async function eachInTurn<T>(
  targets: Proxies["targets"],
  rounds: number,
  measure: (url: string) => Promise<T>,
): Promise<ReadonlyMap<string, readonly T[]>> {
  const found = new Map<string, T[]>();
  for (let index = 0; index < rounds; index += 1)
    for (const [name, url] of targets) found.set(name, [...(found.get(name) ?? []), await measure(url)]);
  return found;
}

/** Passed on and translated, in turn. */
async function measureRates({ targets, own }: Proxies, rounds: number): Promise<readonly Measure[]> {
  const bytes = await sizeOfFlood(targets.get("upstream") ?? "");
  const ways = new Map(
    [...targets].map(([name, url]): [string, readonly [string, string]] => [name, [url, "/v1/messages"]]),
  );
  ways.set("ccproxy, as chat completions", [own.url, "/v1/chat/completions"]);
  ways.set("ccproxy, as Responses", [own.url, "/v1/responses"]);
  const rates = new Map<string, number[]>();
  for (let index = 0; index < rounds; index += 1)
    for (const [name, [url, path]] of ways)
      rates.set(name, [...(rates.get(name) ?? []), await streamRate(url, path, bytes)]);
  return [...rates].map(([name, found]) => ({
    name: `a stream of ${round(bytes / 1e6)} MB: ${name}`,
    unit: "MB/s",
    spread: spreadOf(found),
  }));
}

async function sizeOfFlood(upstream: string): Promise<number> {
  return (await (await fetch(`${upstream}/v1/messages`, request("floods", true))).bytes()).byteLength;
}

/** Megabytes of the whole process. This one may open as many only where its own environment says so. */
async function openStreams({ own: { url, program } }: Proxies): Promise<number> {
  const code = `${root}/scripts/bench/open-streams.ts`;
  const body = JSON.stringify({ url: `${url}/v1/messages`, wanted: relayedStreams, init: request("never-ends", true) });
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
