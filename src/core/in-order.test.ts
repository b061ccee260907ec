import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { type BlockEvent, createInOrder } from "./in-order.ts";

const start = (id: string): BlockEvent => ({ type: "text-start", id });
const delta = (id: string, text: string): BlockEvent => ({ type: "text-delta", id, text });
const end = (id: string): BlockEvent => ({ type: "text-end", id });

describe("blocks", () => {
  test("that come one after the other are told as they come", () => {
    const tell = createInOrder();
    for (const event of [start("a"), delta("a", "1"), end("a"), start("b"), end("b")])
      expect(tell(event)).toEqual([event]);
  });

  test("that overlap are told one after the other", () => {
    const tell = createInOrder();
    const events = [start("a"), start("b"), delta("b", "2"), delta("a", "1"), end("b"), end("a")];
    expect(events.flatMap(tell)).toEqual([
      start("a"),
      delta("a", "1"),
      end("a"),
      start("b"),
      delta("b", "2"),
      end("b"),
    ]);
  });

  test("that overlap keep results that come in between behind them", () => {
    const tell = createInOrder();
    const result = { type: "tool-result", id: "a", content: "", isError: false } as const;
    expect(tell(result)).toEqual([result]);
    const events = [start("a"), start("b"), end("b"), result, delta("a", "1"), end("a")];
    expect(events.flatMap(tell)).toEqual([start("a"), delta("a", "1"), end("a"), start("b"), end("b"), result]);
  });

  test("never overlap, and keep what belongs to them, in any order of pieces", () => {
    const piece = fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("start", "delta", "end"));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const tell = createInOrder();
        const told = pieces.flatMap(([id, kind], index) =>
          tell(kind === "start" ? start(id) : kind === "end" ? end(id) : delta(id, String(index))),
        );
        let open: string | undefined;
        for (const event of told) {
          if (!("id" in event)) continue;
          expect(open).toBe(event.type === "text-start" ? undefined : event.id);
          open = event.type === "text-end" ? undefined : event.id;
        }
      }),
      { numRuns: 100 },
    );
  });
});
