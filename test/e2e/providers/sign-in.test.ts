/** The sign-ins of the vendors' CLIs, presented, renewed and shown by the built binary; the API behind Codex's. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startTokenServer } from "#credentials/testing/token-server.ts";
import { fingerprintOf } from "#demo/credential.ts";

import { root, run } from "../../../scripts/lib/run.ts";
import { openProviderBench, type ProviderBench } from "../support/provider-bench.ts";
import { binary } from "../support/proxy.ts";
import { readRows } from "../support/rows.ts";

setDefaultTimeout(30_000);

const tokens = startTokenServer();
let bench: ProviderBench;
let folder: string;
let config: object;
const claudeFile = () => join(folder, "claude.json");
const codexFile = () => join(folder, "codex.json");
const overFile = () => join(folder, "over.json");
const inAnHour = () => Date.now() + 3_600_000;

async function signIn() {
  const [claude, codex] = [tokens.issue(), tokens.issue()];
  const expiresAt = inAnHour();
  await Bun.write(claudeFile(), JSON.stringify({ claudeAiOauth: { ...claude, expiresAt, subscriptionType: "max" } }));
  await Bun.write(overFile(), JSON.stringify({ claudeAiOauth: { ...tokens.issue(), expiresAt } }));
  const id = tokens.jwt({ "https://api.openai.com/auth": { chatgpt_plan_type: "plus" } });
  const kept = { id_token: id, access_token: codex.accessToken, refresh_token: codex.refreshToken, account_id: "acc" };
  await Bun.write(codexFile(), JSON.stringify({ auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens: kept }));
  return { claude, codex };
}

const credentials = (kind: string, file: string, more: object = { accept_terms: true }) => ({
  credentials: { mine: { sign_in: kind, file, token_url: tokens.url, ...more } },
});

let issued: Awaited<ReturnType<typeof signIn>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ccproxy-sign-in-"));
  issued = await signIn();
  bench = await openProviderBench({
    config: (demo) => {
      const local = { allow_private: true };
      config = {
        providers: {
          anthropic: { base_url: demo, ...local, ...credentials("claude-credentials", claudeFile()) },
          over: {
            base_url: demo,
            wire_format: "anthropic-messages",
            ...local,
            ...credentials("claude-credentials", overFile()),
          },
          "codex-api": { base_url: `${demo}/codex/v1`, ...local, ...credentials("codex-auth", codexFile()) },
        },
      };
      return config;
    },
  });
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await tokens.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await bench.forgetOrders();
  bench.forget();
  tokens.reset();
});

const message = (prompt: string) => ({
  model: "claude-haiku-4-5",
  max_tokens: 100,
  messages: [{ role: "user" as const, content: prompt }],
});

// proves("upstream-oauth")
describe("Claude Code's", () => {
  test("is a bearer with its beta behind the client's; nothing says that this is Claude Code", async () => {
    const { anthropic } = bench.clients("/api", { "anthropic-beta": "some-beta" });
    const answer = await anthropic.messages.create(message("[[demo say Hello]]"));
    expect(answer.content).toMatchObject([{ text: "Hello" }]);
    const { headers, credentials: seen, body } = bench.lastAsked();
    expect(seen).toEqual({ authorization: `Bearer ${fingerprintOf(issued.claude.accessToken)}` });
    expect(headers["anthropic-beta"]).toBe("some-beta,oauth-2025-04-20");
    expect(JSON.stringify([headers, body])).not.toMatch(/claude-cli|claude-code|x-app/i);
  });

  test("by twenty that are refused at once it is renewed once, and kept for the next start", async () => {
    await bench.order({ directives: "[[demo error 401]]", key: issued.claude.accessToken });
    const { anthropic } = bench.clients("/api");
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => anthropic.messages.create(message("[[demo say Hello]]"))),
    );
    expect(new Set(answers.map(({ stop_reason }) => stop_reason))).toEqual(new Set(["end_turn"]));
    expect(tokens.asked).toHaveLength(1);
    const kept = await Bun.file(claudeFile()).json();
    expect(kept.claudeAiOauth).toMatchObject({ subscriptionType: "max", accessToken: expect.any(String) });
    expect(kept.claudeAiOauth.accessToken).not.toBe(issued.claude.accessToken);
  });

  test("once it is over for good, a 401 says what to do, until there is another", async () => {
    const { claudeAiOauth } = await Bun.file(overFile()).json();
    await bench.order({ directives: "[[demo error 401]]", key: claudeAiOauth.accessToken });
    const ask = () =>
      fetch(`${bench.proxy.url}/providers/over/v1/messages`, { method: "POST", body: JSON.stringify(message("Hi")) });
    tokens.refuseOnce(Response.json({ error: "invalid_grant" }, { status: 400 }));
    const response = await ask();
    const { error } = (await response.json()) as { error: { message: string } };
    expect([response.status, error.message]).toEqual([401, expect.stringMatching(/is over.*`claude \/login`/s)]);
    expect((await ask()).status).toBe(401);
    expect(tokens.asked).toHaveLength(1);
    await Bun.write(overFile(), JSON.stringify({ claudeAiOauth: { ...tokens.issue(), expiresAt: inAnHour() } }));
    expect((await ask()).status).toBe(200);
  });
});

// proves("upstream-oauth")
describe("the API behind Codex's", () => {
  test("is asked as it takes it, for whole answers too; what it refuses is named", async () => {
    const { openai } = bench.clients("/providers/codex-api");
    const { data, response } = await openai.chat.completions
      .create({
        model: "gpt-demo",
        max_completion_tokens: 100,
        temperature: 0.5,
        messages: [{ role: "user", content: "[[demo say Hello]]" }],
      })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe("Hello");
    const { headers, body, credentials: seen } = bench.lastAsked();
    expect(seen["authorization"]).toBe(`Bearer ${fingerprintOf(issued.codex.accessToken)}`);
    expect(headers).toMatchObject({ "chatgpt-account-id": "acc" });
    expect(body).toMatchObject({ stream: true, store: false });
    expect(Object.keys(Object(body))).not.toEqual(expect.arrayContaining(["temperature"]));
    expect(Object.keys(Object(body))).not.toEqual(expect.arrayContaining(["max_output_tokens"]));
    const ignored = response.headers.get("x-ccproxy-ignored-params")?.split(", ") ?? [];
    expect(ignored.toSorted()).toEqual(["max_completion_tokens", "temperature"]);
  });

  test("a request that it takes as it is passes as it came", async () => {
    const sent = { model: "gpt-demo", stream: true, store: false, input: "[[demo say Hello]]", unheard: { of: 1 } };
    const response = await fetch(`${bench.proxy.url}/providers/codex-api/v1/responses`, {
      method: "POST",
      body: JSON.stringify(sent),
    });
    expect(await response.text()).toContain("response.completed");
    expect(bench.lastAsked().body).toEqual(sent);
  });
});

describe("for who looks after them", () => {
  const command = async (args: readonly string[], settings = config) => {
    const file = join(folder, "ccproxy.json");
    await Bun.write(file, JSON.stringify(settings));
    const env = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder, PATH: "" };
    return await run([binary, ...args, "--config", file], { env, cwd: root });
  };

  test("status says plan and end, and no token; providers where they are kept", async () => {
    const { code, output } = await command(["auth", "status"]);
    expect(code).toBe(0);
    expect(output).toMatch(/anthropic +\S+claude\.json +there, max, until 20/);
    expect(output).toMatch(/codex-api +\S+codex\.json +there, plus, until 20/);
    expect((await command(["auth", "providers"])).output).toMatch(
      /codex-api +openai-responses at 127\.0\.0\.1\S+ +\S+codex/,
    );
    for (const { accessToken, refreshToken } of Object.values(issued))
      for (const secret of [accessToken, refreshToken]) expect(output).not.toContain(secret);
  });

  test("status says where a sign-in that it had renewed could not be kept", async () => {
    const place = join(folder, "lost");
    await mkdir(place);
    const file = join(place, "sign-in.json");
    await Bun.write(file, JSON.stringify({ claudeAiOauth: { ...tokens.issue(), expiresAt: Date.now() - 1 } }));
    tokens.beforeAnswer = () => rename(place, `${place}-away`);
    const lost = { base_url: bench.demo.url, allow_private: true, ...credentials("claude-credentials", file) };
    const { code, output } = await command(["auth", "status"], { providers: { anthropic: lost } });
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/sign-in\.json +The renewed sign-in .* could not be written/),
    ]);
  });

  test("refresh renews, and says for how long", async () => {
    const { code, output } = await command(["auth", "refresh", "codex-api"]);
    expect([code, output]).toEqual([0, expect.stringMatching(/codex\.json: renewed, good until 20/)]);
    expect(tokens.asked).toMatchObject([{ grant_type: "refresh_token", refresh_reason: "unauthorized_recovery" }]);
  });

  test.each([
    [{}, "Anthropic's terms keep sign-ins of its plans for Claude Code"],
    [{ accept_terms: true, env: "KEY" }, "beside sign_in there can be a file alone"],
    [{ accept_terms: true, token_url: "http://evil.example/token" }, "token_url is no https URL"],
  ])("a configuration with %j is refused, and says why", async (more, words) => {
    const file = join(folder, "refused.json");
    const mine = credentials("claude-credentials", claudeFile(), more);
    await Bun.write(file, JSON.stringify({ providers: { anthropic: mine } }));
    const { code, output } = await run([binary, "config", "validate", "--config", file], {
      env: { HOME: folder },
      cwd: root,
    });
    expect([code, output]).toEqual([2, expect.stringContaining(words)]);
  });
});

test('no token is in any output, log or row; proves("log-secrets")', async () => {
  await bench.quiet();
  const seen = bench.proxy.output() + JSON.stringify(readRows(bench.proxy));
  expect(seen).not.toMatch(/refresh-\d/);
  for (const { accessToken } of Object.values(issued)) expect(seen).not.toContain(accessToken);
});
