import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as v from "valibot";

import { configSchema } from "#config/schema.ts";
import type { RunContext } from "#core/backend.ts";
import { requestOf } from "#wire/testing/conversations.ts";

import { createProviders, keyFilesOf } from "./providers.ts";

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

const hello = requestOf({ wireFormat: "openai-chat", includeUsage: false });

const context: RunContext = {
  mode: "chat",
  tools: "client",
  requestId: "r1",
  principal: "local",
  signal: new AbortController().signal,
  report: () => undefined,
};

test("a key that is kept, or forgotten, while it runs holds from the next request on", async () => {
  const presented: (string | null)[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch({ headers }) {
      presented.push(headers.get("authorization"));
      return Response.json({});
    },
  });
  const home = mkdtempSync(join(tmpdir(), "ccproxy-"));
  try {
    const environment = { HOME: home, XDG_CONFIG_HOME: home, APPDATA: home };
    const at = { base_url: `${server.url.href}v1`, wire_format: "openai-chat", allow_private: true };
    const config = v.parse(configSchema, { providers: { acme: at, gemini: at } });
    const providers = createProviders(config, { environment, journal: undefined });
    const keys = keyFilesOf(environment);
    const ready: boolean[][] = [];
    for (const change of [() => undefined, keys.save, keys.remove]) {
      for (const { id } of providers) change(id, `key-of-${id}`);
      ready.push(providers.map(({ status }) => status().ready));
      for (const { run } of providers) await Array.fromAsync(run(hello, context));
    }
    expect(ready).toEqual([
      [true, false],
      [true, true],
      [true, false],
    ]);
    // The one asks for no key where none is kept; the other is not asked without one.
    expect(presented).toEqual([null, "Bearer key-of-acme", "Bearer key-of-gemini", null]);
  } finally {
    await server.stop(true);
    rmSync(home, { recursive: true });
  }
});
