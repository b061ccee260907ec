/** What the proxy adds to a turn of a CLI that is already running, alone and with many at once. */
import type { Mode } from "#core/backend.ts";

import { startWarm } from "./direct-cli.ts";
import type { Bench } from "./first-word.ts";
import { startConversation, startProxy } from "./proxy.ts";
import type { Measure } from "./report.ts";
import { quantile, round, spreadOf } from "./stats.ts";

export interface Overhead {
  readonly measures: readonly Measure[];
  readonly addedMedianMs: number;
  readonly addedP99Ms: number;
}

interface Asker {
  ask(prompt: string): Promise<number>;
}

const mode: Mode = "chat";
/** Below the turns after which a conversation gets a new process. */
const turnsEach = 25;

export async function measureOverhead(bench: Bench, atOnce: number, turns: number): Promise<Overhead> {
  const { programs, upstream, claude } = bench;
  const proxy = await startProxy({
    ...bench,
    claude: claude.path,
    flags: ["--pool-size", "1", "--max-sessions", String(atOnce + 1)],
    env: { CCPROXY__LIMITS__MAX_RUNNING: String(atOnce + 1) },
  });
  const byHand: number[] = [];
  const byProxy: number[] = [];
  for (let done = 0; done < turns; done += turnsEach) {
    const clis = [];
    for (let index = 0; index < atOnce; index += 1)
      clis.push(await startWarm({ programs, claude: claude.path, mode, upstream }));
    const conversations = clis.map(() => startConversation(proxy.url, mode));
    const label = `overhead ${atOnce} ${done}`;
    // The first turn of a process or a conversation is another measure's.
    for (const asker of [...clis, ...conversations])
      await asker.ask(`[[demo say pong]] ${label} ${crypto.randomUUID()}`);
    for (let turn = 0; turn < Math.min(turnsEach, turns - done); turn += 1) {
      byHand.push(...(await askAll(clis, `[[demo say pong]] ${turn}`)));
      byProxy.push(...(await askAll(conversations, `[[demo say pong]] ${turn}`)));
    }
    await Promise.all(clis.map((cli) => cli.end()));
  }
  await proxy.end();
  const name = `next turn, ${claude.version} ${mode}, ${atOnce} at once`;
  return {
    measures: [
      { name: `${name}: by hand`, unit: "ms", spread: spreadOf(byHand) },
      { name: `${name}: proxy`, unit: "ms", spread: spreadOf(byProxy) },
    ],
    addedMedianMs: round(quantile(byProxy, 0.5) - quantile(byHand, 0.5)),
    addedP99Ms: round(quantile(byProxy, 0.99) - quantile(byHand, 0.99)),
  };
}

function askAll(askers: readonly Asker[], prompt: string): Promise<number[]> {
  return Promise.all(askers.map((asker) => asker.ask(prompt)));
}
