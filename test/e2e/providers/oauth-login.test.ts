/** Signing in with a provider by a browser: the command, the server's callback, and what is presented afterwards. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startAuthorizationServer } from "#credentials/testing/authorization-server.ts";
import { fingerprintOf } from "#demo/credential.ts";
import { type DemoUpstream, startDemoUpstream } from "#demo/demo-upstream.ts";

import { startLogin } from "../support/auth-login.ts";
import { type Proxy, startProxy } from "../support/proxy.ts";
import { readRows } from "../support/rows.ts";

setDefaultTimeout(30_000);

const vendor = startAuthorizationServer();
let demo: DemoUpstream;
let home: string;
let proxy: Proxy;

beforeAll(async () => {
  demo = startDemoUpstream();
  home = await mkdtemp(join(tmpdir(), "ccproxy-oauth-"));
  await writeConfig({});
  proxy = await start();
});
afterAll(async () => {
  await proxy.stop();
  await Promise.all([demo.stop(), vendor.stop()]);
  await rm(home, { recursive: true, force: true });
});

const configFile = () => join(home, "ccproxy.json");

async function writeConfig(oauth: object): Promise<void> {
  const urls = { authorize_url: vendor.authorizeUrl, token_url: vendor.tokenUrl, client_id: "ours" };
  const anthropic = { base_url: demo.url, allow_private: true, oauth: { ...urls, ...oauth } };
  await Bun.write(
    configFile(),
    JSON.stringify({ claude: { path: join(home, "none") }, providers: { anthropic, openai: {} } }),
  );
}

const start = () =>
  startProxy({ claude: null, upstream: demo, home, args: ["--config", configFile(), "--pool-size", "0"] });

const login = (flags: readonly string[], provider = "anthropic") =>
  startLogin(home, provider, { flags, config: configFile() });

const kept = () => join(home, "config/ccproxy/keys/anthropic.sign-in.json");

// proves("upstream-oauth-login")
test("nothing begins without consent, which says what the vendor says", async () => {
  const { said, ended, type } = login([]);
  await type("");
  expect([await ended, existsSync(kept())]).toEqual([2, false]);
  expect(said.text).toContain("Anthropic's terms");
  expect(said.text).toContain("--accept-terms");
  const other = login(["--accept-terms"], "openai");
  expect(await other.ended).toBe(1);
  expect(other.said.text).toContain("No sign-in of openai is known");
  expect(other.said.text).toContain("openrouter");
});

test("no id of a vendor's own program is borrowed; who asks for none is named", async () => {
  await writeConfig({ client_id: undefined });
  const { ended, said } = login(["--accept-terms"]);
  expect([await ended, said.text]).toEqual([1, expect.stringContaining("does not borrow Claude Code's")]);
  expect(said.text).toContain("OpenRouter asks for no id");
  await writeConfig({});
});

test("a stranger gets nowhere at the server's callback, with or without a sign-in under way", async () => {
  const stranger = async () => (await fetch(`${proxy.url}/oauth/callback?code=c&state=s`)).status;
  expect(await stranger()).toBe(404);
  await writeConfig({ redirect_url: `${proxy.url}/oauth/callback` });
  const { url, ended } = login(["--accept-terms"]);
  const back = vendor.approve(await url());
  expect(await stranger()).toBe(404);
  const page = await fetch(back);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("Received")]);
  expect((await fetch(back)).status).toBe(404);
  expect(await ended).toBe(0);
  expect((statSync(kept()).mode & 0o777).toString(8)).toBe("600");
  expect(readdirSync(join(home, "state/ccproxy/oauth"))).toEqual([]);
  for (const secret of [back.searchParams.get("code"), back.searchParams.get("state")])
    for (const place of [proxy.output(), JSON.stringify(readRows(proxy))]) expect(place).not.toContain(String(secret));
});

test("without a server the command waits for the browser itself", async () => {
  await writeConfig({});
  const { url, ended, said } = login(["--accept-terms"]);
  const back = vendor.approve(await url());
  expect((await fetch(new URL("/callback?code=c&state=s", back))).status).toBe(404);
  expect((await fetch(back)).status).toBe(200);
  expect([await ended, said.text]).toEqual([0, expect.stringContaining(`kept in ${kept()}`)]);
  for (const { code, code_verifier } of vendor.asked)
    for (const secret of [code, code_verifier]) expect(said.text).not.toContain(String(secret));
});

test("tokens that are renewed are no matter for a keychain", async () => {
  const { ended, said } = login(["--accept-terms", "--keychain"]);
  expect([await ended, said.text]).toEqual([1, expect.stringContaining("is kept in a file")]);
});

test("a port that somebody else has is said to be taken", async () => {
  await writeConfig({ redirect_url: `${proxy.url}/elsewhere` });
  const { ended, said } = login(["--accept-terms"]);
  expect([await ended, said.text]).toEqual([1, expect.stringContaining("is taken")]);
});

test.each([
  [{ authorize_url: "http://vendor.example/authorize" }, "authorize_url is no https URL"],
  [{ token_url: "nonsense" }, "token_url is no https URL"],
  [{ redirect_url: "https://elsewhere.example/oauth/callback" }, "redirect_url must be on this machine"],
])("%o is refused: codes and tokens go nowhere unprotected", async (oauth, words) => {
  await writeConfig(oauth);
  const { ended, said } = login(["--accept-terms"]);
  expect([await ended, said.text]).toEqual([2, expect.stringContaining(words)]);
});

test("what is pasted is the code and its state", async () => {
  await writeConfig({ client_id: "our-own" });
  const paste = async (pastedOf: (back: URL) => string) => {
    const { type, url, ended, said } = login(["--accept-terms", "--paste"]);
    await type(pastedOf(vendor.approve(await url())));
    return { code: await ended, said: said.text };
  };
  const get = (back: URL, name: string) => back.searchParams.get(name) ?? "";
  expect((await paste((back) => `${get(back, "code")}#${get(back, "state")}\n`)).code).toBe(0);
  expect(vendor.asked.at(-1)?.["client_id"]).toBe("our-own");
  for (const wrong of [(back: URL) => get(back, "code"), (back: URL) => `${get(back, "code")}#another`]) {
    const { code, said } = await paste(wrong);
    expect([code, said]).toEqual([1, expect.stringContaining("does not belong to this sign-in")]);
  }
});

test("a server that starts presents it, as the API takes it and as nobody else", async () => {
  await proxy.end();
  proxy = await start();
  const response = await fetch(`${proxy.url}/providers/anthropic/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", "anthropic-beta": "mine-2026-01-01", "user-agent": "me/1" },
    body: JSON.stringify({ model: "demo", max_tokens: 9, messages: [{ role: "user", content: "Hi" }] }),
  });
  expect(response.status).toBe(200);
  const asked = demo.requests().at(-1);
  const { accessToken } = (await Bun.file(kept()).json()).claudeAiOauth;
  expect(asked?.credentials).toEqual({ authorization: `Bearer ${fingerprintOf(accessToken)}` });
  expect(asked?.headers["anthropic-beta"]).toBe("mine-2026-01-01,oauth-2025-04-20");
  expect(asked?.headers["user-agent"]).not.toContain("claude");
});
