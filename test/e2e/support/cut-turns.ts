/** Turns of a CLI whose model's answer is cut off: each is told the truth, with the one row of its own. */
import { expect } from "bun:test";

import type { ByteUpstream } from "./byte-upstream.ts";
import { cutsOf } from "./cuts-of.ts";
import { isLong } from "./long.ts";
import type { ProviderBench } from "./provider-bench.ts";
import { readTold, type Told, type Way } from "./provider-ways.ts";
import { expectCutRow, untruthsOf } from "./told-truth.ts";

export interface CutTurns {
  readonly bench: Pick<ProviderBench, "expectRow">;
  readonly bytes: ByteUpstream;
  /** The answer, as its API writes it. */
  readonly recording: Uint8Array;
  /** What it says. */
  readonly text: string;
  /** They take turns. */
  readonly ways: readonly Way[];
  readonly ask: (way: Way, prompt: string) => Promise<Told>;
  readonly atOnce: number;
  /** Of the places where its reader stands differently, every so many-th alone. Default: all. */
  readonly step?: number;
}

export interface CutsTold {
  /** How many bytes there were of the answers that were whole. */
  readonly whole: readonly number[];
  readonly failed: number;
  /** How often the model was asked. */
  readonly asked: number;
}

/** In the long run after every byte, and with none cut off. */
export async function expectCutsTold(options: CutTurns): Promise<CutsTold> {
  const { bench, bytes, recording, text, ways, ask, atOnce, step = 1 } = options;
  const length = recording.byteLength;
  bytes.says(({ body }) => {
    const cut = Number(/cut (\d+)/.exec(body)?.[1]);
    return {
      headers: { "content-type": "text/event-stream" },
      body: [recording.subarray(0, cut)],
      framing: cut % 4 < 2 ? "until-close" : "chunked",
      ending: cut === length ? "whole" : "cut",
    };
  });
  const cuts = isLong
    ? Array.from({ length: length + 1 }, (_, cut) => cut)
    : cutsOf(recording).filter((_, index) => index % step === 0);
  const startedAt = performance.now();
  const heardBefore = bytes.heard.length;
  const told = new Map<number, Told>();
  const askNext = async (): Promise<void> => {
    for (let cut = cuts.pop(); cut !== undefined; cut = cuts.pop()) {
      const way = ways[cut % ways.length];
      if (way !== undefined) told.set(cut, await ask(way, `cut ${cut}`));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, askNext));
  for (const one of told.values()) expectCutRow(bench, one);
  expect([...told].flatMap(([cut, one]) => untruthsOf(one, text, `after ${cut} bytes`))).toEqual([]);
  const whole = [...told].flatMap(([cut, one]) => (readTold(one).ending === "whole" ? [cut] : []));
  const failed = told.size - whole.length;
  const asked = bytes.heard.slice(heardBefore).filter(({ head }) => head.startsWith("POST")).length;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (isLong)
    console.log(
      `cut after each of ${length} bytes: ${whole.length} whole, ${failed} failed, ${asked} asked; ${seconds} s`,
    );
  return { whole, failed, asked };
}
