import { expect, test } from "bun:test";

import { encodeMessage } from "./messages.ts";

test("half a character is told as what stands for one that cannot be read", () => {
  const said = (text: string) => JSON.parse(encodeMessage({ said: text })) as unknown; // As it went in.
  expect(said("a\ud83d b\udc00")).toEqual({ said: "a\ufffd b\ufffd" });
  expect(JSON.parse(encodeMessage({ "\ud800": 1 }))).toEqual({ "\ufffd": 1 });
  for (const text of ["😀", "\\ud83d", "\\\\ud83d", "\u2028\u0000"]) expect(said(text)).toEqual({ said: text });
  expect(said("\\\ud83d")).toEqual({ said: "\\\ufffd" });
});
