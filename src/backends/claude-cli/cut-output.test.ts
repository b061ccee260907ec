import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";

import { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import { createLineSplitter } from "#process/ndjson.ts";

import { startDecoding, type DecodeState } from "./decode-state.ts";
import { abandonTurn, decodeLine } from "./decode.ts";
import { parseLine } from "./lines.ts";

const NOW = 1_795_225_000_000;
const gone = new GatewayError("upstream", "Claude Code ended unexpectedly.");

interface Point {
  readonly state: DecodeState;
  readonly events: readonly ModelEvent[];
}

const beginning: Point = { state: startDecoding(), events: [] };

function recording(name: string): Uint8Array {
  return readFileSync(`${import.meta.dirname}/fixtures/${name}.jsonl`);
}

function read({ state, events }: Point, line: string): Point {
  const [next, produced] = decodeLine(state, parseLine(line), NOW);
  return { state: next, events: [...events, ...produced] };
}

function endedAt({ state, events }: Point): readonly ModelEvent[] {
  const [, last] = abandonTurn(state, gone);
  return [...events, ...last];
}

function textOf(events: readonly ModelEvent[]): string {
  return events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
}

/** What the turn comes to when its process dies after each byte: the index is the number of bytes that came. */
function outcomes(bytes: Uint8Array): readonly (readonly ModelEvent[])[] {
  const found: (readonly ModelEvent[])[] = [];
  let whole = beginning;
  let lineStart = 0;
  for (let length = 0; length <= bytes.length; length += 1) {
    const splitter = createLineSplitter(1 << 20);
    const { lines } = splitter.push(bytes.subarray(lineStart, length));
    const unfinished = lines.length > 0 ? lines : splitter.end().lines;
    const here = unfinished.filter((line) => line !== "").reduce(read, whole);
    found.push(endedAt(here));
    if (lines.length === 0) continue;
    whole = here;
    lineStart = length;
  }
  return found;
}

// proves("cli-hostile-output")
describe("a process that dies", () => {
  test.each(["thinking-new", "stop-max-tokens-old", "max-turns-1-old", "subagent-new", "529-max2-old"])(
    "at any byte of %s ends the turn once, and cleanly only when the answer was whole",
    (name) => {
      const bytes = recording(name);
      const all = outcomes(bytes);
      const complete = all.at(-1) ?? [];
      const wrong = all.flatMap((events, length) => {
        const terminals = events.filter(({ type }) => type === "finish" || type === "error");
        const last = events.at(-1);
        const once = terminals.length === 1 && terminals[0] === last;
        const truthful = last?.type !== "finish" || textOf(events) === textOf(complete);
        return once && truthful ? [] : [{ length, last }];
      });
      expect(all).toHaveLength(bytes.length + 1);
      expect(wrong).toEqual([]);
      expect(all[0]?.at(-1)?.type).toBe("error");
    },
  );
});

describe("a line that is lost on its way", () => {
  test.each(["thinking-new", "subagent-new", "stop-max-tokens-new"])(
    "out of %s never shortens a clean answer",
    (name) => {
      const lines = new TextDecoder().decode(recording(name)).trimEnd().split("\n");
      const whole = textOf(endedAt(lines.reduce(read, beginning)));
      const wrong = lines.flatMap((_, missing) => {
        const events = endedAt(lines.toSpliced(missing, 1).reduce(read, beginning));
        return events.at(-1)?.type === "finish" && textOf(events) !== whole ? [missing] : [];
      });
      expect(whole).not.toBe("");
      expect(wrong).toEqual([]);
    },
  );
});
