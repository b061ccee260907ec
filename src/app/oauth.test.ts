import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as v from "valibot";

import { configSchema } from "#config/schema.ts";
import { startKeyServer } from "#credentials/testing/key-server.ts";

import { openOAuthLogin } from "./oauth.ts";

const vendor = startKeyServer();
const home = mkdtempSync(join(tmpdir(), "ccproxy-paste-"));
afterAll(async () => {
  await vendor.stop();
  rmSync(home, { recursive: true });
});

const oauth = { flow: "openrouter", authorize_url: vendor.authorizeUrl, token_url: vendor.keyUrl };
const config = v.parse(configSchema, { providers: { openrouter: { oauth, allow_private: true } } });

/** Pastes these one after the other; what it was asked, each time. */
async function paste(texts: (url: string) => readonly (string | undefined)[]) {
  const settings = { config, environment: { HOME: home }, userFile: join(home, "ccproxy.toml") };
  const questions: string[] = [];
  let left: readonly (string | undefined)[] = [];
  const kept = openOAuthLogin(settings, { name: "openrouter", keychain: false }).run({
    show: async (url) => void (left = texts(url)),
    async paste(question) {
      const text = left[questions.length];
      questions.push(question);
      return text;
    },
  });
  const end = await kept.catch((thrown: unknown) => thrown);
  return { end, questions };
}

// proves("upstream-oauth-keys")
test("what does not belong to the sign-in is asked for again, and then the right address does", async () => {
  const { end, questions } = await paste((url) => {
    const { href, searchParams } = vendor.approve(url);
    return ["", searchParams.get("code") ?? "", url, href];
  });
  expect(end).toBe(join(home, ".config/ccproxy/keys/openrouter"));
  const again = expect.stringContaining("not it, try again");
  expect(questions).toEqual([
    expect.stringContaining("begins with http://localhost:3000/callback"),
    again,
    again,
    again,
  ]);
  expect(questions.join()).not.toContain("#");
});

test("with a base URL of one's own there is no sign-in of the vendor's, and it is said why", () => {
  const elsewhere = v.parse(configSchema, { providers: { openrouter: { base_url: "https://api.example/v1" } } });
  const settings = { config: elsewhere, environment: { HOME: home }, userFile: join(home, "ccproxy.toml") };
  expect(() => openOAuthLogin(settings, { name: "openrouter", keychain: false })).toThrow(
    expect.objectContaining({
      message: "The sign-in of openrouter is for the API at https://openrouter.ai.",
      options: { hint: expect.stringContaining("providers.openrouter.base_url is elsewhere") },
    }),
  );
});

test("but neither for ever, nor where nothing more comes", async () => {
  const refused = { kind: "authentication", message: "What was pasted does not belong to this sign-in." };
  const endless = await paste(() => Array.from({ length: 99 }, () => "wrong"));
  expect([endless.end, endless.questions.length]).toEqual([expect.objectContaining(refused), 10]);
  const once = await paste(() => ["wrong"]);
  expect([once.end, once.questions.length]).toEqual([expect.objectContaining(refused), 2]);
});
