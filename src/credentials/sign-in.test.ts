import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type SignInKind, signInFormats } from "./sign-in-format.ts";
import { createSignIn } from "./sign-in.ts";
import { startTokenServer, type TokenServer } from "./testing/token-server.ts";

const directory = join(mkdtempSync(join(tmpdir(), "ccproxy-sign-in-")), "cli");
mkdirSync(directory);
const server: TokenServer = startTokenServer();
afterAll(async () => {
  await server.stop();
  rmSync(join(directory, ".."), { recursive: true });
});
beforeEach(() => server.reset());

const hour = 3_600_000;
let files = 0;

/** A file as its CLI writes it, with what no program of ours knows. */
function fileOf(
  kind: SignInKind,
  { accessToken, refreshToken }: { accessToken: string; refreshToken: string },
  ms: number,
) {
  const expiresAt = Date.now() + ms;
  const claims = { "https://api.openai.com/auth": { chatgpt_plan_type: "plus", chatgpt_account_id: "acc" } };
  return kind === "claude-credentials"
    ? {
        claudeAiOauth: {
          accessToken,
          refreshToken,
          expiresAt,
          scopes: ["user:inference"],
          subscriptionType: "max",
          new: [1],
        },
        mcpOAuth: { server: { token: "kept" } },
      }
    : {
        auth_mode: "chatgpt",
        OPENAI_API_KEY: null,
        tokens: {
          id_token: server.jwt(claims),
          access_token: server.jwt({ exp: expiresAt / 1000, name: accessToken }),
          refresh_token: refreshToken,
          account_id: "acc_1",
          other: "kept",
        },
        last_refresh: "2026-01-01T00:00:00Z",
        personal: { kept: true },
      };
}

function setUp(kind: SignInKind = "claude-credentials", ms = hour) {
  const path = join(directory, `${files++}.json`);
  const tokens = server.issue();
  const before = fileOf(kind, tokens, ms);
  writeFileSync(path, JSON.stringify(before), { mode: 0o600 });
  const said: string[] = [];
  const open = () =>
    createSignIn({
      format: signInFormats[kind],
      path,
      endpoint: { url: server.url },
      onUnwritten: (message) => said.push(message),
    });
  return { path, before, tokens, said, open, signIn: open(), now: () => JSON.parse(readFileSync(path, "utf8")) };
}

const kinds = ["claude-credentials", "codex-auth"] as const;

