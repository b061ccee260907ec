import { describe, expect, test } from "bun:test";

import { parseLine } from "./lines.ts";

describe("a line", () => {
  test("is told by its fields, wherever they stand", () => {
    const result = parseLine('{"duration_ms":1,"is_error":true,"subtype":"success","result":"x","type":"result"}');
    expect(result).toMatchObject({ type: "result", result: { is_error: true, result: "x" } });
  });

  test("that is not JSON, or no object, is garbage", () => {
    for (const line of ["", "warning: x", "[1]", "null", '{"type":1}', '{"type":"result"'])
      expect(parseLine(line)).toEqual({ type: "garbage" });
  });

  test("of an unknown type, or a known one in an unknown shape, is counted by name", () => {
    expect(parseLine('{"type":"novelty"}')).toEqual({ type: "unknown", name: "novelty" });
    expect(parseLine('{"type":"system","subtype":"novelty"}')).toEqual({ type: "unknown", name: "system/novelty" });
    expect(parseLine('{"type":"stream_event","event":{"type":"novelty"}}')).toMatchObject({ type: "unknown" });
    expect(parseLine('{"type":"rate_limit_event"}')).toMatchObject({ type: "unknown" });
  });

  test("with more fields than are known is read all the same", () => {
    const line = '{"type":"stream_event","event":{"type":"message_stop","x":1},"parent_tool_use_id":null,"y":2}';
    expect(parseLine(line)).toMatchObject({ type: "stream", event: { type: "message_stop" } });
  });

  test("of a sub-agent is nothing to act on", () => {
    const line = '{"type":"assistant","message":{"id":"m","content":[]},"parent_tool_use_id":"toolu_1"}';
    expect(parseLine(line)).toEqual({ type: "ignored" });
  });

  test("with a content that is one text has one block", () => {
    expect(parseLine('{"type":"user","message":{"content":"hi"}}')).toEqual({
      type: "user",
      blocks: [{ type: "text", text: "hi" }],
    });
  });
});
