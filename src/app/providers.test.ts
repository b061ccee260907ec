import { expect, test } from "bun:test";

import * as v from "valibot";

import { configSchema } from "#config/schema.ts";

import { createProviders } from "./providers.ts";

async function hintOf(provider: object, environment: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const base = { base_url: "http://127.0.0.1:1/v1", wire_format: "openai-chat", max_retries: 0, allow_private: true };
  const config = v.parse(configSchema, { providers: { acme: { ...base, ...provider } } });
  const backend = createProviders(config, { environment, journal: undefined }).find(({ id }) => id === "acme");
  const error: unknown = await backend?.listModels(new AbortController().signal).catch((thrown: unknown) => thrown);
  return error instanceof Object && "options" in error ? error.options : error;
}

test("who cannot be reached is told with where its proxy was set", async () => {
  expect(await hintOf({ proxy: "http://127.0.0.1:1" })).toMatchObject({
    hint: expect.stringContaining("providers.acme.proxy"),
  });
  expect(await hintOf({}, { HTTPS_PROXY: "http://127.0.0.1:1", http_proxy: "http://127.0.0.1:1" })).toMatchObject({
    hint: expect.stringContaining("http_proxy and HTTPS_PROXY in the environment"),
  });
  expect(await hintOf({})).toMatchObject({ hint: "Check providers.acme.base_url, and the network." });
});
