import { describe, expect, test } from "bun:test";

import type { Backend, ModelInfo } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";

import { type CatalogueDeps, listAllModels, requireListed, type Silent, withNearModels } from "./catalogue.ts";
import type { ModelAlias } from "./model-names.ts";
import { createRouting } from "./routing.ts";
import { callWith } from "./testing/bench.ts";
import { idleBackend } from "./testing/idle-backend.ts";
import { plainRoute } from "./testing/plain-route.ts";

const model = (id: string, more: Partial<ModelInfo> = {}): ModelInfo => ({
  id,
  displayName: id,
  aliases: [],
  ...more,
});

function backend(id: string, models: readonly ModelInfo[] | Error): Backend {
  const listModels = () => (models instanceof Error ? Promise.reject(models) : Promise.resolve(models));
  return { ...idleBackend(id), listModels };
}

const claude = backend("claude-cli", [model("claude-opus-5-5", { aliases: ["opus"] })]);
const openai = backend("openai", [model("gpt-6", { contextWindow: 9 }), model("gpt-5")]);
const deps: CatalogueDeps = {
  routing: createRouting({ backends: [claude, openai, backend("gone", new Error("no"))], rules: [], claims: [] }),
  aliases: new Map([["fast", { model: "haiku" }]]),
  versions: new Map(),
  openaiNames: new Map(),
  passthrough: false,
  limitsOf: (id) => (id === "openai" ? { contextWindow: 1, maxOutputTokens: 2 } : undefined),
};

// proves("model-limits")
test("the list has what each backend tells, completed by what is known; who cannot say is left out", async () => {
  const listed = await listAllModels(deps, callWith());
  expect(listed.map(({ id }) => id)).toEqual(["claude-opus-5-5", "fast", "openai/gpt-6", "openai/gpt-5"]);
  expect(listed.slice(2)).toMatchObject([
    { contextWindow: 9, maxOutputTokens: 2 },
    { contextWindow: 1, maxOutputTokens: 2 },
  ]);
  const ofOne = await listAllModels(deps, callWith({ route: { ...plainRoute, backend: "openai" } }));
  expect(ofOne.map(({ id }) => id)).toEqual(["gpt-6", "gpt-5"]);
});

// proves("api-models")
test("where the first cannot say, the others are listed all the same, and who is silent is told", async () => {
  const missing = backend("claude-cli", new GatewayError("unavailable", "No claude."));
  const without = { ...deps, routing: createRouting({ backends: [missing, openai], rules: [], claims: [] }) };
  const silent: Silent[] = [];
  const listed = await listAllModels(without, callWith(), (one) => silent.push(one));
  expect(listed.map(({ id }) => id)).toEqual(["fast", "openai/gpt-6", "openai/gpt-5"]);
  expect(silent).toMatchObject([{ backend: "claude-cli", error: { message: "No claude." } }]);
  const alone = callWith({ route: { ...plainRoute, backend: "claude-cli" } });
  expect(listAllModels(without, alone)).rejects.toThrow("No claude.");
  const nobody = createRouting({ backends: [missing, backend("gone", new Error("no"))], rules: [], claims: [] });
  expect(listAllModels({ ...deps, routing: nobody }, callWith())).rejects.toThrow("No claude.");
});

