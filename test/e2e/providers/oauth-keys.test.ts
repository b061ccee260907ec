/** A key of OpenRouter's by a browser: the command, the ways back, where it is kept, and what is asked with it. */
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startKeyServer } from "#credentials/testing/key-server.ts";
import { fingerprintOf } from "#demo/credential.ts";
import { type DemoUpstream, startDemoUpstream } from "#demo/demo-upstream.ts";

import { environmentOf, type LoginProcess, startLogin } from "../support/auth-login.ts";
import { binary, type Proxy, startProxy } from "../support/proxy.ts";
import { readRows } from "../support/rows.ts";
import { selfSigned } from "../support/self-signed.ts";

setDefaultTimeout(30_000);

const vendor = startKeyServer();
/** What is said anywhere while the suite runs. */
const said: { readonly text: string }[] = [];
let demo: DemoUpstream;
let home: string;
let proxy: Proxy;

beforeAll(async () => {
  demo = startDemoUpstream();
  home = await mkdtemp(join(tmpdir(), "ccproxy-keys-"));
  await writeConfig({});
  proxy = await start();
});
afterAll(async () => {
  await proxy.stop();
  await Promise.all([demo.stop(), vendor.stop()]);
  await rm(home, { recursive: true, force: true });
});
afterEach(() => {
  const secrets = [...vendor.keys, ...vendor.asked.flatMap((body) => [body["code"], body["code_verifier"]])];
  const everything = [...said.map(({ text }) => text), proxy.output(), JSON.stringify(readRows(proxy))].join("\n");
  for (const secret of secrets) expect(everything).not.toContain(String(secret));
});

const configFile = () => join(home, "ccproxy.json");
const kept = () => join(home, "config/ccproxy/keys/openrouter");
const keptKey = async () => (await readFile(kept(), "utf8")).trim();

/** As OpenRouter's, but here. */
async function writeConfig(oauth: object, more: object = {}): Promise<void> {
  const urls = { flow: "openrouter", authorize_url: vendor.authorizeUrl, token_url: vendor.keyUrl };
  const openrouter = { base_url: demo.url, allow_private: true, oauth: { ...urls, ...oauth }, ...more };
  await write({ openrouter });
}

const write = (providers: object) =>
  Bun.write(configFile(), JSON.stringify({ claude: { path: join(home, "none") }, providers }));

const start = () =>
  startProxy({ claude: null, upstream: demo, home, args: ["--config", configFile(), "--pool-size", "0"] });

function login(...flags: readonly string[]): LoginProcess {
  const begun = startLogin(home, "openrouter", { flags, config: configFile() });
  said.push(begun.said);
  return begun;
}

async function paste(pastedOf: (back: URL) => string, from = vendor) {
  const { url, type, ended, said: words } = login("--accept-terms", "--paste");
  await type(pastedOf(from.approve(await url())));
  return { code: await ended, said: words.text };
}

async function auth(...words: readonly string[]) {
  const child = Bun.spawn([binary, "auth", ...words, "--config", configFile()], {
    cwd: home,
    env: environmentOf(home),
    stderr: "pipe",
  });
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const text = `${out}${error}`;
  said.push({ text });
  return { code, text };
}

// proves("upstream-oauth-keys")
test("with nothing but the provider in the configuration, a person is sent to OpenRouter, told who pays", async () => {
  for (const provider of [{}, { base_url: "https://openrouter.ai/api/v1" }]) {
    await write({ openrouter: provider });
    const { url, said: words, kill, ended } = login("--accept-terms");
    const { origin, pathname, searchParams } = new URL(await url());
    kill();
    await ended;
    expect(`${origin}${pathname}`).toBe("https://openrouter.ai/auth");
    expect(searchParams.get("callback_url")).toMatch(/^http:\/\/localhost:\d{2,}\/callback\?state=[\w-]{43}$/);
    expect(words.text).toContain("billed to that account");
    expect(words.text).toContain("https://openrouter.ai/settings/keys");
  }
});

test("nothing begins without consent", async () => {
  await writeConfig({});
  const { said: words, ended, type } = login();
  await type("");
  expect([await ended, existsSync(kept()), vendor.asked]).toEqual([2, false, []]);
  expect(words.text).toContain("--accept-terms");
});

