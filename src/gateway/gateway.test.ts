import { expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";
import { all, callWith, finish, overloaded, request, setUp, start, type Script } from "#gateway/testing/bench.ts";

test("a turn passes through whole, is recorded, and gives its place back", async () => {
  const { gateway, admission } = setUp(async function* (_, { report }) {
    report({ sessionId: "s1", start: "warm" });
    yield [start];
    yield [finish];
  });
  const call = callWith();
  const running = await gateway.run(request, call);
  expect(running.started).toBe(true);
  expect(running.head).toMatchObject({ model: "claude-x", sessionId: "s1", mode: "agent" });
  expect(running.head.ignored).toEqual(["logit_bias", "reasoning_effort"]);
  expect(await all(running.events)).toEqual([start, finish]);
  expect(call.record.row()).toMatchObject({ modelAsked: "fast", modelUsed: "claude-x", inputTokens: 7, costUsd: 0.5 });
  expect(admission.running).toBe(0);
});

test("a failure before the first event is thrown, so that it can become a status", async () => {
  const { gateway, admission } = setUp(async function* () {
    yield [overloaded];
  });
  await expect(gateway.run(request, callWith())).rejects.toMatchObject({ kind: "overloaded" });
  expect(admission.running).toBe(0);
});

test("a stream's headers wait for the first event only until the deadline", async () => {
  const first = Promise.withResolvers<void>();
  const { gateway } = setUp(
    async function* () {
      await first.promise;
      yield [overloaded];
    },
    { firstEventDeadlineMs: 1 },
  );
  const running = await gateway.run(request, callWith());
  expect(running.started).toBe(false);
  first.resolve();
  expect(await all(running.events)).toEqual([overloaded]);
});

test("strict refuses what would be ignored, in the client's own words", async () => {
  const { gateway } = setUp(async function* () {});
  await expect(gateway.run(request, callWith({ strict: true }))).rejects.toMatchObject({
    kind: "invalid-request",
    options: { param: "logit_bias" },
  });
});

test.each([
  [
    "ends without a terminal",
    async function* () {
      yield [start];
    },
    "upstream",
  ],
  [
    "throws",
    async function* () {
      yield [start];
      throw new TypeError("x");
    },
    "internal",
  ],
] satisfies ReadonlyArray<[string, Script, string]>)(
  "a backend that %s yields one error event",
  async (_, script, kind) => {
    const { gateway, admission } = setUp(script);
    const running = await gateway.run(request, callWith());
    expect(await all(running.events)).toEqual([start, { type: "error", error: expect.objectContaining({ kind }) }]);
    expect(admission.running).toBe(0);
  },
);

test("nothing after the terminal event gets out", async () => {
  const { gateway } = setUp(async function* () {
    yield [start, finish, overloaded];
    yield [start];
  });
  expect(await all((await gateway.run(request, callWith())).events)).toEqual([start, finish]);
});

test("a reader that stops reading gives the place back and ends the backend's stream", async () => {
  let ended = false;
  const { gateway, admission } = setUp(async function* () {
    try {
      yield [start];
      yield [{ type: "step-start" }];
      yield [finish];
    } finally {
      ended = true;
    }
  });
  for await (const _ of (await gateway.run(request, callWith())).events) break;
  expect(ended).toBe(true);
  expect(admission.running).toBe(0);
});

test("a client that left before anyone read on keeps neither the place nor the backend's run", async () => {
  const ended = Promise.withResolvers<void>();
  const { gateway, admission } = setUp(async function* () {
    try {
      yield [start];
      yield [finish];
    } finally {
      ended.resolve();
    }
  });
  const client = new AbortController();
  await gateway.run(request, callWith({ signal: client.signal }));
  client.abort();
  await ended.promise;
  await Bun.sleep(0);
  expect(admission.running).toBe(0);
});

test("a client that keeps its connection but does not read holds nothing beyond the time of its turn", async () => {
  const ended = Promise.withResolvers<void>();
  const { gateway, admission } = setUp(
    async function* () {
      try {
        yield [start];
        for (;;) yield [{ type: "step-start" }];
      } finally {
        ended.resolve();
      }
    },
    { requestTimeoutMs: 5 },
  );
  const { events } = await gateway.run(request, callWith());
  await ended.promise;
  await Bun.sleep(0);
  expect(admission.running).toBe(0);
  const read = await all(events);
  expect(read.at(-1)).toMatchObject({ type: "error", error: { kind: "timeout" } });
});

test("a turn over its time is a timeout, whatever the backend calls it", async () => {
  const { gateway } = setUp(
    async function* (_, { signal }) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      yield [{ type: "error", error: new GatewayError("cancelled", "Aborted.") }];
    },
    { requestTimeoutMs: 5 },
  );
  await expect(gateway.run(request, callWith())).rejects.toMatchObject({ kind: "timeout" });
});

test("what a run leaves out of the messages is reported with the rest, and strict clients are refused it", async () => {
  let ended = false;
  const { gateway } = setUp(async function* (_, { report }) {
    try {
      report({ ignoredFields: ["messages[1].content[0].thinking"] });
      report({ sessionId: "s1" });
      yield [start, finish];
    } finally {
      ended = true;
    }
  });
  const all = ["logit_bias", "reasoning_effort", "messages[1].content[0].thinking"];
  const call = callWith();
  const { head, events } = await gateway.run(request, call);
  await Array.fromAsync(events);
  expect(head.ignored).toEqual(all);
  expect(call.record.row()).toMatchObject({ ignoredFields: all });

  const plain = { ...request, features: {}, ignoredFields: [] };
  ended = false;
  await expect(gateway.run(plain, callWith({ strict: true }))).rejects.toMatchObject({
    kind: "invalid-request",
    options: { param: "messages[1].content[0].thinking" },
  });
  expect(ended).toBe(true);
});

test("counting tokens takes a place too", async () => {
  const { gateway, admission } = setUp(async function* () {});
  await admission.enter(new AbortController().signal);
  await expect(gateway.countTokens(request, callWith())).rejects.toMatchObject({ kind: "rate-limit" });
});

test("a session of an agent's stays one although a request of it brings tools, until its client says otherwise", async () => {
  const { gateway } = setUp(async function* () {
    yield [start, finish];
  });
  const modeOf = async (features: typeof request.features, mode?: "agent" | "chat") => {
    const { head, events } = await gateway.run(
      { ...request, features, ignoredFields: [] },
      callWith({ sessionIds: { named: "s" }, mode }),
    );
    await all(events);
    return head.mode;
  };
  const tools = [{ name: "now", inputSchema: { type: "object" } }];
  expect([await modeOf({}), await modeOf({ tools }), await modeOf({})]).toEqual(["agent", "chat", "agent"]);
  expect([await modeOf({}, "chat"), await modeOf({})]).toEqual(["chat", "chat"]);
});
