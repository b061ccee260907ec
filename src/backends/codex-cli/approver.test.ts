import { expect, test } from "bun:test";

import type { ApprovalAsk, Approve } from "#core/approval.ts";

import { Approver } from "./approver.ts";

const command = { itemId: "c", command: "rm x", cwd: "/w", reason: "It has to be." };
const act = { toolName: "apply_patch", input: { changes: [{ path: "/a", kind: "add", diff: "x" }] } };

function open() {
  const replies: unknown[] = [];
  const asks: ApprovalAsk[] = [];
  const approver = new Approver((id, result) => replies.push([id, result["decision"]]));
  const allow: Approve = async (ask) => (asks.push(ask), { allowed: true, input: ask.input, always: false });
  return { approver, replies, asks, allow };
}

test("what nobody can see is declined, and nobody is asked", () => {
  const { approver, replies, asks, allow } = open();
  approver.attach(allow);
  approver.asked(1, { itemId: "f" }, undefined);
  approver.asked(2, {}, act);
  expect([replies, asks]).toEqual([
    [
      [1, "decline"],
      [2, "decline"],
    ],
    [],
  ]);
});

test("what is asked while its client is away is asked when that is back", async () => {
  const { approver, replies, asks, allow } = open();
  approver.attach("between");
  approver.asked(1, { itemId: "f" }, act);
  expect(replies).toEqual([]);
  approver.attach(allow);
  await Bun.sleep(0);
  expect([replies, asks.map(({ toolName }) => toolName)]).toEqual([[[1, "accept"]], ["apply_patch"]]);
});

test("with the turn its questions are withdrawn, and answered by nobody", async () => {
  const { approver, replies } = open();
  const withdrawn: boolean[] = [];
  const wait: Approve = (_, signal) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        withdrawn.push(signal.aborted);
        resolve({ allowed: false, message: "" });
      });
    });
  approver.attach(wait);
  approver.asked(1, command, undefined);
  approver.end();
  await Bun.sleep(0);
  expect([withdrawn, replies]).toEqual([[true], []]);
});