test("the browser comes back to a port of the command, with its own state, and the key is its owner's to read", async () => {
  const { url, ended, said: words } = login("--accept-terms");
  const back = vendor.approve(await url());
  const strange = new URL(back);
  strange.searchParams.set("state", "another");
  expect((await fetch(strange)).status).toBe(404);
  const page = await fetch(back);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("Received")]);
  expect([await ended, words.text]).toEqual([0, expect.stringContaining(`kept in ${kept()}`)]);
  expect((statSync(kept()).mode & 0o777).toString(8)).toBe("600");
  expect(await keptKey()).toBe(vendor.keys.at(-1) ?? "none");
  expect(readdirSync(join(home, "state/ccproxy/oauth"))).toEqual([]);
});

test("it may come back to a server that runs, once, however the code was appended", async () => {
  await writeConfig({ redirect_url: `${proxy.url}/oauth/callback` });
  const { url, ended } = login("--accept-terms");
  const back = vendor.approve(await url());
  const naive = `${proxy.url}/oauth/callback?state=${back.searchParams.get("state")}?code=${back.searchParams.get("code")}`;
  expect((await fetch(naive)).status).toBe(200);
  expect((await fetch(naive)).status).toBe(404);
  expect((await fetch(back)).status).toBe(404);
  expect(await ended).toBe(0);
  await writeConfig({});
});

test("the address that a browser elsewhere ends at can be pasted, with the state of this sign-in", async () => {
  expect((await paste(({ href }) => `${href}\n`)).code).toBe(0);
  expect(await keptKey()).toBe(vendor.keys.at(-1) ?? "none");
  const made = vendor.keys.length;
  const wrong = [
    (back: URL) => back.searchParams.get("code") ?? "",
    ({ href }: URL) => href.replace("state=", "state=x"),
  ];
  for (const pastedOf of wrong)
    expect(await paste(pastedOf)).toEqual({
      code: 1,
      said: expect.stringContaining("does not belong to this sign-in"),
    });
  expect(vendor.keys).toHaveLength(made);
});

test("a code that was used, or is too old, makes no key, and the one that is kept stays", async () => {
  const before = await keptKey();
  const used = vendor.asked.at(-1)?.["code"] ?? "";
  const again = (back: URL) => {
    back.searchParams.set("code", used);
    return back.href;
  };
  const late = ({ href }: URL) => {
    vendor.expire();
    return href;
  };
  for (const pastedOf of [again, late])
    expect(await paste(pastedOf)).toEqual({ code: 1, said: expect.stringContaining("the code is used, too old") });
  expect(await keptKey()).toBe(before);
});

test("a code is told to nobody whose certificate the provider's settings do not vouch for", async () => {
  const secure = startKeyServer(await selfSigned(home));
  const urls = { authorize_url: secure.authorizeUrl, token_url: secure.keyUrl };
  const address = ({ href }: URL) => href;
  await writeConfig(urls);
  const refused = { code: 1, said: expect.stringContaining("could not be asked for a key") };
  expect(await paste(address, secure)).toEqual(refused);
  expect(secure.asked).toEqual([]);
  await writeConfig(urls, { ca_file: join(home, "cert.pem") });
  expect((await paste(address, secure)).code).toBe(0);
  expect(await keptKey()).toBe(secure.keys.at(-1) ?? "none");
  await secure.stop();
  await writeConfig({});
});

// On another system it would be the keychain of whoever runs this.
test.if(process.platform === "linux")("where there is no keychain, no key is made for one", async () => {
  const { ended, said: words } = login("--accept-terms", "--keychain");
  expect([await ended, words.text]).toEqual([1, expect.stringContaining("keychain cannot be used")]);
  expect(words.text).not.toContain("Open this");
});

test("requests go to the provider with it, and what looks after keys shows where it is and not what", async () => {
  await proxy.end();
  proxy = await start();
  const response = await fetch(`${proxy.url}/providers/openrouter/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "demo", messages: [{ role: "user", content: "Hi" }] }),
  });
  expect(response.status).toBe(200);
  const asked = demo.requests().at(-1);
  expect(asked?.credentials).toEqual({ authorization: `Bearer ${fingerprintOf(await keptKey())}` });
  for (const words of [["status", "--check"], ["providers"]])
    expect(await auth(...words)).toEqual({ code: 0, text: expect.stringContaining(kept()) });
});

test("logout deletes it", async () => {
  expect(await auth("logout", "openrouter")).toMatchObject({ code: 0 });
  expect(existsSync(kept())).toBe(false);
  expect((await auth("status")).text).toContain("OPENROUTER_API_KEY is not set");
});
