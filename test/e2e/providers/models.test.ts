/** Which models there are, how much each takes and costs, and what is said of one that there is not. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Anthropic from "@anthropic-ai/sdk";

import { openProviderBench, type ProviderBench } from "../support/provider-bench.ts";
import { binary } from "../support/proxy.ts";

let bench: ProviderBench;
let folder: string;
let settings: object;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ccproxy-models-"));
  const prices = join(folder, "prices.toml");
  await Bun.write(prices, '["local/*"]\ninput = 1_000\noutput = 2_000\n["gpt-6.1"]\ninput = 9\noutput = 9\n');
  bench = await openProviderBench({
    env: { KEY: "sk-of-all" },
    config: (demo) => {
      const more = { allow_private: true, max_retries: 0, credentials: { main: { env: "KEY" } } };
      settings = {
        models: { passthrough: false },
        prices_file: prices,
        prices: { "gpt-6.1": { input: 3, output: 4 } },
        routing: { default: "openai", rules: { own: { model: "own", backend: "local", to_model: "unlisted" } } },
        providers: {
          openai: { base_url: `${demo}/openai/v1`, wire_format: "openai-chat", ...more },
          anthropic: { base_url: demo, ...more },
          local: {
            base_url: `${demo}/local/v1`,
            ...more,
            limits: { demo: { context: 4096, output: 512 }, "*": { context: 8192 } },
          },
          claudish: {
            base_url: `${demo}/claudish`,
            wire_format: "anthropic-messages",
            ...more,
            limits: { "*": { output: 777 } },
          },
        },
      };
      return settings;
    },
  });
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => bench.forget());

async function ask(path: string, model: string) {
  const body = `{ "model": "${model}",  "max_tokens": 90, "messages": [{"role":"user","content":"[[demo usage in=10 out=20]]"}]}`;
  const response = await fetch(`${bench.proxy.url}${path}`, { method: "POST", body });
  return { body, response, text: await response.text(), requestId: response.headers.get("x-request-id") ?? "" };
}

// proves("model-limits")
test("the list says what each takes: as the configuration has it, as its backend tells, as is known of it", async () => {
  const sdk = new Anthropic({ baseURL: bench.proxy.url, apiKey: "any", maxRetries: 0 });
  const models = await Array.fromAsync(await sdk.models.list());
  const limitsOf = (name: string): unknown => {
    const { max_input_tokens: input, max_tokens: output } = models.find(({ id }) => id === name) ?? {};
    return [input, output];
  };
  expect(limitsOf("gpt-5.5")).toEqual([272_000, 128_000]);
  expect(limitsOf("anthropic/claude-haiku-5-5")).toEqual([1_000_000, 128_000]);
  expect(limitsOf("local/demo")).toEqual([4096, 512]);
  expect(limitsOf("local/gpt-5.5")).toEqual([8192, undefined]);
  expect(limitsOf("demo")).toEqual([undefined, undefined]);
  const { data } = (await (await fetch(`${bench.proxy.url}/v1/models`)).json()) as { data: { owned_by: string }[] }; // Ours.
  expect([...new Set(data.map(({ owned_by: owner }) => owner))]).toEqual(
    expect.arrayContaining(["openai", "deepseek", "anthropic", "claudish"]),
  );
});

test("a configured limit is that of an answer whose client sets none", async () => {
  const body = JSON.stringify({ model: "claudish/claude-opus-5-5", messages: [{ role: "user", content: "Hello." }] });
  await fetch(`${bench.proxy.url}/v1/chat/completions`, { method: "POST", body });
  expect(bench.lastAsked().body).toMatchObject({ max_tokens: 777 });
});

// proves("model-options")
describe("where only listed models may be asked for", () => {
  test("one that is listed still passes as it came, and one by its backend's own name does", async () => {
    for (const [path, model] of [
      ["/v1/chat/completions", "gpt-6.1"],
      ["/providers/local/v1/chat/completions", "demo"],
      ["/api/v1/messages", "claude-haiku-5-5"],
    ] as const) {
      const { body, response } = await ask(path, model);
      expect([response.status, new TextDecoder().decode(bench.lastAsked().bytes())]).toEqual([200, body]);
    }
  });

  test("one that a rule asks for needs no list", async () => {
    const { response } = await ask("/v1/chat/completions", "own");
    expect([response.status, response.headers.get("x-ccproxy-model")]).toEqual([200, "unlisted"]);
  });

  test.each([
    ["/v1/chat/completions", "gpt-6.2", "gpt-6.1"],
    ["/v1/messages", "gpt-6.2", "gpt-6.1"],
    ["/v1/chat/completions", "local/demmo", "local/demo"],
    ["/api/v1/messages", "claude-haiku-5-6", "claude-haiku-5-5"],
  ])("at %s another, %s, is a 404 with the nearest, and nobody is asked", async (path, model, near) => {
    const { response, text } = await ask(path, model);
    expect(response.status).toBe(404);
    expect(text).toContain(near);
    expect(bench.asked().filter(({ method }) => method === "POST")).toEqual([]);
  });
});

// proves("observe-price-file", "observe-pricing")
test("an answer costs as the configuration says, then its file of prices; one that no list knows has no cost", async () => {
  for (const [path, model, costUsd] of [
    ["/v1/chat/completions", "gpt-6.1", (10 * 3 + 20 * 4) / 1e6],
    ["/v1/chat/completions", "local/demo", (10 * 1000 + 20 * 2000) / 1e6],
    ["/v1/chat/completions", "demo", null],
    ["/v1/messages", "claudish/claude-haiku-5-5", null],
  ] as const) {
    const { response, requestId } = await ask(path, model);
    expect(response.status).toBe(200);
    bench.expectRow(requestId, { costUsd, listCostUsd: costUsd, outputTokens: 20 });
  }
  await bench.checkRows();
});

test("`ccproxy models` lists them with limits and the prices that count, and says who cannot be asked", async () => {
  const file = join(folder, "ccproxy.json");
  await Bun.write(file, JSON.stringify({ ...settings, claude: { path: "/nonexistent/claude" } }));
  const run = async (...args: readonly string[]) => {
    const env = { HOME: folder, PATH: "/nonexistent", KEY: "sk-of-all" };
    const child = Bun.spawn([binary, "models", "--config", file, ...args], { env, stdout: "pipe", stderr: "pipe" });
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { code: await child.exited, out, err };
  };
  const { code, out, err } = await run();
  expect(code).toBe(0);
  expect(out).toMatch(/^gpt-6\.1 +3 \/ 4 /m);
  expect(out).toMatch(/^local\/demo +4k +512 +1000 \/ 2000 /m);
  expect(out).toMatch(/^anthropic\/claude-haiku-5-5 +1M +128k +0\.1 \/ 0\.5 /m);
  expect(err).toMatch(/^claude-cli could not be asked: .*`ccproxy doctor` checks/);
  const some = await run("HAIKU");
  expect(some.code).toBe(0);
  expect(some.out).toMatch(/^anthropic\/claude-haiku-5-5 /m);
  expect(some.out).not.toContain("gpt-6.1");
  const none = await run("hayku", "--json");
  expect(none).toMatchObject({ code: 1, out: "[]\n" });
  expect(none.err).toContain("none of the ");
  const models: unknown = JSON.parse((await run("--json")).out);
  expect(models).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: "claudish/claude-opus-5-5", maxOutputTokens: 777, price: null }),
    ]),
  );
});
