import { expect, test } from "bun:test";

import fc from "fast-check";

import { emptyInput, endInput, readInput } from "./custom-input.ts";

/** The pieces of the text, from pieces of what the model wrote. */
function piecesOf(...json: readonly string[]): readonly string[] {
  const input = emptyInput();
  const pieces = [...json.map((piece) => readInput(input, piece)), endInput(input)];
  expect(pieces.join("")).toBe(input.text);
  return pieces;
}

function cut(json: string, places: readonly number[]): readonly string[] {
  const at = [
    0,
    ...places.map((place) => place % (json.length + 1)).toSorted((one, other) => one - other),
    json.length,
  ];
  return at.slice(1).map((end, index) => json.slice(at[index], end));
}

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom('"', "\\", "\n", "🙂", "u", "é", "/") }),
);

test("any text, written in any way and cut anywhere, is given in pieces that each are text", () => {
  fc.assert(
    fc.property(anyText, fc.array(fc.nat(200)), fc.boolean(), (text, places, asAscii) => {
      const json = JSON.stringify({ input: text });
      const written = asAscii
        ? json.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
        : json;
      const pieces = piecesOf(...cut(written, places));
      expect(pieces.join("")).toBe(text);
      expect(pieces.filter((piece) => !piece.isWellFormed())).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test("it is given as it comes", () => {
  expect(piecesOf('{"in', 'put": "*** Be', "gin\\", 'nPatch"', "}")).toEqual(["", "*** Be", "gin", "\nPatch", "", ""]);
});

test("what is cut off is given as far as it came", () => {
  expect(piecesOf('{"input":"half a w', "ord").join("")).toBe("half a word");
  expect(piecesOf('{"inp').join("")).toBe('{"inp');
});

test("another object than was asked for is the input itself, or has it somewhere", () => {
  expect(piecesOf('{"cmd":', '"ls"}')).toEqual(["", "", '{"cmd":"ls"}']);
  expect(piecesOf('{"note":1,', '"input":"ls"}')).toEqual(["", "", "ls"]);
  expect(piecesOf("")).toEqual(["", ""]);
});
