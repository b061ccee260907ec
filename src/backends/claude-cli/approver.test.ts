import { expect, test } from "bun:test";

import type { ApprovalAsk, ApprovalDecision, Approve } from "#core/approval.ts";

import { Approver } from "./approver.ts";
import type { ControlQuestion } from "./lines.ts";

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
  const replies: unknown[] = [];
  const asked: Asked[] = [];
  const approver = new Approver((id, response) => replies.push([id, response]));
  const approve: Approve = (ask, signal) => {
    const { promise, resolve } = Promise.withResolvers<ApprovalDecision>();
    asked.push({ ask, signal, decide: resolve });
    return promise;
  };
  approver.attach(approve);
  const put = (id: string, what = question): void => approver.asked(id, what);
  const first = (): Asked => {
    const [only] = asked;
    if (only === undefined) throw new Error("Nothing was asked.");
    return only;
  };
  return { approver, approve, replies, asked, put, first };
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

test("a question that the CLI withdraws is not answered any more", async () => {
  const { approver, put, first, replies } = setUp();
  put("q1");
  approver.withdrawn("q1");
  expect(first().signal.aborted).toBe(true);
  first().decide({ allowed: true, input: {}, always: false });
  await Bun.sleep(0);
  expect(replies).toEqual([]);
});

test("what is undecided when nobody waits any more is asked again once somebody does", async () => {
  const { approver, approve, put, asked, replies } = setUp();
  put("q1");
  approver.detach();
  put("q2");
  expect(asked.map(({ signal }) => signal.aborted)).toEqual([true]);
  asked[0]?.decide({ allowed: true, input: {}, always: false });
  await Bun.sleep(0);
  expect(replies).toEqual([]);
  approver.attach(approve);
  expect(asked).toHaveLength(3);
  for (const { decide } of asked) decide({ allowed: false, message: "No." });
  await Bun.sleep(0);
  const no = { behavior: "deny", message: "No." };
  expect(replies).toEqual([
    ["q1", no],
    ["q2", no],
  ]);
  approver.attach(approve);
  expect(asked).toHaveLength(3);
});

test("a question of another shape is denied, and suggestions of another shape are no reason to", async () => {
  const { put, first, replies } = setUp();
  put("q1", { subtype: "can_use_tool", input: {} });
  expect(replies).toMatchObject([["q1", { behavior: "deny" }]]);
  put("q2", { ...question, permission_suggestions: [{ type: "somethingNew" }], description: 5 });
  expect(first().ask).toMatchObject({ toolName: "Bash", always: undefined, description: undefined });
});
