import { describe, expect, test } from "bun:test";

import { problemOfConversation } from "#demo/anthropic/check.ts";

import { readStanding } from "./conversation.ts";

const call = { role: "assistant" as const, content: [{ type: "tool_use", id: "t1", name: "Write", input: {} }] };
const result = { role: "user" as const, content: [{ type: "tool_result", tool_use_id: "t1", content: "written" }] };

describe("the prompt of a turn", () => {
  test("is the last user message's own text, without reminders and system messages", () => {
    const { text, turn, results } = readStanding([
      { role: "user", content: "[[demo echo]] old" },
      { role: "assistant", content: "answer" },
      {
        role: "user",
        content: [
          { type: "text", text: "<system-reminder>\n[[demo error 500]]\n</system-reminder>" },
          { type: "text", text: "new <system-reminder>noise</system-reminder>" },
        ],
      },
      { role: "system", content: "[[demo error 400]]" },
    ]);
    expect({ text, turn, results }).toEqual({ text: "new", turn: 2, results: [] });
  });

  test("is not what a request for a title of the session quotes", () => {
    const { text } = readStanding([{ role: "user", content: "<session>\n[[demo error 500]]\n</session>\n\nA title!" }]);
    expect(text).toBe("A title!");
  });

  test("stays the one that began the turn while tool results come back", () => {
    const standing = readStanding([{ role: "user", content: "[[demo tool Write]]" }, call, result]);
    expect(standing).toMatchObject({ text: "[[demo tool Write]]", round: 1, turn: 1 });
    expect(standing.results).toMatchObject([{ callId: "t1", toolName: "Write", isError: false }]);
  });

  test("counts the rounds of calls, a later prompt begins anew", () => {
    const twice = [{ role: "user" as const, content: "go" }, call, result, call, result];
    expect(readStanding(twice).round).toBe(2);
    const next = readStanding([...twice, { role: "user", content: "[[demo say x]]" }]);
    expect(next).toMatchObject({ round: 0, results: [], turn: 2, text: "[[demo say x]]" });
  });

  test("a directive beside a result begins a turn, other words do not", () => {
    const beside = (text: string) => ({ ...result, content: [...result.content, { type: "text", text }] });
    const start = [{ role: "user" as const, content: "[[demo tool Write]]" }, call];
    expect(readStanding([...start, beside("[[demo say x]]")])).toMatchObject({ text: "[[demo say x]]", round: 0 });
    expect(readStanding([...start, beside("and?")])).toMatchObject({ text: "[[demo tool Write]]", round: 1 });
  });
});

describe("the API's rules for a conversation", () => {
  test("a call with its result passes, also with merged neighbours and system messages between", () => {
    const messages = [
      { role: "user" as const, content: "go" },
      call,
      { role: "system" as const, content: "s" },
      result,
    ];
    expect(problemOfConversation([...messages, { role: "user", content: "more" }])).toBeUndefined();
    expect(problemOfConversation([{ role: "user", content: "go" }, call])).toBeUndefined();
  });

  test("a result without its call, a call without its result and empty text are refused", () => {
    expect(problemOfConversation([result])).toContain("unexpected `tool_use_id`");
    expect(problemOfConversation([call, { role: "user", content: "no" }])).toContain("without `tool_result` blocks");
    expect(problemOfConversation([{ role: "user", content: "" }])).toContain("must be non-empty");
  });
});
