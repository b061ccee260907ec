/** What the program itself costs: its start, and its memory at rest and with many open streams. */
import { createFakeClaude } from "../../test/fakes/fake-claude.ts";
import type { Bench } from "./first-word.ts";
import { residentBytes } from "./programs.ts";
import { post, startProxy } from "./proxy.ts";
import { type Spread, spreadOf } from "./stats.ts";

export interface Footprint {
  readonly version: Spread;
  readonly ready: Spread;
  readonly idleMb: Spread;
  readonly perStreamKb: Spread;
  /** All of it, with `manyStreams` open. */
  readonly loadedMb: Spread;
}

export async function measureFootprint(bench: Bench, rounds: number): Promise<Footprint> {
  const versionMs: number[] = [];
  const readyMs: number[] = [];
  const idleMb: number[] = [];
  const perStreamKb: number[] = [];
  for (let index = 0; index < rounds; index += 1) {
    for (let again = 0; again < 3; again += 1) versionMs.push(await timeVersion(bench));
    const proxy = await startProxy({ ...bench, claude: bench.claude.path });
    readyMs.push(proxy.readyMs);
    // By then the pool is full and what the start left behind is collected.
    await Bun.sleep(3000);
    idleMb.push((await residentBytes(proxy.program.pid)) / 1e6);
    await proxy.end();
    await Bun.sleep(500);
  }
  const loadedMb: number[] = [];
  for (let index = 0; index < Math.min(rounds, 3); index += 1) {
    const { few, many } = await measureStreams(bench);
    perStreamKb.push((many - few) / (manyStreams - fewStreams) / 1000);
    loadedMb.push(many / 1e6);
  }
  return {
    version: spreadOf(versionMs),
    ready: spreadOf(readyMs),
    idleMb: spreadOf(idleMb),
    perStreamKb: spreadOf(perStreamKb),
    loadedMb: spreadOf(loadedMb),
  };
}

async function timeVersion({ programs, binary }: Bench): Promise<number> {
  const startedAt = performance.now();
  const program = programs.start([binary, "--version"], { PATH: process.env["PATH"] ?? "" });
  await program.exited;
  return performance.now() - startedAt;
}

const collectedMs = 4000;
const fewStreams = 100;
export const manyStreams = 200;

/**
 * From a hundred open streams to two hundred: the first ones pay for code and heap that the later ones share. The
 * CLI is a stand-in that begins to answer and never ends: so many real ones would need more memory than most machines have.
 */
async function measureStreams(bench: Bench): Promise<{ readonly few: number; readonly many: number }> {
  const fake = createFakeClaude();
  // Four lines open the turn, the fifth is the first word.
  fake.plays({ kind: "hang", afterLines: 5 });
  const proxy = await startProxy({
    ...bench,
    claude: fake.path,
    flags: ["--pool-size", "0", "--max-sessions", String(manyStreams)],
    env: { CCPROXY__LIMITS__MAX_RUNNING: String(manyStreams + 1), CCPROXY__LIMITS__MIN_FREE_MEMORY_MB: "0" },
  });
  const leaving = new AbortController();
  let open = 0;
  const openUntil = async (wanted: number): Promise<number> => {
    for (; open < wanted; open += 1) await openStream(proxy.url, open, leaving.signal);
    // What opening them left behind is collected some seconds after; what stays is what a stream costs.
    await Bun.sleep(collectedMs);
    return residentBytes(proxy.program.pid);
  };
  try {
    const few = await openUntil(fewStreams);
    const many = await openUntil(manyStreams);
    return { few, many };
  } finally {
    leaving.abort();
    await proxy.end();
    fake.remove();
  }
}

/** Resolves at the first bytes, and goes on reading in the background until the signal fires. */
async function openStream(url: string, index: number, signal: AbortSignal): Promise<void> {
  const response = await post(url, "chat", [{ role: "user", content: `stream ${index}` }], { signal });
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  const reader = response.body.getReader();
  await reader.read();
  const drain = async (): Promise<void> => {
    while (!(await reader.read()).done);
  };
  drain().catch(() => {});
}
