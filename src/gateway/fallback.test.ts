import { describe, expect, test } from "bun:test";

import type { Backend } from "#core/backend.ts";
import { type ErrorKind, GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import { createTestSessions } from "#sessions/testing/test-sessions.ts";

import { createRouting } from "./routing.ts";
import { all, callWith, finish, request, setUp, start } from "./testing/bench.ts";

const answer: readonly ModelEvent[] = [start, finish];
const failing = (kind: ErrorKind): readonly ModelEvent[] => [
  { type: "error", error: new GatewayError(kind, `It is ${kind}.`) },
];

function backend(id: string, events: readonly ModelEvent[], asked: string[]): Backend {
  return {
    id,
    modes: ["chat"],
    answersBy: "http",
    unsupported: () => [],
    async *run({ model }, { report }) {
      asked.push(`${id} ${model}`);
      for (const retries of [1, 2]) report({ retries });
      yield await Promise.resolve(events);
    },
    knownModels: () => [],
    listModels: () => Promise.resolve([]),
    countTokens: () => Promise.resolve({ inputTokens: 1, exact: true }),
    status: () => ({ ready: true, detail: "" }),
  };
}

function setUpChain(...answers: readonly (readonly ModelEvent[])[]) {
  const asked: string[] = [];
  const [first = backend("b0", answer, asked), ...rest] = answers.map((events, at) => backend(`b${at}`, events, asked));
  const fallbacks = new Map([
    ["b0", rest.map(({ id }, at) => ({ backend: id, model: at === 0 ? undefined : `model-of-${id}` }))],
  ]);
  const routing = createRouting({ backends: [first, ...rest], rules: [], claims: [], fallbacks });
  const sessions = createTestSessions();
  return { ...setUp(() => (async function* () {})(), { routing, sessions }), asked, sessions };
}

describe("where a backend cannot answer", () => {
  test.each(["authentication", "billing", "overloaded", "rate-limit", "timeout", "unavailable", "upstream"] as const)(
    "for %s, the next is asked, and who failed is told",
    async (kind) => {
      const { gateway, admission, asked } = setUpChain(failing(kind), failing(kind), answer);
      const call = callWith();
      const { head, events } = await gateway.run(request, call);
      expect((await all(events)).at(-1)?.type).toBe("finish");
      expect(asked).toEqual(["b0 fast", "b1 fast", "b2 model-of-b2"]);
      expect(head).toMatchObject({ backend: "b2", failed: ["b0", "b1"], retries: 6 });
      const fellBackFrom = `b0 (${kind}), b1 (${kind})`;
      expect(call.record.row()).toMatchObject({ backend: "b2", fellBackFrom, retries: 6 });
      expect(admission.running).toBe(0);
    },
  );

  test.each(["invalid-request", "context-length", "model-not-found", "cancelled", "internal"] as const)(
    "%s is nobody else's to mend",
    async (kind) => {
      const { gateway, asked } = setUpChain(failing(kind), answer);
      expect(gateway.run(request, callWith())).rejects.toMatchObject({ kind });
      expect(asked).toEqual(["b0 fast"]);
    },
  );

  test("that no place is free here is nobody's failure: nobody else is asked", async () => {
    const { gateway, admission, asked } = setUpChain(answer, answer);
    const leave = await admission.enter(new AbortController().signal);
    const call = callWith();
    await expect(gateway.run(request, call)).rejects.toMatchObject({ kind: "rate-limit" });
    expect({ asked, failed: call.failed.size }).toEqual({ asked: [], failed: 0 });
    leave();
  });

  test("and nobody else can, the last says why", async () => {
    const { gateway, admission } = setUpChain(failing("overloaded"), failing("rate-limit"));
    expect(gateway.run(request, callWith())).rejects.toMatchObject({ kind: "rate-limit" });
    await Bun.sleep(0);
    expect(admission.running).toBe(0);
  });

  test("a session's turn goes on with the next, and is over with its answer", async () => {
    const { gateway, sessions } = setUpChain(failing("overloaded"), answer);
    const call = callWith({ sessionIds: { named: "s" } });
    const { events } = await gateway.run(request, call);
    expect(sessions.find({ principal: "local", id: "s" })).toMatchObject({ running: 1 });
    await all(events);
    expect(sessions.find({ principal: "local", id: "s" })).toMatchObject({ running: 0 });
  });

  test("after its first word, the answer fails", async () => {
    const { gateway, asked } = setUpChain([start, ...failing("upstream")], answer);
    const { events } = await gateway.run(request, callWith());
    expect((await all(events)).at(-1)).toMatchObject({ type: "error" });
    expect(asked).toEqual(["b0 fast"]);
  });
});
