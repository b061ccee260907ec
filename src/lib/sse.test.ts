import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { createSseParser, encodeSseFrame, type SseFrame } from "./sse.ts";

function parse(...chunks: (string | Uint8Array)[]): SseFrame[] {
  const parser = createSseParser();
  const encoder = new TextEncoder();
  return chunks.flatMap((chunk) => parser.push(typeof chunk === "string" ? encoder.encode(chunk) : chunk));
}

const frame = (data: string, event?: string): SseFrame => ({ event, data });

describe("encoding a frame", () => {
  test("writes data, and the event name before it", () => {
    expect(encodeSseFrame(frame("x"))).toBe("data: x\n\n");
    expect(encodeSseFrame(frame("x", "ping"))).toBe("event: ping\ndata: x\n\n");
  });

  test("gives each line of the data a line of its own", () => {
    expect(encodeSseFrame(frame("a\nb\r\nc\rd"))).toBe("data: a\ndata: b\ndata: c\ndata: d\n\n");
  });
});

describe("parsing a stream", () => {
  const streams: [string, string, SseFrame[]][] = [
    ["line feeds", "data: a\n\ndata: b\n\n", [frame("a"), frame("b")]],
    ["carriage returns", "data: a\r\rdata: b\r\r", [frame("a"), frame("b")]],
    ["both", "event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n", [frame("a", "x"), frame("b")]],
    ["a byte order mark", "\uFEFFdata: a\n\n", [frame("a")]],
    ["comments", ": hello\n\n:\ndata: a\n: there\n\n", [frame("a")]],
    ["several data lines", "data: a\ndata\ndata: b\n\n", [frame("a\n\nb")]],
    ["no space after the colon", "data:a\ndata:  b\n\n", [frame("a\n b")]],
    ["fields it does not know", "id: 1\nretry: 5\nfoo: bar\ndata: a\n\n", [frame("a")]],
    ["a frame without data", "event: x\n\ndata: a\n\n", [frame("a")]],
    ["empty data", "data:\n\n", [frame("")]],
    ["a colon in the data", "data: a: b\n\n", [frame("a: b")]],
    ["no end to the last frame", "data: a\n\ndata: b\n", [frame("a")]],
  ];

  test.each(streams)("understands %s", (_title, stream, frames) => {
    expect(parse(stream)).toEqual(frames);
  });

  test.each(streams)("understands %s, byte by byte", (_title, stream, frames) => {
    const bytes = new TextEncoder().encode(stream);
    expect(parse(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(frames);
  });

  test.each([
    ["data: a\n\ndata: b", [frame("b")]],
    ["event: x\ndata: a\ndata: b\n", [frame("a\nb", "x")]],
    ["data: a\n\n", []],
    ["event: x", []],
  ])("tells at the end what %j leaves of a frame, and holds nothing of it then", (stream, left) => {
    const parser = createSseParser();
    parser.push(new TextEncoder().encode(stream));
    expect(parser.end()).toEqual(left);
    expect(parser.held()).toBe(0);
  });

  test("says how much it holds of a frame that is not whole", () => {
    const parser = createSseParser();
    const held = ["data: 12", "345", "\n", "data: 6\ndata\n", "\n", "data: 1\n\nda"].map((piece) => {
      parser.push(new TextEncoder().encode(piece));
      return parser.held();
    });
    expect(held).toEqual([8, 11, 6, 9, 0, 2]);
  });

  test("reads back any frames it wrote, wherever the bytes are cut", () => {
    const data = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll(/\r\n?/gu, "\n"));
    const event = fc.option(fc.stringMatching(/^[a-z_]{1,8}$/u), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.record({ event, data })), fc.array(fc.nat({ max: 9 })), (frames, sizes) => {
        const bytes = new TextEncoder().encode(frames.map(encodeSseFrame).join(""));
        const chunks: Uint8Array[] = [];
        let from = 0;
        for (const size of sizes) chunks.push(bytes.subarray(from, (from += size)));
        expect(parse(...chunks, bytes.subarray(from))).toEqual(frames);
      }),
    );
  });
});
