import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { createLineSplitter } from "./ndjson.ts";

const LIMIT = 1024 * 1024;

/** Everything a splitter gives for these chunks, and whether it overflowed. */
function split(chunks: readonly Uint8Array[], maxLineBytes: number): { lines: readonly string[]; overflow: boolean } {
  const splitter = createLineSplitter(maxLineBytes);
  const results = [...chunks.map((chunk) => splitter.push(chunk)), splitter.end()];
  return { lines: results.flatMap(({ lines }) => lines), overflow: results.some(({ overflow }) => overflow) };
}

function cut(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const positions = [0, ...cuts.map((position) => position % (bytes.length + 1)), bytes.length];
  const sorted = positions.toSorted((a, b) => a - b);
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

const text = fc.string({ unit: fc.constantFrom("a", "é", "漢", "😀", "\r", "\n", "\r\n", "\uFEFF") });

describe("line splitter", () => {
  test("gives the same lines however the bytes are cut", () => {
    const property = fc.property(text, fc.array(fc.nat()), fc.integer({ min: 1, max: 12 }), (whole, cuts, limit) => {
      const bytes = new TextEncoder().encode(whole);
      expect(split(cut(bytes, cuts), limit)).toEqual(split([bytes], limit));
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("gives what a plain split of the text gives", () => {
    const property = fc.property(text, fc.array(fc.nat()), (whole, cuts) => {
      const expected = whole.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
      // Nothing after the last newline is no line.
      if (whole === "" || whole.endsWith("\n")) expected.pop();
      const result = split(cut(new TextEncoder().encode(whole), cuts), LIMIT);
      expect(result).toEqual({ lines: expected, overflow: false });
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("bytes that are no UTF-8 spoil their own line only", () => {
    const bytes = Uint8Array.from([0x61, 0xe2, 0x0a, 0x62, 0x0a]);
    expect(split([bytes], LIMIT).lines).toEqual(["a\uFFFD", "b"]);
  });

  test("does not keep the chunk it was given", () => {
    const splitter = createLineSplitter(LIMIT);
    const chunk = new TextEncoder().encode("one\ntw");
    splitter.push(chunk);
    chunk.fill(0);
    expect(splitter.push(new TextEncoder().encode("o\n")).lines).toEqual(["two"]);
  });

  test("a line may be as long as the limit and no longer", () => {
    const encode = (whole: string): readonly Uint8Array[] => [new TextEncoder().encode(whole)];
    expect(split(encode("1234\n1234"), 4)).toEqual({ lines: ["1234", "1234"], overflow: false });
    expect(split(encode("1234\n12345\n1"), 4)).toEqual({ lines: ["1234"], overflow: true });
    expect(split(encode("1234\n12345"), 4)).toEqual({ lines: ["1234"], overflow: true });
  });

  test("after an over-long line there is nothing more", () => {
    const splitter = createLineSplitter(2);
    splitter.push(new TextEncoder().encode("too long"));
    expect(splitter.push(new TextEncoder().encode("a\nb\n"))).toEqual({ lines: [], overflow: true });
  });

  test("looks at each byte of a line that comes in many chunks once", () => {
    const splitter = createLineSplitter(64 * LIMIT);
    const chunk = new Uint8Array(4096).fill(0x78);
    for (let index = 0; index < 4096; index += 1) splitter.push(chunk);
    expect(splitter.push(Uint8Array.of(0x0a)).lines[0]?.length).toBe(4096 * 4096);
  });
});
