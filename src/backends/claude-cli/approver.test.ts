import { expect, test } from "bun:test";

import type { ApprovalAsk, ApprovalDecision } from "#core/approval.ts";

import { answerQuestions } from "./approver.ts";
import type { ControlQuestion } from "./lines.ts";
import type { Responder } from "./session.ts";

/** As 2.1.329 asks. */
const question: ControlQuestion = {
  subtype: "can_use_tool",
  tool_name: "Bash",
  display_name: "Bash",
  input: { command: "touch x", description: "d" },
  description: "d",
  permission_suggestions: [
    {
      type: "addRules",
      rules: [{ toolName: "Bash", ruleContent: "touch x" }],
      behavior: "allow",
      destination: "localSettings",
    },
    { type: "addDirectories", directories: ["/p"], destination: "session" },
    { type: "setMode", mode: "acceptEdits", destination: "session" },
  ],
  blocked_path: "/p/x",
  decision_reason: "Because.",
  tool_use_id: "toolu_1",
};
const rules = [
  {
    type: "addRules",
    rules: [{ toolName: "Bash", ruleContent: "touch x" }],
    behavior: "allow",
    destination: "session",
  },
];

interface Asked {
  readonly ask: ApprovalAsk;
  readonly signal: AbortSignal;
  readonly decide: (decision: ApprovalDecision) => void;
}

function setUp() {
  const responders = new Map<string, Responder>();
  const replies: unknown[] = [];
  const asked: Asked[] = [];
  const stop = answerQuestions({ responders, reply: (id, response) => replies.push([id, response]) }, (ask, signal) => {
    const { promise, resolve } = Promise.withResolvers<ApprovalDecision>();
    asked.push({ ask, signal, decide: resolve });
    return promise;
  });
  const put = (id: string, what = question): void => responders.get("can_use_tool")?.asked(id, what);
  const first = (): Asked => {
    const [only] = asked;
    if (only === undefined) throw new Error("Nothing was asked.");
    return only;
  };
  return { responders, replies, asked, stop, put, first };
}

test("a question becomes an ask, and the decision its answer", async () => {
  const { put, first, replies } = setUp();
  put("q1");
  expect(first().ask).toEqual({
    toolName: "Bash",
    input: { command: "touch x", description: "d" },
    callId: "toolu_1",
    description: "d",
    reason: "Because.",
    blockedPath: "/p/x",
    always: "Bash(touch x)",
  });
  first().decide({ allowed: true, input: { command: "touch y" }, always: false });
  await Bun.sleep(0);
  expect(replies).toEqual([["q1", { behavior: "allow", updatedInput: { command: "touch y" } }]]);
});

test("always allows what was shown, for the session alone", async () => {
  const { put, first, replies } = setUp();
  put("q1");
  first().decide({ allowed: true, input: {}, always: true });
  await Bun.sleep(0);
  expect(replies).toEqual([["q1", { behavior: "allow", updatedInput: {}, updatedPermissions: rules }]]);
});

test("a denial carries its message", async () => {
  const { put, first, replies } = setUp();
  put("q1");
  first().decide({ allowed: false, message: "No." });
  await Bun.sleep(0);
  expect(replies).toEqual([["q1", { behavior: "deny", message: "No." }]]);
});

test("a question that is withdrawn, or whose turn is over, is not answered any more", async () => {
  const { put, asked, replies, stop, responders } = setUp();
  put("q1");
  put("q2");
  responders.get("can_use_tool")?.withdrawn("q1");
  expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  stop();
  expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  expect(responders.size).toBe(0);
  for (const { decide } of asked) decide({ allowed: true, input: {}, always: false });
  await Bun.sleep(0);
  expect(replies).toEqual([]);
});

test("a question of another shape is denied, and suggestions of another shape are no reason to", async () => {
  const { put, first, replies } = setUp();
  put("q1", { subtype: "can_use_tool", input: {} });
  expect(replies).toMatchObject([["q1", { behavior: "deny" }]]);
  put("q2", { ...question, permission_suggestions: [{ type: "somethingNew" }], description: 5 });
  expect(first().ask).toMatchObject({ toolName: "Bash", always: undefined, description: undefined });
});
