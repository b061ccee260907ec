/** A setup of API keys, where no `claude` is: what is served, and what is said of the rest. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";

import * as v from "valibot";

import type { Check } from "#app/check.ts";
import { runDoctor } from "#app/doctor.ts";
import { configSchema } from "#config/schema.ts";

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

test.each(["/v1/chat/completions", "/v1/messages/count_tokens"])(
  "a request to %s that goes to the missing CLI is told what to set",
  async (path) => {
    const body = JSON.stringify({ messages: [{ role: "user", content: "Hello." }] });
    const response = await fetch(bench.proxy.url + path, { method: "POST", body });
    expect(response.status).toBe(503);
    expect(await response.text()).toMatch(/Or set `routing.default` to what answers here instead: own\./);
  },
);

// proves("command-doctor")
test("the doctor warns of what others can answer without, and fails where nobody answers", async () => {
  const { home } = bench.proxy;
  const look = async (environment: Readonly<Record<string, string>>): Promise<readonly Check[]> => {
    const config = v.parse(configSchema, {
      claude: { path: join(home, "no-claude") },
      codex: { enabled: true, path: join(home, "no-codex") },
      server: { port: 0 },
      state_dir: join(home, "state"),
      providers: { openai: {}, deepseek: {} },
    });
    return await Array.fromAsync(
      runDoctor({ config, cwd: home, environment: { HOME: home, ...environment }, live: false }),
    );
  };
  const told = async (environment: Readonly<Record<string, string>>) =>
    (await look(environment)).flatMap(({ name, status }) =>
      ["provider", "claude", "codex"].includes(name) ? [`${name} ${status}`] : [],
    );
  const checks = await look({ OPENAI_API_KEY: "sk-do-not-show" });
  expect(checks.filter(({ status }) => status === "fail")).toEqual([]);
  expect(checks.filter(({ name }) => name === "provider")).toMatchObject([
    {
      status: "pass",
      detail: "openai: asked with OPENAI_API_KEY",
      action: expect.stringContaining("auth status --check"),
    },
    { status: "warn", detail: expect.stringMatching(/^deepseek: The variable DEEPSEEK_API_KEY is not set\. Set/) },
  ]);
  expect(checks.find(({ name }) => name === "claude")?.action).toContain("routing.default, now claude-cli");
  expect(JSON.stringify(checks)).not.toContain("do-not-show");
  expect(await told({})).toEqual(["provider warn", "provider warn", "claude fail", "codex fail"]);
});
