/** A setup of API keys, where no `claude` is: what is served, and what is said of the rest. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { openProviderBench, type ProviderBench } from "../support/provider-bench.ts";

let bench: ProviderBench;
beforeAll(async () => {
  bench = await openProviderBench({
    env: { OWN_KEY: "sk-own" },
    config: (demo) => {
      const local = { allow_private: true, max_retries: 0 };
      return {
        providers: {
          own: { base_url: `${demo}/own/v1`, ...local, credentials: { main: { env: "OWN_KEY" } } },
          keyless: { base_url: `${demo}/keyless/v1`, ...local, credentials: { main: { env: "ABSENT_KEY" } } },
        },
      };
    },
  });
});
afterAll(() => bench[Symbol.asyncDispose]());

const get = (path: string) => fetch(bench.proxy.url + path);

// proves("api-models")
test("the models of who answers are listed", async () => {
  const response = await get("/v1/models");
  const { data } = (await response.json()) as { data: { id: string }[] }; // Ours.
  expect(response.status).toBe(200);
  expect(data.map(({ id }) => id)).toContain("own/gpt-5.5");
});

// proves("api-health")
test("it is ready, and says which backends are not", async () => {
  expect((await get("/readyz")).status).toBe(200);
  expect(await (await get("/health")).json()).toMatchObject({
    status: "warn",
    output: expect.stringMatching(/claude-cli cannot answer: .* keyless cannot answer: keyless has no key/),
    checks: { own: [{ status: "pass" }], "claude-cli": [{ status: "fail" }], keyless: [{ status: "fail" }] },
  });
});

test("a request that goes to the missing CLI is told what to set", async () => {
  const body = JSON.stringify({ messages: [{ role: "user", content: "Hello." }] });
  const response = await fetch(`${bench.proxy.url}/v1/chat/completions`, { method: "POST", body });
  expect(response.status).toBe(503);
  expect(await response.text()).toMatch(/Or set `routing.default` to what answers here instead: own\./);
});
