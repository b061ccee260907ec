/** A key in the system's keychain: a real one, GNOME's, in a session of its own that nobody else sees. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type DemoUpstream, startDemoUpstream } from "#demo/demo-upstream.ts";

import { findHelper } from "../../../scripts/lib/absent.ts";
import { run } from "../../../scripts/lib/run.ts";
import { environmentOf } from "../support/auth-login.ts";
import { binary } from "../support/proxy.ts";

setDefaultTimeout(60_000);

const daemon = findHelper("a keychain");
const key = "sk-kept-where-nobody-looks";

let demo: DemoUpstream;
let home: string;
beforeAll(async () => {
  demo = startDemoUpstream();
  home = await mkdtemp(join(tmpdir(), "ccproxy-keychain-"));
  const openai = { base_url: `${demo.url}/v1`, allow_private: true };
  await Bun.write(join(home, "ccproxy.json"), JSON.stringify({ providers: { openai } }));
});
afterAll(async () => {
  await demo.stop();
  await rm(home, { recursive: true, force: true });
});

/** One session, which ends with the last of these lines: `ccproxy` is the program, with the configuration. */
async function inSession(...lines: readonly string[]): Promise<string> {
  const script = [
    `ccproxy() { "${binary}" "$@" --config "${home}/ccproxy.json" 2>&1; }`,
    `printf of-nobody | "${daemon}" --unlock --components=secrets >/dev/null 2>&1`,
    ...lines,
  ].join("\n");
  const env = { ...environmentOf(home), XDG_RUNTIME_DIR: home };
  const { output } = await run(["dbus-run-session", "--", "sh", "-c", script], { cwd: home, env });
  expect(output).not.toContain(key);
  return output;
}

// proves("upstream-keychain")
test.if(daemon !== undefined)("a key is kept in it, presented from it, and forgotten with a word", async () => {
  const output = await inSession(
    `printf ${key} | ccproxy auth login openai --keychain`,
    "ccproxy auth status --check",
    "ccproxy auth logout openai",
    "ccproxy auth status",
  );
  expect(output).toContain("the system's keychain, as openai of ccproxy");
  expect(output).toMatch(/^openai .*works$/m);
  expect(output).toContain("OPENAI_API_KEY is not set");
  expect(await Array.fromAsync(new Bun.Glob("**").scan({ cwd: join(home, "config"), dot: true }))).toEqual([]);
});
