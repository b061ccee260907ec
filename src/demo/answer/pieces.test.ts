import { expect, test } from "bun:test";

import fc from "fast-check";

import { piecesOf, splitInsideCharacters } from "./pieces.ts";
import { sampleOf } from "./sample.ts";

/** One to four UTF-16 units each, some of which only mean something together. */
const unit = fc.constantFrom("a", " ", "\n", "ä", "e\u0301", "漢", "😀", "👩\u200d🚀", "\u0000");

test("pieces add up to the text and never cut a character", () => {
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 2000 }), (text) => {
      const pieces = piecesOf(text, 3, 10);
      expect(pieces.join("")).toBe(text);
      expect(pieces.length).toBeLessThanOrEqual(10);
      expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
    }),
  );
});

test("a split frame keeps its bytes, and its parts end inside characters", () => {
  const frame = new TextEncoder().encode("a😀bücd");
  const parts = splitInsideCharacters(frame);
  expect(Buffer.concat(parts)).toEqual(Buffer.from(frame));
  expect(parts.map((part) => part.length)).toEqual([2, 5, 3]);
});

test("a sample fits the common schemas", () => {
  const schema = {
    type: "object",
    properties: {
      name: { type: "string" },
      kind: { enum: ["b", "c"] },
      count: { type: ["integer", "null"], minimum: 3 },
      list: { type: "array", items: { type: "boolean" }, minItems: 2 },
      either: { anyOf: [{ type: "null" }, { type: "string" }] },
    },
  };
  expect(sampleOf(schema)).toEqual({ name: "demo", kind: "b", count: 3, list: [true, true], either: null });
});