// proves("upstream-oauth")
describe.each(kinds)("%s", (kind) => {
  test("is read from the CLI's own file, and not renewed before its time", async () => {
    const { signIn, tokens, path } = setUp(kind, 6 * 60_000);
    expect(await signIn.get()).toContain(kind === "codex-auth" ? "ey" : tokens.accessToken);
    expect([signIn.label, server.asked.length]).toEqual([path, 0]);
    expect((await signIn.state()).plan).toBe(kind === "codex-auth" ? "plus" : "max");
  });

  test("is renewed some minutes before its end, and written back beside all that was there", async () => {
    const { signIn, before, path, now } = setUp(kind, 4 * 60_000);
    const [first, second] = await Promise.all([signIn.get(), signIn.get()]);
    expect([second, server.asked.length]).toEqual([first, 1]);
    const after = now();
    const own = kind === "codex-auth" ? "tokens" : "claudeAiOauth";
    expect({ ...after, [own]: null, last_refresh: null }).toEqual({ ...before, [own]: null, last_refresh: null });
    expect(Object.keys(after[own]).toSorted()).toEqual(Object.keys(Object(Reflect.get(before, own))).toSorted());
    expect(JSON.stringify(after)).toContain(first);
    expect((statSync(path).mode & 0o777).toString(8)).toBe("600");
    expect(await signIn.get()).toBe(first);
  });

  test("twenty that are refused at once have it renewed once", async () => {
    const { signIn } = setUp(kind);
    const old = await signIn.get();
    const renewed = await Promise.all(Array.from({ length: 20 }, () => signIn.renew(old)));
    expect([new Set(renewed).size, server.asked.length]).toEqual([1, 1]);
    expect(renewed[0]).not.toBe(old);
  });

  test("what another process has renewed is taken from the file", async () => {
    const { signIn, open } = setUp(kind);
    const old = await signIn.get();
    const fresh = await open().renew(old);
    expect(await signIn.renew(old)).toBe(String(fresh));
    expect(server.asked).toHaveLength(1);
  });

  test("one that is over for good is said to be so, and not tried again until the file is another", async () => {
    const { signIn, path } = setUp(kind);
    const old = await signIn.get();
    server.revoke();
    for (let time = 0; time < 2; time += 1) {
      const refused = signIn.renew(old);
      await expect(refused).rejects.toThrow("is over: 127.0.0.1");
      await expect(refused).rejects.toHaveProperty("kind", "authentication");
    }
    expect(server.asked).toHaveLength(1);
    writeFileSync(path, JSON.stringify(fileOf(kind, server.issue(), hour)));
    expect(await signIn.renew(old)).not.toBe(old);
  });

  test("what cannot be written is used all the same, loudly, and written the next time", async () => {
    const { signIn, path, before, said, now } = setUp(kind);
    const old = await signIn.get();
    server.beforeAnswer = () => renameSync(join(path, ".."), `${directory}-away`);
    const fresh = await signIn.renew(old);
    expect([fresh === old, await signIn.get()]).toEqual([false, String(fresh)]);
    expect(said).toEqual([expect.stringContaining("could not be written")]);
    server.beforeAnswer = undefined;
    renameSync(`${directory}-away`, directory);
    expect(now()).toEqual(before);
    expect(await signIn.renew(String(fresh))).toBeUndefined();
    await signIn.refresh();
    expect(JSON.stringify(now())).toContain(await signIn.get());
    expect(server.asked.map(({ refresh_token: token }) => token)).toEqual([
      expect.any(String),
      expect.not.stringMatching(String(server.asked[0]?.["refresh_token"])),
    ]);
  });

  test.each([
    ["a file that is not there", undefined, "cannot be read"],
    ["one that is broken", "{", "is damaged"],
    ["one without a sign-in", "{}", "There is no sign-in"],
  ])("%s is said to be so", async (_title, text, message) => {
    const { signIn, path } = setUp(kind);
    if (text === undefined) rmSync(path);
    else writeFileSync(path, text);
    const problem = { kind: "authentication", message: expect.stringContaining(message) };
    await expect(signIn.get()).rejects.toMatchObject(problem);
  });
});

test("Claude Code's is presented as a bearer, with the beta that lets it in behind the client's own", async () => {
  const { signIn } = setUp("claude-credentials");
  const token = await signIn.get();
  expect(signIn.sign?.(token, { "anthropic-beta": "a, b" })).toEqual({
    authorization: `Bearer ${token}`,
    "anthropic-beta": "a,b,oauth-2025-04-20",
  });
});

test("one that others have renewed since it was had is still presented as a sign-in", async () => {
  const { signIn } = setUp("codex-auth");
  const old = await signIn.get();
  await signIn.renew(old);
  expect(signIn.sign?.(old, {})).toEqual({ authorization: `Bearer ${old}`, "chatgpt-account-id": "acc_1" });
});

test("is seen as its file has it, without being asked for", async () => {
  const { signIn, path, tokens } = setUp("claude-credentials", -hour);
  expect([await signIn.look(), server.asked.length]).toEqual([tokens.accessToken, 0]);
  rmSync(path);
  expect(await signIn.look()).toBeUndefined();
});

