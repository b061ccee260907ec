/** What the proxy adds to a turn of a CLI that is already running, alone and with many at once. */
import type { Mode } from "#core/backend.ts";

import { startParked, startWarm } from "./direct-cli.ts";
import type { Bench } from "./first-word.ts";
import { startConversation, startProxy } from "./proxy.ts";
import type { Measure } from "./report.ts";
import { quantile, round, spreadOf } from "./stats.ts";

export interface Overhead {
  readonly measures: readonly Measure[];
  /** The proxy against a CLI that is told one plain message a turn. */
  readonly overPlain: Added;
  /** The proxy against a CLI that is told the very same lines. */
  readonly overSameLines: Added;
}

export interface Added {
  readonly medianMs: number;
  readonly p99Ms: number;
}

interface Asker {
  ask(prompt: string): Promise<number>;
}

interface OverheadOptions {
  readonly mode: Mode;
  readonly atOnce: number;
  readonly turns: number;
}

/** Below the turns after which a conversation gets a new process. */
const turnsEach = 25;

export async function measureOverhead(bench: Bench, { mode, atOnce, turns }: OverheadOptions): Promise<Overhead> {
  const { programs, upstream, claude } = bench;
  const proxy = await startProxy({
    ...bench,
    claude: claude.path,
    flags: ["--pool-size", "1", "--max-sessions", String(atOnce + 1)],
    env: { CCPROXY__LIMITS__MAX_RUNNING: String(atOnce + 1) },
  });
  const direct = { programs, claude: claude.path, mode, upstream };
  const samples = { plain: [] as number[], sameLines: [] as number[], proxy: [] as number[] };
  for (let done = 0; done < turns; done += turnsEach) {
    const plain = await startMany(atOnce, () => startWarm(direct));
    const sameLines = await startMany(atOnce, () => startParked(direct));
    const askers = { plain, sameLines, proxy: plain.map(() => startConversation(proxy.url, mode)) };
    // The first turn of a process or a conversation is another measure's.
    for (const asker of Object.values(askers).flat()) await asker.ask(`[[demo say pong]] ${crypto.randomUUID()}`);
    for (let turn = 0; turn < Math.min(turnsEach, turns - done); turn += 1)
      for (const kind of rotated(turn))
        samples[kind].push(...(await askAll(askers[kind], `[[demo say pong]] ${turn}`)));
    await Promise.all([...plain, ...sameLines].map((cli) => cli.end()));
  }
  await proxy.end();
  const name = `next turn, ${claude.version} ${mode}, ${atOnce} at once`;
  return {
    measures: [
      { name: `${name}: by hand`, unit: "ms", spread: spreadOf(samples.plain) },
      { name: `${name}: the proxy's lines by hand`, unit: "ms", spread: spreadOf(samples.sameLines) },
      { name: `${name}: proxy`, unit: "ms", spread: spreadOf(samples.proxy) },
    ],
    overPlain: addedTo(samples.plain, samples.proxy),
    overSameLines: addedTo(samples.sameLines, samples.proxy),
  };
}

/** Whoever comes after a rest finds colder caches than the next: each takes that place in turn. */
function rotated(turn: number) {
  const kinds = ["plain", "sameLines", "proxy"] as const;
  return [...kinds.slice(turn % kinds.length), ...kinds.slice(0, turn % kinds.length)];
}

async function startMany<T>(count: number, start: () => Promise<T>): Promise<T[]> {
  const started: T[] = [];
  while (started.length < count) started.push(await start());
  return started;
}

function addedTo(base: readonly number[], proxy: readonly number[]): Added {
  const added = (share: number): number => round(quantile(proxy, share) - quantile(base, share));
  return { medianMs: added(0.5), p99Ms: added(0.99) };
}

function askAll(askers: readonly Asker[], prompt: string): Promise<number[]> {
  return Promise.all(askers.map((asker) => asker.ask(prompt)));
}
