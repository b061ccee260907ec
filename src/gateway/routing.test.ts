import { describe, expect, test } from "bun:test";

import type { Backend } from "#core/backend.ts";

import { createRouting, type RoutingFacts, type RoutingRule } from "./routing.ts";
import { idleBackend } from "./testing/idle-backend.ts";
import { plainRoute } from "./testing/plain-route.ts";

const backends = [idleBackend("claude-cli"), idleBackend("openai"), idleBackend("local")] as const;
const claims = [{ backend: "openai", model: "gpt-*", pattern: /^gpt-/ }];

function choose(facts: Partial<RoutingFacts>, ...rules: readonly RoutingRule[]) {
  const routing = createRouting({ backends, rules, claims });
  const chosen = routing.choose({ ...plainRoute, wireFormat: "openai-chat", model: undefined, ...facts });
  return { ...chosen, backend: chosen.backend.id };
}

describe("a response that a backend keeps", () => {
  const kept = { backend: "openai", response: "resp_1" };
  const rule: RoutingRule = { name: "all", backend: "local", relay: "never", options: { mode: "chat" } };

  test("is asked for there, whatever the rules say", () => {
    expect(choose({ keeper: { ...kept, isAsked: true } }, rule)).toMatchObject({
      backend: "openai",
      relay: "always",
      options: {},
    });
    expect(() => choose({ keeper: { ...kept, backend: "gone", isAsked: true } })).toThrow(/no backend "gone"/);
  });

  test.each([
    [{}, "openai"],
    [{ model: "sonnet" }, "claude-cli"],
    [{ model: "local/x" }, "local"],
    [{ backend: "local" }, "local"],
  ] as const)("is gone on from there where nothing else is said (%o: %s)", (facts, id) => {
    expect(choose({ ...facts, keeper: { ...kept, isAsked: false } }).backend).toBe(id);
    expect(choose({ ...facts, keeper: { ...kept, isAsked: false } }, rule).backend).toBe("local");
  });
});

describe("a response that is kept here", () => {
  const maker = { backend: "openai", model: "o9" };
  const rule: RoutingRule = { name: "all", backend: "local" };

  test.each([
    [{}, "openai", "o9"],
    [{ backend: "openai" }, "openai", "o9"],
    [{ backend: "local" }, "local", undefined],
    [{ model: "sonnet" }, "claude-cli", "sonnet"],
    [{ maker: { backend: "openai", model: undefined } }, "openai", undefined],
    [{ maker: { backend: "gone", model: "o9" } }, "claude-cli", undefined],
  ] as const)(
    "is gone on from by who made it, and as what, where nothing else is said (%o: %s, %p)",
    (facts, id, model) => {
      const { backend: chosen, ...as } = choose({ maker, ...facts });
      expect([chosen, as.model]).toEqual([id, model]);
      expect(choose({ maker }, rule)).toMatchObject({ backend: "local", model: undefined });
    },
  );
});

describe("without rules", () => {
  test.each([
    [{ model: "sonnet" }, "claude-cli", "sonnet"],
    [{}, "claude-cli", undefined],
    [{ model: "gpt-6" }, "openai", "gpt-6"],
    [{ model: "openai/o9" }, "openai", "o9"],
    [{ model: "local/gpt-oss" }, "local", "gpt-oss"],
    [{ model: "local/meta/llama" }, "local", "meta/llama"],
    [{ model: "meta/llama" }, "claude-cli", "meta/llama"],
    [{ model: "gpt-6", backend: "local" }, "local", "gpt-6"],
    [{ model: "local/gpt-6", backend: "local" }, "local", "gpt-6"],
    [{ model: "openai/gpt-6", backend: "local" }, "local", "openai/gpt-6"],
    [{ model: "local/openai/gpt-6", backend: "local" }, "local", "openai/gpt-6"],
  ] as const)("%o is answered by %s as %p", (facts, id, model) => {
    expect(choose(facts)).toMatchObject({ backend: id, model, relay: "when-possible" });
  });

  test("a name that is a backend's, though it is not here, is no part of a model's: that is said", () => {
    const routing = createRouting({
      backends: [idleBackend("openai"), idleBackend("codex-api")],
      rules: [],
      claims: [],
      ownNames: ["codex-cli"],
    });
    const asking = { ...plainRoute, wireFormat: "openai-chat" as const };
    expect(() => routing.choose({ ...asking, model: "codex-cli/gpt-5.5" })).toThrow(
      expect.objectContaining({
        kind: "not-found",
        message: 'There is no backend "codex-cli" here.',
        options: { hint: expect.stringContaining("`codex.enabled`") },
      }),
    );
    expect(routing.choose({ ...asking, model: "codex-cli" }).backend.id).toBe("openai");
  });

  test("before the name of a CLI's model, which has no slash, that of another is no part of it either", () => {
    const cli = { ...idleBackend("claude-cli"), answersBy: "processes" as const };
    const routing = createRouting({ backends: [cli, idleBackend("anthropic")], rules: [], claims: [] });
    const asked = { ...plainRoute, wireFormat: "anthropic-messages", model: "anthropic/opus" } as const;
    expect(routing.choose({ ...asked, backend: "claude-cli" })).toMatchObject({ backend: cli, model: "opus" });
  });

  describe("a backend that is mistyped before the model's name", () => {
    const cli = { ...idleBackend("claude-cli"), answersBy: "processes" as const };
    const choosing = (model: string, first: Backend = cli) =>
      createRouting({ backends: [first, idleBackend("openai")], rules: [], claims: [] }).choose({
        ...plainRoute,
        wireFormat: "openai-chat",
        model,
      }).backend.id;

    test("is no model of a CLI: what was meant is said at once", () => {
      expect(() => choosing("opneai/gpt-6")).toThrow(
        expect.objectContaining({
          kind: "model-not-found",
          options: { param: "model", hint: "Did you mean openai/gpt-6?" },
        }),
      );
    });

    test("that is none behind the slash is no model", () => {
      expect(() => choosing("openai/")).toThrow(
        expect.objectContaining({ kind: "model-not-found", message: "openai/ names no model." }),
      );
    });

    test("is left to who may have such models, or is near to nothing", () => {
      expect(choosing("opneai/gpt-6", idleBackend("router"))).toBe("router");
      expect(choosing("meta/llama")).toBe("claude-cli");
      const models = [{ id: "opneai/gpt-6", displayName: "", aliases: [] }];
      expect(choosing("opneai/gpt-6", { ...cli, knownModels: () => models })).toBe("claude-cli");
    });
  });

  test("a backend that there is none of is named, with the nearest", () => {
    expect(() => choose({ backend: "opnai" })).toThrow(
      expect.objectContaining({ kind: "not-found", options: { hint: "Did you mean openai?" } }),
    );
  });
});

