import { expect, test } from "bun:test";

import type { Backend, RelayedRequest } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";

import { createRouting, type Keeper, type RoutingRule } from "./routing.ts";
import { callWith, setUp } from "./testing/bench.ts";
import { plainRoute } from "./testing/plain-route.ts";
import type { Call } from "./types.ts";

const keeper: Keeper = { backend: "openai", response: "resp_1", isAsked: false };
const busy = new GatewayError("overloaded", "Too busy.");

function provider(id: string, asked: string[]): Backend {
  return {
    id,
    modes: ["chat"],
    answersBy: "http",
    unsupported: () => [],
    relays: () => true,
    relay({ path }: RelayedRequest) {
      asked.push(`${id} ${path}`);
      return Promise.reject(busy);
    },
    async *run() {
      yield [];
    },
    knownModels: () => [],
    listModels: () => Promise.resolve([]),
    countTokens: () => Promise.resolve({ inputTokens: 0, exact: true }),
    status: () => ({ ready: true, detail: "" }),
  };
}

/** A request of an API that goes on from a response, or asks for it. */
async function ask(kept: Keeper, { model, rules = [], ...more }: Asking = {}) {
  const asked: string[] = [];
  const backends = [provider("first", asked), provider("openai", asked), provider("azure", asked)] as const;
  const fallbacks = new Map([["openai", [{ backend: "azure", model: undefined }]]]);
  const { gateway } = setUp(backends[0].run, { routing: createRouting({ backends, rules, claims: [], fallbacks }) });
  const path = kept.isAsked ? "/v1/responses/resp_1" : "/v1/responses";
  const call = callWith({ ...more, route: { ...plainRoute, path, keeper: kept } });
  const outline = { model, stream: false, hasTools: false, thinks: false, namesSession: false };
  const request = { wireFormat: "openai-responses", method: "POST", path, headers: new Headers() } as const;
  const ending = await gateway
    .relay({ ...request, body: undefined, json: undefined, outline }, call)
    .catch((error: unknown) => error);
  return { asked, ending };
}

interface Asking extends Partial<Call> {
  readonly model?: string;
  readonly rules?: readonly RoutingRule[];
}

const elsewhere: RoutingRule = { name: "cheap", backend: "azure" };

test("a response is asked for, and gone on from, at whom it was made, and nobody stands in", async () => {
  expect(await ask({ ...keeper, isAsked: true }, { rules: [elsewhere], effort: "high" })).toEqual({
    asked: ["openai /v1/responses/resp_1"],
    ending: busy,
  });
  expect(await ask(keeper)).toEqual({ asked: ["openai /v1/responses"], ending: busy });
  expect((await ask(keeper, { model: "openai/gpt-6" })).asked).toEqual(["openai /v1/responses"]);
});

test.each([
  ["a rule sends it elsewhere", { rules: [elsewhere] }, "goes to azure: The rule cheap says so."],
  ["its model is another's", { model: "azure/gpt-6" }, "goes to azure: The model's name begins with it."],
  ["its model is nobody's", { model: "sonnet" }, "goes to first: Nothing else is said of it."],
  ["it has to be read", { effort: "high" }, "only where the request passes as it came: A header sets its effort."],
] as const)("what goes on from a response is refused where %s, with who made it", async (_name, asking, why) => {
  const { asked, ending } = await ask(keeper, asking);
  expect(asked).toEqual([]);
  expect(String(ending)).toStartWith('GatewayError: previous_response_id: openai keeps the response "resp_1", ');
  expect(String(ending)).toEndWith(why);
  expect(ending).toMatchObject({
    kind: "invalid-request",
    options: { param: "previous_response_id", hint: expect.stringContaining("openai/MODEL") },
  });
});
