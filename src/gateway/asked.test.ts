/** What a client asks for by the name of a model and in headers, and what becomes of it. */
import { expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { ModelRequest } from "#core/request.ts";
import { all, callWith, finish, request, setUp, start } from "#gateway/testing/bench.ts";

import type { Call } from "./types.ts";

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
  expect(spellings).toEqual([[{ role: "assistant", content: [{ type: "text", text: "🔧 Bash()\n" }] }]]);
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

test("a session goes on in its mode and where it worked, unless it is told otherwise", async () => {
  const { gateway } = setUp(
    async function* () {
      yield [start, { type: "text-start", id: "1" }, { type: "text-delta", id: "1", text: "yes" }, finish];
    },
    { defaultMode: "chat", aliases: new Map([["bound", { workspace: "bound" }]]) },
  );
  const ask = async (call: Partial<Call>, model = "other") => {
    const { head, events } = await gateway.run(
      { ...request, model },
      callWith({ sessionIds: { named: "s" }, ...call }),
    );
    await all(events);
    return [head.session, head.mode, head.workspace];
  };
  expect(await ask({ mode: "agent", workspace: "first" })).toEqual(["s", "agent", "first"]);
  expect(await ask({})).toEqual(["s", "agent", "first"]);
  expect(await ask({}, "bound")).toEqual(["s", "agent", "first"]);
  expect(await ask({ workspace: "second" })).toEqual(["s", "agent", "second"]);
  expect(await ask({ mode: "chat" })).toEqual(["s", "chat", undefined]);
  expect(await ask({ mode: "agent" })).toEqual(["s", "agent", "second"]);
  expect(await ask({ sessionIds: { hint: "s" } })).toEqual(["s", "chat", undefined]);
  expect(await ask({ principal: "another" })).toEqual(["s", "chat", undefined]);
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
