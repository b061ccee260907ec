import { expect, test } from "bun:test";

import type { Backend, RelayedRequest } from "#core/backend.ts";

import { callWith, setUp } from "./testing/bench.ts";
import { onlyTo } from "./testing/plain-route.ts";

/** Says which model it was asked for, and answers as OpenAI does. */
function upstream(asked: unknown[]): Backend {
  return {
    id: "openai",
    modes: ["chat"],
    answersBy: "http",
    unsupported: () => [],
    relays: () => true,
    relay({ body }: RelayedRequest) {
      asked.push(JSON.parse(new TextDecoder().decode(body)));
      return Promise.resolve({
        status: 200,
        headers: new Headers({ "openai-model": "gpt-6", "x-ratelimit-limit-requests": "9" }),
        body: new Uint8Array(),
      });
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

test.each([
  ["openai/gpt-6", null],
  ["gpt-6", "gpt-6"],
])("a client that asks for %s is told the model %p: Codex takes another name for a detour", async (model, told) => {
  const asked: unknown[] = [];
  const relayed = await relay(asked, model);
  expect(asked).toEqual([{ model: "gpt-6", input: "hi" }]);
  expect(relayed?.headers.get("openai-model") ?? null).toBe(told);
  expect(relayed?.headers.get("x-ratelimit-limit-requests")).toBe("9");
});

test("the log calls the model what its client does, in a header before the body", async () => {
  const asked: unknown[] = [];
  for (const [model, said] of [
    [undefined, "gpt-6"],
    ["openai/gpt-7", "openai/gpt-7"],
  ] as const) {
    const call = callWith({ model });
    await relay(asked, "gpt-6", call);
    expect(call.record.row().modelAsked).toBe(said);
  }
  expect(asked).toMatchObject([{ model: "gpt-6" }, { model: "gpt-7" }]);
});

async function relay(asked: unknown[], model: string, call = callWith()) {
  const { gateway } = setUp(upstream(asked).run, { routing: onlyTo(upstream(asked)) });
  const json = { model, input: "hi" };
  const body = new TextEncoder().encode(JSON.stringify(json));
  const outline = { model, stream: false, hasTools: false, thinks: false, namesSession: false };
  const said = { method: "POST", path: "/v1/responses", headers: new Headers(), body, json, outline };
  return await gateway.relay({ wireFormat: "openai-responses", ...said }, call);
}