test.each([
  ["does not answer", "http://127.0.0.1:1/token", /^127\.0\.0\.1:1 could not be asked for a new sign-in.*token_url/],
  ["is at fault", undefined, /could not be had: 127\.0\.0\.1:\d+ answered 503\..*in a moment.*`claude \/login`/],
])("an authorization server that %s is named, with what to do", async (_title, url, words) => {
  const { path, tokens } = setUp("claude-credentials");
  if (url === undefined) server.refuseOnce(new Response("down", { status: 503 }));
  const signIn = createSignIn({
    format: signInFormats["claude-credentials"],
    path,
    endpoint: { url: url ?? server.url },
    onUnwritten: () => undefined,
  });
  const error: unknown = await signIn.renew(tokens.accessToken).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ kind: "upstream", explanation: expect.stringMatching(words) });
});

test("Codex's is presented with its account; a key in its place as any key", async () => {
  const { signIn, path, open } = setUp("codex-auth");
  const token = await signIn.get();
  expect(signIn.sign?.(token, {})).toEqual({ authorization: `Bearer ${token}`, "chatgpt-account-id": "acc_1" });
  writeFileSync(path, JSON.stringify({ auth_mode: "apikey", OPENAI_API_KEY: "sk-1" }));
  const other = open();
  expect([await other.get(), other.sign?.("sk-1", {})]).toEqual(["sk-1", undefined]);
});

test("one that cannot be renewed now is used to its end", async () => {
  const { signIn, tokens } = setUp("claude-credentials", 60_000);
  server.revoke();
  expect(await signIn.get()).toBe(tokens.accessToken);
});

test("two processes that renew one file at once lose nothing", async () => {
  const { path, tokens, now } = setUp("claude-credentials");
  const script = join(import.meta.dir, "testing", "renew-often.ts");
  const run = () => Bun.spawn([process.execPath, script, path, server.url, "10"], { stdout: "pipe", stderr: "pipe" });
  const both = [run(), run()];
  const told = await Promise.all(
    both.map(async ({ stdout, stderr }) => (await new Response(stdout).text()) + (await new Response(stderr).text())),
  );
  expect(told).toEqual(["renewed\n".repeat(10), "renewed\n".repeat(10)]);
  const { claudeAiOauth, mcpOAuth } = now();
  expect([claudeAiOauth.new, mcpOAuth]).toEqual([[1], { server: { token: "kept" } }]);
  expect(claudeAiOauth.accessToken).not.toBe(tokens.accessToken);
  expect(new Set(server.asked.map(({ refresh_token: token }) => token)).size).toBe(server.asked.length);
});

test("a sign-in made anew during a renewal stays; a link stays one", async () => {
  const { signIn, path } = setUp("claude-credentials");
  renameSync(path, `${path}.real`);
  symlinkSync(`${path}.real`, path);
  const old = await signIn.get();
  await signIn.refresh();
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  const anew = JSON.stringify({ claudeAiOauth: { ...server.issue(), expiresAt: Date.now() + hour } });
  server.beforeAnswer = () => writeFileSync(path, anew);
  await signIn.refresh();
  expect(readFileSync(path, "utf8")).toBe(anew);
  expect(old).not.toBe(await signIn.get());
});

test("a refusal that may pass is not remembered", async () => {
  const { signIn } = setUp("claude-credentials");
  const old = await signIn.get();
  server.refuseOnce(Response.json({ error: "invalid_request" }, { status: 400 }));
  await expect(signIn.renew(old)).rejects.toThrow("answered 400 (invalid_request)");
  expect(await signIn.renew(old)).not.toBe(old);
});

test("who signs out during a renewal is signed out", async () => {
  const { signIn, path, now } = setUp("claude-credentials");
  await signIn.get();
  server.beforeAnswer = () => writeFileSync(path, '{"mcpOAuth":{}}');
  await signIn.refresh();
  expect(now()).toEqual({ mcpOAuth: {} });
});

test("where there can be no lock beside the file, it is renewed all the same", async () => {
  const { signIn, path } = setUp("claude-credentials");
  const old = await signIn.get();
  mkdirSync(`${path}.ccproxy-lock`);
  expect(await signIn.renew(old)).not.toBe(old);
});
