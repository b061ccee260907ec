import { expect, test } from "bun:test";

import type { Backend } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { FinishEvent, ModelEvent } from "#core/events.ts";
import type { ModelRequest } from "#core/request.ts";
import { noUsage } from "#core/usage.ts";
import { createRequestRecord } from "#telemetry/request-record.ts";

import { createAdmission } from "./admission.ts";
import { createGateway, type GatewayDeps } from "./gateway.ts";
import type { Call } from "./types.ts";

const start: ModelEvent = { type: "start", responseId: "msg_1", model: "claude-x", usage: noUsage };
const finish: FinishEvent = {
  type: "finish",
  reason: "stop",
  usage: { ...noUsage, inputTokens: 7, outputTokens: 3 },
  costUsd: 0.5,
  steps: 1,
};
const overloaded: ModelEvent = { type: "error", error: new GatewayError("overloaded", "Too busy.") };

const request: ModelRequest = {
  wireFormat: "openai-chat",
  model: "fast",
  system: [],
  messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
  stream: true,
  includeUsage: false,
  features: { effort: "low" },
  featureFields: { effort: "reasoning_effort" },
  ignoredFields: ["logit_bias"],
};

type Script = Backend["run"];

const known = [{ id: "claude-x-5", displayName: "X", aliases: ["exact"] }];

const placeCalled = (name: string) => ({
  name,
  directory: undefined,
  addDirs: [],
  mcpConfig: [],
  settingSources: [],
});

function setUp(script: Script, deps: Partial<GatewayDeps> = {}) {
  const admission = createAdmission({ maxRunning: 1, maxWaiting: 0, queueTimeoutMs: 1000 });
  const backend: Backend = {
    id: "scripted",
    unsupported: (asked) => (asked.features.effort === undefined ? [] : ["effort"]),
    run: script,
    knownModels: () => known,
    listModels: () => Promise.resolve([]),
    countTokens: () => Promise.resolve({ inputTokens: 12, exact: true }),
    status: () => ({
      ready: true,
      detail: "",
      childrenIdle: 0,
      childrenBusy: 0,
      starts: { live: 0, warm: 0, cold: 0 },
    }),
  };
  const gateway = createGateway({
    backend,
    admission,
    workspaces: { resolve: async ({ asked, bound }) => placeCalled(asked ?? bound ?? "default") },
    aliases: new Map(),
    versions: new Map(),
    openaiNames: new Map(),
    passthrough: true,
    defaultMode: "agent",
    defaultVerbosity: "text-only",
    firstEventDeadlineMs: 60_000,
    requestTimeoutMs: 0,
    ...deps,
  });
  return { gateway, admission };
}

function callWith(more: Partial<Call> = {}): Call {
  const record = createRequestRecord({ requestId: "r1", method: "POST", path: "/v1/chat/completions" });
  const signal = new AbortController().signal;
  return {
    requestId: "r1",
    principal: "local",
    mode: undefined,
    tools: undefined,
    verbosity: undefined,
    model: undefined,
    effort: undefined,
    workspace: undefined,
    strict: false,
    signal,
    record,
    ...more,
  };
}

async function all(events: AsyncIterable<readonly ModelEvent[]>): Promise<readonly ModelEvent[]> {
  return (await Array.fromAsync(events)).flat();
}

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

test("an alias names model and mode, and the header beats its mode", async () => {
  const asked: Array<string | undefined> = [];
  const { gateway } = setUp(
    async function* ({ model }, { mode }) {
      asked.push(model, mode);
      yield [start, finish];
    },
    { aliases: new Map([["fast", { model: "haiku", mode: "chat" }]]) },
  );
  await all((await gateway.run(request, callWith())).events);
  await all((await gateway.run(request, callWith({ mode: "agent" }))).events);
  expect(asked).toEqual(["haiku", "chat", "haiku", "agent"]);
});

test("with passthrough off, only names of the list are asked for", async () => {
  const asked: unknown[] = [];
  const { gateway, admission } = setUp(
    async function* ({ model }) {
      asked.push(model);
      yield [start, finish];
    },
    {
      passthrough: false,
      aliases: new Map([["fast", { model: "haiku" }]]),
      versions: new Map([["sonnet", "claude-s"]]),
      openaiNames: new Map([["gpt-4o", "sonnet"]]),
    },
  );
  for (const model of ["fast", "sonnet", "gpt-4o", undefined])
    await all((await gateway.run({ ...request, model }, callWith())).events);
  expect(asked).toEqual(["haiku", "claude-s", "claude-s", undefined]);
  for (const [model, header] of [
    ["claude-x", undefined],
    ["fast", "claude-x"],
  ])
    await expect(gateway.run({ ...request, model }, callWith({ model: header }))).rejects.toMatchObject({
      kind: "model-not-found",
    });
  expect([asked.length, admission.running]).toEqual([4, 0]);
});

test("the record has the name that was asked for and the model that answered", async () => {
  const { gateway } = setUp(
    async function* () {
      yield [start, finish];
    },
    { openaiNames: new Map([["gpt-4o", "sonnet"]]) },
  );
  const call = callWith();
  await all((await gateway.run({ ...request, model: "gpt-4o" }, call)).events);
  expect(call.record.row()).toMatchObject({ modelAsked: "gpt-4o", modelUsed: "claude-x" });
  const overridden = callWith({ model: "opus" });
  await all((await gateway.run(request, overridden)).events);
  expect(overridden.record.row()).toMatchObject({ modelAsked: "opus", modelUsed: "claude-x" });
});