describe("each listed name reaches who lists it", () => {
  const router = backend("openrouter", [
    model("openai/gpt-6", { aliases: ["o6"] }),
    model("openrouter/auto"),
    model("glm-5"),
    model("meta/llama", { aliases: ["llama", "o6"] }),
  ]);
  const zai = backend("zai", [model("glm-5")]);
  const claims = [{ backend: "zai", model: "glm-*", pattern: /^glm-/ }];
  const routing = createRouting({ backends: [router, openai, zai], rules: [], claims });
  const plain = { ...deps, routing, aliases: new Map<string, ModelAlias>(), limitsOf: undefined };
  const idsOf = async (more: Partial<CatalogueDeps> = {}) =>
    (await listAllModels({ ...plain, ...more }, callWith())).map(({ id }) => id);
  const others = ["openai/gpt-6", "openai/gpt-5", "zai/glm-5"];

  test("what leads elsewhere by its own name is listed behind its backend's", async () => {
    const ids = await idsOf();
    expect(ids).toEqual([
      "openrouter/openai/gpt-6",
      "openrouter/openrouter/auto",
      "openrouter/glm-5",
      "meta/llama",
      ...others,
    ]);
    const reached = ids.map((id) => routing.chooseByName(id));
    expect(reached.map((choice) => [choice.backend.id, choice.model])).toEqual([
      ["openrouter", "openai/gpt-6"],
      ["openrouter", "openrouter/auto"],
      ["openrouter", "glm-5"],
      ["openrouter", "meta/llama"],
      ["openai", "gpt-6"],
      ["openai", "gpt-5"],
      ["zai", "glm-5"],
    ]);
  });

  test("so is what a rule sends elsewhere by its name, or the configuration calls otherwise", async () => {
    const rules = [{ name: "it", model: /^meta/, backend: "zai" }];
    const ruled = createRouting({ backends: [router, openai, zai], rules, claims });
    expect(await idsOf({ routing: ruled })).toContain("openrouter/meta/llama");
    const named = await idsOf({ openaiNames: new Map([["meta/llama", "glm-5"]]) });
    expect(named.filter((id) => id.endsWith("meta/llama"))).toEqual(["openrouter/meta/llama", "meta/llama"]);
  });

  test("more names of a model are listed as long as they reach it", async () => {
    const rules = [{ name: "it", model: /^o6$/, backend: "zai" }];
    const ruled = createRouting({ backends: [router, openai, zai], rules, claims });
    const models = await listAllModels({ ...plain, routing: ruled }, callWith());
    expect(models.find(({ id }) => id === "meta/llama")?.aliases).toEqual(["llama"]);
  });

  test("one that is listed twice is listed once, with all that is known of it", async () => {
    const aliases = new Map<string, ModelAlias>([["meta/llama", { model: "meta/llama", effort: "high" }]]);
    const versions = new Map([["six", "openai/gpt-6"]]);
    const models = await listAllModels({ ...plain, aliases, versions }, callWith());
    const ids = models.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(models.find(({ id }) => id === "openai/gpt-6")).toMatchObject({ aliases: ["six"], contextWindow: 9 });
    expect(models.find(({ id }) => id === "meta/llama")?.description).toContain("high effort");
  });

  test("one that only the first has is not asked for of another", async () => {
    const name = "openai/o9";
    const alone = backend("openrouter", [model(name)]);
    const here = { ...plain, routing: createRouting({ backends: [alone, openai], rules: [], claims: [] }) };
    const asking = (said: string) =>
      requireListed(here, { name: said, choice: here.routing.chooseByName(said) }, callWith());
    expect(await asking(`openrouter/${name}`)).toBeUndefined();
    expect(asking(name)).rejects.toMatchObject({ kind: "model-not-found" });
  });
});

describe("where only listed models may be asked for", () => {
  const check = (name: string | undefined, asked: string | undefined, more: object = {}) =>
    requireListed(
      deps,
      { name, choice: { backend: openai, model: asked, relay: "when-possible", options: {}, why: "", ...more } },
      callWith(),
    );

  test.each([
    ["openai/gpt-6", "gpt-6"],
    ["gpt-6", "gpt-6"],
    ["opus", "opus"],
    ["fast", "haiku"],
    [undefined, undefined],
  ])("%p is asked for as %p", async (name, asked) => {
    expect(await check(name, asked)).toBeUndefined();
  });

  test("what the configuration asks for needs no list", async () => {
    expect(await check("any", "unlisted", { setsModel: true })).toBeUndefined();
  });

  test("a default that cannot be started is told with the setting that names another", () => {
    const status = () => ({ ready: false, detail: "" });
    const missing = { ...backend("claude-cli", new GatewayError("unavailable", "No claude.")), status };
    const routing = createRouting({ backends: [missing, openai], rules: [], claims: [] });
    const asked = { name: "opus", choice: routing.choose({ ...plainRoute, wireFormat: "openai-chat", model: "opus" }) };
    expect(requireListed({ ...deps, routing }, asked, callWith())).rejects.toMatchObject({
      kind: "unavailable",
      explanation: expect.stringContaining("routing.default"),
    });
  });

  test("any other is refused, with the nearest", () => {
    expect(check("gpt-7", "gpt-7")).rejects.toMatchObject({
      kind: "model-not-found",
      explanation: expect.stringContaining("Did you mean"),
    });
  });
});

test("a provider's own word that it has no such model is told with the nearest it has", async () => {
  const error = new GatewayError("model-not-found", "No.");
  const { signal } = callWith();
  const told = await withNearModels(deps, error, { backend: openai, model: "gpt-66" }, signal);
  expect(told.explanation).toContain("Did you mean gpt-6");
  const other = new GatewayError("overloaded", "No.");
  expect(await withNearModels(deps, other, { backend: openai, model: "gpt-66" }, signal)).toBe(other);
});
