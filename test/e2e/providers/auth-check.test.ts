/** What `ccproxy auth status` says of each key: whether it is there and, asked by itself, whether its provider takes it. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type DemoUpstream, startDemoUpstream } from "#demo/demo-upstream.ts";

import { root, run } from "../../../scripts/lib/run.ts";
import { binary } from "../support/proxy.ts";

setDefaultTimeout(30_000);

const keys = { RIGHT: "sk-the-right-key-of-all", WRONG: "wrong-key-of-nobody", EMPTY_PURSE: "sk-key-without-credit" };

let demo: DemoUpstream;
let folder: string;
beforeAll(async () => {
  demo = startDemoUpstream();
  folder = await mkdtemp(join(tmpdir(), "ccproxy-check-"));
  const order = (body: object) => fetch(`${demo.url}/__demo/orders`, { method: "POST", body: JSON.stringify(body) });
  // As some do: it repeats the key.
  await order({ directives: `[[demo error 401 message="There is no key ${keys.WRONG}."]]`, key: keys.WRONG });
  await order({ directives: '[[demo error 402 message="No\u001B[2J credit."]]', key: keys.EMPTY_PURSE });
  await order({ directives: "[[demo error 404]]", path: "/listless/" });
  await order({ directives: "[[demo error 429 retry-after=60]]", path: "/busy/" });
});
afterAll(async () => {
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

async function status(providers: Readonly<Record<string, object>>, ...args: readonly string[]) {
  const local = { allow_private: true, max_retries: 0, wire_format: "openai-chat" };
  const settings = Object.entries(providers).map(([name, own]) => [name, { ...local, ...own }]);
  const file = join(folder, "ccproxy.json");
  await Bun.write(file, JSON.stringify({ providers: Object.fromEntries(settings) }));
  const env = { ...keys, HOME: folder, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder, PATH: "" };
  const { code, output } = await run([binary, "auth", "status", ...args, "--config", file], { env, cwd: root });
  for (const secret of Object.values(keys)) expect(output).not.toContain(secret);
  return { code, output };
}

const at = (path: string, ...variables: readonly string[]) => ({
  base_url: `${demo.url}${path}/v1`,
  credentials: Object.fromEntries(variables.map((env) => [env.toLowerCase().replace("_", "-"), { env }])),
});

// proves("upstream-key-check")
test("a key that works, in each format, and no key where none is asked for", async () => {
  const { code, output } = await status(
    {
      chat: at("", "RIGHT"),
      messages: { ...at("", "RIGHT"), base_url: demo.url, wire_format: "anthropic-messages" },
      keyless: at("/quirks=no-key"),
    },
    "--check",
  );
  expect(output).toMatch(/^chat +RIGHT +works$/m);
  expect(output).toMatch(/^messages +RIGHT +works$/m);
  expect(output).toMatch(/^keyless +no key +works$/m);
  expect(code).toBe(0);
});

// proves("upstream-key-check")
test("each by itself: the second of two that is wrong, though its models are named", async () => {
  const { code, output } = await status(
    { two: { ...at("", "RIGHT", "WRONG"), models: ["demo"] }, poor: at("", "EMPTY_PURSE") },
    "--check",
  );
  expect(output).toMatch(/^two +RIGHT +works$/m);
  expect(output).toMatch(/^two +WRONG +refused: .*There is no key \[redacted\]\./m);
  expect(output).toMatch(/^poor +EMPTY_PURSE +refused: .*No\\u\{1b\}\[2J credit\./m);
  expect(code).toBe(1);
});

test("a provider that is not there is unreachable, which says nothing of the key", async () => {
  const gone = { base_url: "http://127.0.0.1:1/v1", credentials: { one: { env: "RIGHT" } } };
  const { code, output } = await status({ gone, here: at("", "RIGHT") }, "--check");
  expect(output).toMatch(/^gone +RIGHT +unreachable: gone could not be reached/m);
  expect(output).toMatch(/^here +RIGHT +works$/m);
  expect(code).toBe(1);
});

// proves("upstream-key-check")
test("what cannot be told is said to be that, and is no failure", async () => {
  const { code, output } = await status(
    { listless: at("/listless", "RIGHT"), open: at("/quirks=no-key", "WRONG_TOO"), busy: at("/busy", "RIGHT") },
    "--check",
  );
  expect(output).toMatch(/^listless +RIGHT +cannot tell: listless has no list of models \(status 404\)\./m);
  expect(output).toMatch(/^busy +RIGHT +cannot tell: /m);
  expect(output).toMatch(/^open +WRONG_TOO +The variable WRONG_TOO is not set/m);
  expect(code).toBe(1);
  const told = await status({ open: at("/quirks=no-key", "RIGHT"), busy: at("/busy", "RIGHT") }, "--check", "--json");
  expect(told.code).toBe(0);
  expect(JSON.parse(told.output)).toEqual([
    expect.objectContaining({ provider: "open", check: "unknown", note: expect.stringContaining("for anybody") }),
    expect.objectContaining({ provider: "busy", check: "unknown", problem: null }),
  ]);
});

test("one that is told wrongly, or keeps nonsense, leaves the others' states as they are", async () => {
  const signIn = join(folder, "sign-in.json");
  await Bun.write(signIn, JSON.stringify({ claudeAiOauth: { accessToken: "any", expiresAt: 1e300 } }));
  const { code, output } = await status({
    here: at("", "RIGHT"),
    odd: {
      ...at(""),
      credentials: {
        one: { env: "RIGHT" },
        other: { sign_in: "claude-credentials", file: signIn, accept_terms: true },
      },
    },
    uncertain: {
      ...at(""),
      ca_file: join(folder, "none.pem"),
      credentials: { one: { sign_in: "claude-credentials", file: signIn, accept_terms: true } },
    },
  });
  expect(output).toMatch(/^here +RIGHT +there$/m);
  expect(output).toMatch(/^odd +RIGHT +there$/m);
  expect(output).toMatch(/^odd +\S+sign-in\.json +\S/m);
  expect(output).toMatch(/^uncertain +no key +The certificates \S+none\.pem cannot be read/m);
  expect(code).toBe(1);
});