const ownCall: readonly ModelEvent[] = [
  { type: "tool-input-start", id: "t", toolName: "Bash", executedBy: "backend" },
  { type: "tool-input-delta", id: "t", delta: "{}" },
  { type: "tool-input-end", id: "t" },
];

test("what is shown of the agent: the header's word, then the alias's, then the configured one", async () => {
  const { gateway } = setUp(
    async function* () {
      yield [start, ...ownCall, finish];
    },
    {
      aliases: new Map([["fast", { verbosity: "narrated" }]]),
      defaultVerbosity: "forward",
    },
  );
  const shown = async (asked: ModelRequest, call: Partial<Call>): Promise<readonly string[]> =>
    (await all((await gateway.run(asked, callWith(call))).events)).map(({ type }) => type);
  const text = ["start", "text-start", "text-delta", "text-end", "finish"];
  expect(await shown(request, {})).toEqual(text);
  expect(await shown(request, { verbosity: "text-only" })).not.toContain("text-delta");
  const acts = ["start", "agent-act", "agent-act", "agent-act", "finish"];
  expect(await shown({ ...request, model: "opus" }, {})).toEqual(acts);
  const responseFormat = { type: "json-object" } as const;
  const inJson = await shown({ ...request, features: { responseFormat } }, { verbosity: "verbose" });
  expect(inJson).not.toContain("text-delta");
});

test("a batch of which nothing is shown is none: the stream is silent", async () => {
  const { gateway } = setUp(async function* () {
    yield [start];
    yield ownCall.slice(0, 1);
    yield ownCall.slice(1, 2);
    yield [...ownCall.slice(2), finish];
  });
  const running = await gateway.run(request, callWith());
  expect((await Array.fromAsync(running.events)).map((batch) => batch.map(({ type }) => type))).toEqual([
    ["start"],
    ["tool-input-start"],
    ["tool-input-end", "finish"],
  ]);
});

test("the backend learns how the answer was shown, to know it again", async () => {
  let spellings: unknown;
  const { gateway } = setUp(
    async function* (_, { shownAnswer }) {
      try {
        yield [start, ...ownCall, finish];
      } finally {
        spellings = shownAnswer?.();
      }
    },
    { defaultVerbosity: "narrated" },
  );
  await all((await gateway.run(request, callWith())).events);
  expect(spellings).toEqual([[{ role: "assistant", content: [{ type: "text", text: "\n🔧 Bash()\n" }] }]]);
});

test("an agent works where the header says, else where its alias does; a bare model nowhere", async () => {
  const worked: Array<string | undefined> = [];
  const { gateway } = setUp(
    async function* (_, { workspace }) {
      worked.push(workspace?.name);
      yield [start, finish];
    },
    { aliases: new Map([["fast", { workspace: "bound" }]]) },
  );
  const ask = async (call: Partial<Call>, model = "fast") => {
    const { head, events } = await gateway.run({ ...request, model }, callWith(call));
    await all(events);
    return [head.workspace, head.ignored.includes("X-CCProxy-Workspace")];
  };
  expect(await ask({})).toEqual(["bound", false]);
  expect(await ask({ workspace: "asked" })).toEqual(["asked", false]);
  expect(await ask({}, "other")).toEqual(["default", false]);
  expect(await ask({ mode: "chat", workspace: "asked" })).toEqual([undefined, true]);
  expect(worked).toEqual(["bound", "asked", "default", undefined]);
});

test("configured names are in the list of models", async () => {
  const { gateway } = setUp(async function* () {}, { aliases: new Map([["fast", { model: "haiku", mode: "chat" }]]) });
  expect(await gateway.listModels(callWith())).toMatchObject([
    { id: "fast", description: expect.stringContaining("haiku") },
  ]);
});

test("a model nobody knows is answered with the nearest names there are, configured ones too", async () => {
  const hint = "GET /v1/models lists them.";
  const { gateway } = setUp(
    async function* ({ model = "" }) {
      const kind = model === "exact" ? "overloaded" : "model-not-found";
      yield [{ type: "error", error: new GatewayError(kind, "No.", { hint, upstreamStatus: 404 }) }];
    },
    { aliases: new Map([["exalt", {}]]) },
  );
  const refusalOf = async (model: string): Promise<unknown> =>
    await gateway.run({ ...request, model }, callWith()).catch((error: unknown) => error);
  expect(await refusalOf("exxact")).toMatchObject({
    kind: "model-not-found",
    options: { hint: `Did you mean exact or exalt? ${hint}`, upstreamStatus: 404 },
  });
  // Nothing near, a name that is known (its account may not use it), and another failure.
  for (const model of ["gpt-4o", "claude-x-5", "exact", "x".repeat(1_000_000)])
    expect(await refusalOf(model)).toMatchObject({ options: { hint } });
});

test("counting tokens takes a place too", async () => {
  const { gateway, admission } = setUp(async function* () {});
  await admission.enter(new AbortController().signal);
  await expect(gateway.countTokens(request, callWith())).rejects.toMatchObject({ kind: "rate-limit" });
});
