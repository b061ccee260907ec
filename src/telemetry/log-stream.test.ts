import { expect, test } from "bun:test";

import { createStreamSink } from "./log-stream.ts";

function stalledStream() {
  const written: string[] = [];
  const listeners: (() => void)[] = [];
  let keepsUp = false;
  const stream = {
    write(text: string) {
      written.push(text);
      return keepsUp;
    },
    on: (event: "error" | "drain", listener: () => void) => event === "drain" && listeners.push(listener),
  };
  const drain = () => {
    keepsUp = true;
    for (const listener of listeners) listener();
  };
  return { stream, written, drain };
}

test("lines for a reader that has stalled are dropped once too many wait, and their number is told when it is back", () => {
  const { stream, written, drain } = stalledStream();
  const options = { maxWaitingCharacters: 10, describeDropped: (lines: number) => `${lines} dropped\n` };
  const sink = createStreamSink(stream, options);
  for (let at = 0; at < 8; at += 1) sink.write(`line ${at}\n`);
  expect(written).toEqual(["line 0\n", "line 1\n"]);
  drain();
  sink.write("after\n");
  drain();
  expect(written.slice(2)).toEqual(["6 dropped\n", "after\n"]);
});

test("lines that may wait are handed on together, and before any line that came later", async () => {
  const { stream, written, drain } = stalledStream();
  drain();
  const sink = createStreamSink(stream, { describeDropped: String });
  sink.write("a\n", true);
  sink.write("b\n", true);
  expect(written).toEqual([]);
  sink.write("c\n");
  expect(written).toEqual(["a\nb\nc\n"]);
  sink.write("d\n", true);
  while (written.length < 2) await Bun.sleep(1);
  sink.write("e\n", true);
  sink.close();
  expect(written.slice(1)).toEqual(["d\n", "e\n"]);
});