describe("a rule", () => {
  const toLocal = (rule: Partial<RoutingRule>): RoutingRule => ({ name: "r", backend: "local", ...rule });
  const headers = new Headers({ "x-team": "research" });

  test.each<[Partial<RoutingRule>, Partial<RoutingFacts>]>([
    [{ model: /^gpt-/ }, { model: "gpt-6" }],
    [{ path: "/sdk" }, { path: "/sdk/v1/messages" }],
    [{ token: /^al/ }, { token: "alice" }],
    [{ token: /^.*$/ }, { token: "alice" }],
    [{ wireFormat: "anthropic-messages" }, { wireFormat: "anthropic-messages" }],
    [{ minBytes: 10 }, { bytes: 10 }],
    [{ hasTools: true }, { hasTools: true }],
    [{ thinks: true }, { thinks: true }],
    [{ headers: new Map([["x-team", /^research$/]]) }, { headers }],
    [{}, {}],
  ])("%o matches %o", (rule, facts) => {
    expect(choose(facts, toLocal(rule)).backend).toBe("local");
    if (Object.keys(rule).length > 0) expect(choose({}, toLocal(rule)).backend).toBe("claude-cli");
  });

  test("matches where all that it says holds, and the first of them decides", () => {
    const both = toLocal({ model: /^gpt-/, hasTools: true });
    const other = toLocal({ name: "other", backend: "claude-cli", model: /^gpt-/ });
    expect(choose({ model: "gpt-6", hasTools: true }, both, other).backend).toBe("local");
    expect(choose({ model: "gpt-6" }, both, other)).toMatchObject({
      backend: "claude-cli",
      why: "The rule other says so.",
    });
  });

  test("may ask for another model, and leave who answers to its name", () => {
    expect(choose({ model: "sonnet" }, { name: "r", toModel: "gpt-6" })).toMatchObject({
      backend: "openai",
      model: "gpt-6",
    });
    expect(choose({ model: "sonnet" }, { name: "r", toModel: "local/x" })).toMatchObject({
      backend: "local",
      model: "x",
    });
  });

  test("goes before what the client names", () => {
    expect(choose({ backend: "openai", model: "openai/x" }, toLocal({ relay: "never" }))).toMatchObject({
      backend: "local",
      model: "x",
      relay: "never",
    });
  });
});

describe("by a name alone", () => {
  const byName = (model: string | undefined, ...rules: readonly RoutingRule[]) => {
    const { backend, model: asked } = createRouting({ backends, rules, claims }).chooseByName(model);
    return [backend.id, asked];
  };

  test("is chosen as for a request of which nothing else is known", () => {
    expect(byName("sonnet")).toEqual(["claude-cli", "sonnet"]);
    expect(byName("gpt-6")).toEqual(["openai", "gpt-6"]);
    expect(byName("local/meta/llama")).toEqual(["local", "meta/llama"]);
    expect(byName(undefined)).toEqual(["claude-cli", undefined]);
    expect(() => byName("openai/")).toThrow(/names no model/);
  });

  test("the rules count that look at nothing else", () => {
    const rule: RoutingRule = { name: "it", model: /^son/, backend: "local" };
    expect(byName("sonnet", rule)).toEqual(["local", "sonnet"]);
    expect(byName("opus", rule)).toEqual(["claude-cli", "opus"]);
    expect(byName("opus", { name: "all", backend: "local" })).toEqual(["local", "opus"]);
    for (const more of [{ hasTools: false }, { wireFormat: "openai-chat" }, { minBytes: 0 }, { path: "/v1" }] as const)
      expect(byName("sonnet", { ...rule, ...more })).toEqual(["claude-cli", "sonnet"]);
  });
});
