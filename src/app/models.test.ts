import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as v from "valibot";

import { configSchema } from "#config/schema.ts";

import { listModels } from "./models.ts";

test("who does not tell its models in time is named, with why", async () => {
  const hung = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response(new ReadableStream({ start: (body) => body.enqueue("{") })),
  });
  const home = mkdtempSync(join(tmpdir(), "ccproxy-models-"));
  try {
    const at = { base_url: `${hung.url.href}v1`, wire_format: "openai-chat", allow_private: true, max_retries: 0 };
    const nobody = { ...at, base_url: "http://127.0.0.1:1/v1" };
    const config = v.parse(configSchema, {
      claude: { path: join(home, "no-claude") },
      state_dir: join(home, "state"),
      providers: { hangmid: at, known: { ...nobody, models: ["one"] } },
    });
    const { models, silent } = await listModels({ config, environment: { HOME: home } }, 50);
    expect(models.map(({ id }) => id)).toEqual(["known/one"]);
    const whys = Object.fromEntries(silent.map(({ backend, why }) => [backend, why]));
    expect(whys["hangmid"]).toBe("The list did not come within 0.05 seconds.");
  } finally {
    await hung.stop(true);
    rmSync(home, { recursive: true, force: true });
  }
});
