import { expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";

import { createHealth } from "./health.ts";

test("why it does not start is told once, without where in the code, and again once it has started", () => {
  const told: unknown[] = [];
  const health = createHealth({ onNotice: ({ data }) => told.push(data) });
  const fails = (logged: string) =>
    health.note({ type: "start-failed", key: "k", error: new GatewayError("unavailable", "No.", { logged }) });
  for (const reason of ["there is none", "there is none", "it is broken"]) fails(reason);
  expect(health.problem?.kind).toBe("unavailable");
  expect(told).toEqual([{ why: ["there is none"] }, { why: ["it is broken"] }]);
  health.note({ type: "started", key: "k", ms: 1 });
  expect(health.problem).toBeUndefined();
  fails("it is broken");
  expect(told).toHaveLength(3);
});
