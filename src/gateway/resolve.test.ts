import { describe, expect, test } from "bun:test";

import type { ModelRequest, RequestFeatures } from "#core/request.ts";

import { type AskedSetup, resolveRun } from "./resolve.ts";
import { asking } from "./testing/asking.ts";

const equipped: RequestFeatures = { tools: [{ name: "t", inputSchema: {} }] };
const searching: RequestFeatures = { vendorTools: [{ wireFormat: "anthropic-messages", value: {} }] };
const bare = { mode: "chat", tools: "client" } as const;
const agent = { mode: "agent", tools: "agent" } as const;
const both = { mode: "agent", tools: "both" } as const;

const aliases = new Map([
  ["talk", { model: "haiku", mode: "chat" }],
  ["work", { mode: "agent" }],
  ["all", { tools: "both" }],
] as const);

function resolve(
  request: ModelRequest,
  headers: Partial<AskedSetup> = {},
  defaultMode: "agent" | "chat" = "agent",
  modes: readonly ("agent" | "chat")[] = ["agent", "chat"],
) {
  const nothing = { mode: undefined, tools: undefined, verbosity: undefined, model: undefined, effort: undefined };
  const names = { aliases, versions: new Map(), openaiNames: new Map(), passthrough: true };
  return resolveRun(
    request,
    { ...nothing, ...headers },
    { ...names, modes, defaultMode, defaultVerbosity: "text-only" },
  );
}

describe("what answers, and with whose tools", () => {
  test.each([
    ["nobody asks for anything", {}, {}, agent],
    ["the client brings tools", equipped, {}, bare],
    ["it brings the vendor's", searching, {}, bare],
    ["it brings tools and asks for the agent", equipped, { mode: "agent" }, both],
    ["it asks for both", equipped, { tools: "both" }, both],
    ["it asks for the agent's alone", equipped, { tools: "agent" }, agent],
    ["it asks for its own, and brings none", {}, { tools: "client" }, bare],
    ["it asks for a bare model", equipped, { mode: "chat" }, bare],
  ] as const)("when %s", (_title, features, headers, setup) => {
    expect(resolve(asking(features), headers)).toMatchObject(setup);
  });

  test("an alias asks like the client does, and the client's own word goes first", () => {
    expect(resolve(asking({}, "talk"))).toMatchObject({ ...bare, request: { model: "haiku" } });
    expect(resolve(asking(equipped, "work"))).toMatchObject(both);
    expect(resolve(asking({}, "all"))).toMatchObject(both);
    expect(resolve(asking({}, "talk"), { mode: "agent" })).toMatchObject(agent);
  });

  test("the configured mode is for whoever says nothing", () => {
    expect(resolve(asking({}), {}, "chat")).toMatchObject(bare);
    expect(resolve(asking({}), { tools: "agent" }, "chat")).toMatchObject(agent);
  });

  test.each([
    [{ mode: "chat", tools: "agent" }],
    [{ mode: "chat", tools: "both" }],
    [{ mode: "agent", tools: "client" }],
  ] as const)("%p contradicts itself", (headers) => {
    expect(() => resolve(asking({}), headers)).toThrow(expect.objectContaining({ kind: "invalid-request" }));
  });

  test.each([
    [{}, equipped],
    [{ mode: "chat" }, {}],
    [{ tools: "client" }, {}],
  ] as const)("a backend without an agent answers %p as a bare model", (headers, features) => {
    expect(resolve(asking(features), headers, "agent", ["chat"])).toMatchObject(bare);
  });

  test.each([[{ mode: "agent" }], [{ tools: "agent" }], [{ tools: "both" }]] as const)(
    "a backend without an agent cannot do %p",
    (headers) => {
      expect(() => resolve(asking({}), headers, "agent", ["chat"])).toThrow(
        expect.objectContaining({ kind: "invalid-request" }),
      );
    },
  );
});
