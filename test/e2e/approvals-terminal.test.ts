/** `ccproxy permission-handler` in a real terminal, with the real CLI behind it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { findHelper } from "../../scripts/lib/absent.ts";
import { openHandler, toolPrompt } from "./support/approvals.ts";
import { type ClientBench, openClientBench } from "./support/client-bench.ts";
import { binary } from "./support/proxy.ts";
import { openTmux, type TmuxScreen } from "./support/tmux.ts";

setDefaultTimeout(60_000);
const tmux = findHelper("tmux");
const token = "a-token-for-the-terminal";
/** Keys that come sooner after a call is shown are meant for the one before it. */
const settledMs = 700;

describe.skipIf(tmux === undefined)("in a terminal", () => {
  let bench: ClientBench;
  let screen: TmuxScreen;
  let files = 0;

  beforeAll(async () => {
    bench = await openClientBench({
      args: ["--approvals", "--auth-token", token],
      env: { CCPROXY__APPROVALS__TIMEOUT_SECONDS: "12" },
    });
    const editor = join(bench.proxy.home, "editor.sh");
    // It reads keys, as an editor does.
    writeFileSync(editor, `#!/bin/sh\nprintf 'Instead: '; read -r text; sed -i "s/as asked/$text/" "$1"\n`);
    chmodSync(editor, 0o700);
    screen = await openScreen("handler", { EDITOR: editor });
    await screen.shows("Nothing waits for you.");
  });
  afterAll(async () => {
    await screen.close();
    await bench.end();
  });

  async function openScreen(name: string, env: Record<string, string> = {}, ...args: readonly string[]) {
    const { home } = bench.proxy;
    const url = args.some((word) => word.startsWith("--url")) ? [] : [`--url=${bench.proxy.url}`];
    return await openTmux({
      tmux: tmux ?? "",
      socket: join(home, `${name}.tmux`),
      command: [binary, "permission-handler", ...url, ...args],
      env: { PATH: process.env["PATH"] ?? "", HOME: home, CCPROXY__SERVER__AUTH_TOKEN: token, ...env },
    });
  }
  function newFile(): string {
    files += 1;
    return join(bench.proxy.cwd, `terminal-${files}.txt`);
  }
  async function ask(prompt: string): Promise<unknown> {
    const { anthropic } = bench.clients("agent", { apiKey: token });
    const messages = [{ role: "user" as const, content: prompt }];
    return await anthropic.messages.create({ model: "claude-sonnet-5-5", max_tokens: 999, messages });
  }
  function write(file: string, content = "as asked"): Promise<unknown> {
    return ask(toolPrompt("Write", { file_path: file, content }));
  }
  async function decide(...keys: readonly string[]): Promise<void> {
    await Bun.sleep(settledMs);
    for (const key of keys) await screen.press(key);
  }

  test('y allows what is shown whole, with its countdown; proves("tool-approval-terminal")', async () => {
    const file = newFile();
    const answered = write(file);
    const shown = await screen.shows("+as asked");
    expect(shown).toContain(`+++ ${file}`);
    expect(shown).toContain("content: as asked");
    expect(shown).toMatch(/denied in \d+ s/);
    await decide("y");
    await answered;
    expect(readFileSync(file, "utf8")).toBe("as asked");
    await screen.shows("Write: allowed");
  });

  test("n denies, and m says why", async () => {
    const file = newFile();
    const denied = write(file);
    await screen.shows("+as asked");
    await decide("n");
    await denied;
    await screen.shows("Write: denied");

    const told = write(file);
    await screen.shows("+as asked");
    await decide("m");
    await screen.write("Not here, please.");
    await screen.shows("tell Claude: Not here, please.");
    await screen.press("Enter");
    await told;
    expect(JSON.stringify(bench.lastAsked().messages)).toContain("Not here, please.");
    expect(existsSync(file)).toBe(false);
  });

  test("e opens the editor, and what it left is what runs", async () => {
    const file = newFile();
    const answered = write(file);
    await screen.shows("+as asked");
    await decide("e");
    await screen.shows("Instead:");
    await screen.write("as edited");
    await screen.press("Enter");
    await screen.shows("As you edited it:");
    expect(await screen.text()).toContain("content: as edited");
    await decide("y");
    await answered;
    expect(readFileSync(file, "utf8")).toBe("as edited");
  });

  test("what nobody answers expires before one's eyes", async () => {
    const file = newFile();
    const answered = write(file);
    await screen.shows("denied in 2 s");
    await screen.shows("Write: expired, and so denied");
    await answered;
    expect(existsSync(file)).toBe(false);
  });

  test("another handler's word closes the question, and the next one is shown", async () => {
    const [first, second] = [newFile(), newFile()];
    const handler = await openHandler(bench.proxy.url, { authorization: `Bearer ${token}` });
    const one = write(first);
    await handler.event("permission_request", 1);
    const other = write(second);
    await handler.event("permission_request", 2);
    await screen.shows("2 waiting");
    await handler.respond((await handler.event("permission_request", 1)).request_id, { allowed: false });
    await one;
    await screen.shows(`file_path: ${second}`);
    await decide("y");
    await other;
    expect([existsSync(first), existsSync(second)]).toEqual([false, true]);
    handler.leave();
  });

  test("a key in flight does not decide on a call that has just appeared", async () => {
    const file = newFile();
    const answered = write(file);
    // As fast as a terminal takes them, from before the call is there until after it is.
    const deadline = performance.now() + 20_000;
    while (!(await screen.text()).includes("+as asked") && performance.now() < deadline) await screen.press("y");
    expect(existsSync(file)).toBe(false);
    await decide("n");
    await answered;
    expect(existsSync(file)).toBe(false);
  });

  test("what a call says cannot redraw the screen it is judged on", async () => {
    const answered = write(newFile(), "rm -rf / \u001B[2J\u001B[Hharmless \u202Etxt.exe");
    const shown = await screen.shows("rm -rf");
    expect(shown).toContain("content: rm -rf / \\u{1b}[2J\\u{1b}[Hharmless \\u{202e}txt.exe");
    await decide("n");
    await answered;
  });

  test("it comes back after the connection was lost", async () => {
    const relay = (port: number) =>
      Bun.serve({
        hostname: "127.0.0.1",
        port,
        idleTimeout: 0,
        fetch: ({ url, headers, signal }) => {
          const { pathname, search } = new URL(url);
          return fetch(bench.proxy.url + pathname + search, { headers, signal });
        },
      });
    const first = relay(0);
    const { port = 0 } = first;
    const relayed = await openScreen("relayed", {}, `--url=http://127.0.0.1:${port}`);
    await relayed.shows("Nothing waits for you.");
    await first.stop(true);
    await relayed.shows("Trying again in");
    const second = relay(port);
    await relayed.shows("Nothing waits for you.");
    await relayed.close();
    await second.stop(true);
  });

  test("a wrong access token is said at once", async () => {
    const wrong = await openScreen("wrong", { CCPROXY__SERVER__AUTH_TOKEN: "not-the-token" });
    await wrong.shows("The access token is wrong.");
    await wrong.close();
  });

  test("--no-ui prints and decides nothing", async () => {
    const watching = await openScreen("watching", {}, "--no-ui");
    await watching.shows("connected");
    const file = newFile();
    const answered = write(file);
    await watching.shows("permission_request");
    await screen.shows("+as asked");
    await decide("y");
    await answered;
    await watching.shows("allowed");
    expect(existsSync(file)).toBe(true);
    await watching.close();
  });

  test("q leaves the terminal as it was", async () => {
    await screen.press("q");
    expect(await screen.shows("permission-handler")).not.toContain("Nothing waits for you.");
    await screen.write("echo still-$((40 + 2))");
    await screen.press("Enter");
    await screen.shows("still-42");
  });
});
