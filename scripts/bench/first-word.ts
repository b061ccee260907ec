import { Database } from "bun:sqlite";

/** Time to the first word: a cold start, a warm child, a conversation that goes on; by hand and by the proxy. */
import type { Mode } from "#core/backend.ts";

import type { ClaudeBinary } from "../lib/claude-binaries.ts";
import { askCold, startParked, startWarm } from "./direct-cli.ts";
import type { Programs } from "./programs.ts";
import { askUpstream, startConversation, startProxy, startSession } from "./proxy.ts";
import type { Measure } from "./report.ts";
import { spreadOf } from "./stats.ts";

export interface Bench {
  readonly programs: Programs;
  readonly binary: string;
  readonly upstream: string;
  readonly claude: ClaudeBinary;
}

export interface FirstWord {
  readonly measures: readonly Measure[];
  /** How often the pool had a child for a new conversation, 0 to 1. */
  readonly hitRate: number;
  /** Milliseconds that the second turn of a named session takes beyond the upstream itself. */
  readonly sessionBeyondUpstream: number;
  /** How many times faster a warm child is than a cold start, by the proxy both. */
  readonly warmOverCold: number;
}

/** Long enough for the pool to boot the next child, so that every round finds the machine at rest. */
const restMs = 1500;

type Kind =
  | `${"cold" | "warm" | "next turn"}, ${"by hand" | "the proxy's lines by hand" | "proxy"}`
  | "second turn of a session, proxy"
  | "the upstream alone";

export async function measureFirstWord(bench: Bench, mode: Mode, rounds: number): Promise<FirstWord> {
  const { programs, claude, upstream } = bench;
  const direct = { programs, claude: claude.path, upstream, mode };
  const options = { ...bench, claude: claude.path };
  const cold = await startProxy({ ...options, flags: ["--pool-size", "0", "--max-sessions", "0"] });
  const warm = await startProxy({ ...options, flags: ["--pool-size", "2", "--max-sessions", "2"] });
  const sessions = await startProxy({ ...options, flags: ["--pool-size", "1", "--max-sessions", "2"] });
  const samples = new Map<Kind, number[]>();
  const note = (kind: Kind, ms: number): void => void samples.set(kind, [...(samples.get(kind) ?? []), ms]);

  const steps = [
    async (prompt: string) => note("cold, by hand", await askCold(direct, prompt)),
    async (prompt: string) => note("cold, proxy", await startConversation(cold.url, mode).ask(prompt)),
    async (prompt: string) => {
      const cli = await startWarm(direct);
      await Bun.sleep(restMs / 3);
      note("warm, by hand", await cli.ask(prompt));
      note("next turn, by hand", await cli.ask(`${prompt} more`));
      await cli.end();
    },
    async (prompt: string) => {
      const cli = await startParked(direct);
      await Bun.sleep(restMs / 3);
      note("warm, the proxy's lines by hand", await cli.ask(prompt));
      note("next turn, the proxy's lines by hand", await cli.ask(`${prompt} more`));
      await cli.end();
    },
    async (prompt: string) => {
      const conversation = startConversation(warm.url, mode);
      note("warm, proxy", await conversation.ask(prompt));
      note("next turn, proxy", await conversation.ask(`${prompt} more`));
    },
    async (prompt: string) => {
      const session = startSession(sessions.url, mode);
      await session.ask(prompt);
      note("second turn of a session, proxy", await session.ask(`${prompt} more`));
      note("the upstream alone", await askUpstream(upstream, prompt));
    },
  ];
  // One round more than counted: the first pays for caches nobody pays for again.
  for (let round = 0; round <= rounds; round += 1) {
    if (round === 1) samples.clear();
    for (const step of round % 2 === 0 ? steps : steps.toReversed()) {
      await Bun.sleep(restMs);
      await step(`[[demo say pong]] ${mode} ${round}`);
    }
  }
  await Promise.all([cold.end(), warm.end(), sessions.end()]);
  const median = (kind: Kind): number => spreadOf(samples.get(kind) ?? []).median;
  return {
    measures: [...samples.keys()].toSorted().map((kind) => ({
      name: `first word, ${claude.version} ${mode}: ${kind}`,
      unit: "ms",
      spread: spreadOf(samples.get(kind) ?? []),
    })),
    hitRate: hitRateOf(warm.stateDir),
    sessionBeyondUpstream: median("second turn of a session, proxy") - median("the upstream alone"),
    warmOverCold: median("cold, proxy") / median("warm, proxy"),
  };
}

/** Of the conversations that began: how many found a warm child, by the proxy's own access log. */
function hitRateOf(stateDir: string): number {
  const database = new Database(`${stateDir}/ccproxy.db`, { readonly: true });
  try {
    const rows = database.query("SELECT start FROM access_log WHERE start IN ('warm', 'cold')").values();
    return rows.filter(([start]) => start === "warm").length / rows.length;
  } finally {
    database.close();
  }
}
