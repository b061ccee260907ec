/** Whose children they are: however the proxy ends, no `claude` and no upstream request stays behind. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { childrenOf } from "./support/children.ts";
import { claudes, type Proxy, startProxy, waitFor } from "./support/proxy.ts";
import { readRows } from "./support/rows.ts";

const longAnswer = "[[demo text 600 delay=50]]";
/** How soon nothing may be left after a SIGKILL. */
const soonMs = 1000;

describe.each([...claudes])("claude $version", ({ path }) => {
  test('SIGKILL of the proxy in mid-answer leaves no process and no upstream request within a second; proves("cli-no-orphans")', async () => {
    const proxy = await startProxy({ claude: path });
    const answer = ask(proxy, longAnswer);
    await waitFor(() => (proxy.upstream.openRequests() === 1 ? true : undefined), 20_000);
    expect(childrenOf(proxy.home, proxy.pid).length).toBeGreaterThan(0);
    proxy.kill("SIGKILL");
    await proxy.exited;
    await waitFor(() => (childrenOf(proxy.home, proxy.pid).length === 0 ? true : undefined), soonMs);
    await waitFor(() => (proxy.upstream.openRequests() === 0 ? true : undefined), soonMs);
    await answer;
    await proxy.stop();
  }, 60_000);

  test('the prompt and the credential are in nobody\'s arguments; proves("cli-stream-json")', async () => {
    const proxy = await startProxy({ claude: path, env: { ANTHROPIC_API_KEY: "sk-ant-not-in-argv" } });
    const answer = ask(proxy, `not in argv either ${longAnswer}`);
    await waitFor(() => (proxy.upstream.openRequests() === 1 ? true : undefined), 20_000);
    const commands = childrenOf(proxy.home, proxy.pid).map(commandOf);
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.filter((command) => command.includes("not") && command.includes("argv"))).toEqual([]);
    proxy.kill("SIGKILL");
    await answer;
    await proxy.stop();
  }, 60_000);

  test("SIGKILL of the proxy also ends what a tool of Claude has started", async () => {
    const proxy = await startProxy({ claude: path, args: ["--allowed-tools", "Bash"] });
    const command = 'sh -c "touch started; sleep 300"';
    const answer = ask(proxy, `[[demo tool Bash ${JSON.stringify({ command, description: "wait" })}]]`);
    await waitFor(() => (existsSync(join(proxy.cwd, "started")) ? true : undefined), 20_000);
    proxy.kill("SIGKILL");
    await waitFor(() => (childrenOf(proxy.home, proxy.pid).length === 0 ? true : undefined), soonMs);
    await answer;
    await proxy.stop();
  }, 60_000);

  test("a client that hangs up ends the turn, its upstream request and its tools; the proxy goes on", async () => {
    const proxy = await startProxy({ claude: path, args: ["--allowed-tools", "Bash", "--pool-size", "1"] });
    const client = new AbortController();
    const answer = ask(proxy, '[[demo tool Bash {"command":"touch started; sleep 300","description":"wait"}]]', {
      client,
    });
    await waitFor(() => (existsSync(join(proxy.cwd, "started")) ? true : undefined), 20_000);
    client.abort();
    await answer;
    await waitFor(() => (sleeps(proxy) === 0 ? true : undefined), 10_000);
    expect(proxy.upstream.openRequests()).toBe(0);
    expect((await ask(proxy, "still there?")).status).toBe(200);
    // One parked, and the one of the conversation that may go on.
    await waitFor(() => (childrenOf(proxy.home, proxy.pid).length <= 2 ? true : undefined), 10_000);
    expect(await proxy.stop()).toBe(0);
  }, 60_000);
});

test("SIGTERM lets a turn finish, refuses new ones, exits 0 and leaves no child and no temporary file", async () => {
  const proxy = await startProxy();
  const answer = ask(proxy, "[[demo text 40 delay=50]]");
  await waitFor(() => (proxy.upstream.openRequests() === 1 ? true : undefined), 20_000);
  proxy.kill("SIGTERM");
  await waitFor(async () => ((await status(`${proxy.url}/health/ready`)) === 503 ? true : undefined), 5000);
  const refused = await fetch(`${proxy.url}/v1/chat/completions`, { method: "POST", body: "{}" });
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { message: expect.any(String), type: expect.any(String) } });
  const { body } = await answer;
  expect(body).toContain('"finish_reason":"stop"');
  expect(body).toEndWith("data: [DONE]\n\n");
  expect(await proxy.exited).toBe(0);
  expect(childrenOf(proxy.home, proxy.pid)).toEqual([]);
  expect(await readdir(join(proxy.stateDirectory, "tmp"))).toEqual([]);
  expect(await readdir(join(proxy.stateDirectory, "children"))).toEqual([]);
  await proxy.stop();
}, 60_000);

test("a turn that outlasts the drain is ended with an error frame, and the proxy still exits 0", async () => {
  const proxy = await startProxy({ env: { CCPROXY__SERVER__DRAIN_SECONDS: "0.5" } });
  const answer = ask(proxy, longAnswer);
  await waitFor(() => (proxy.upstream.openRequests() === 1 ? true : undefined), 20_000);
  proxy.kill("SIGTERM");
  const { body } = await answer;
  expect(body).toContain('"error"');
  expect(body).not.toContain('"finish_reason":"stop"');
  expect(await proxy.exited).toBe(0);
  expect(childrenOf(proxy.home, proxy.pid)).toEqual([]);
  await proxy.stop();
}, 60_000);

test("a second SIGTERM does not wait for the drain, but tells each client in its format that its answer ends", async () => {
  const proxy = await startProxy({ env: { CCPROXY__SERVER__DRAIN_SECONDS: "3600" } });
  const [chat, messages] = await Promise.all([
    post(proxy, longAnswer),
    post(proxy, longAnswer, { path: "/v1/messages" }),
  ]);
  const whole = ask(proxy, longAnswer, { stream: false });
  await waitFor(() => (proxy.upstream.openRequests() === 3 ? true : undefined), 20_000);
  proxy.kill("SIGTERM");
  await waitFor(async () => ((await status(`${proxy.url}/health/ready`)) === 503 ? true : undefined), 5000);
  proxy.kill("SIGTERM");
  expect(await proxy.exited).toBe(143);
  await waitFor(() => (childrenOf(proxy.home, proxy.pid).length === 0 ? true : undefined), 5000);
  expect(await chat.text()).toMatch(/\ndata: \{"error":\{"message":"ccproxy is shutting down[^\n]*\n\n$/);
  expect(await messages.text()).toMatch(/\nevent: error\ndata: \{"type":"error"[^\n]*shutting down[^\n]*\n\n$/);
  expect(await whole).toMatchObject({ status: 503, body: expect.stringContaining("shutting down") });
  const cut = readRows(proxy).filter(({ path }) => path.startsWith("/v1/"));
  expect(cut.map(({ errorKind }) => errorKind)).toEqual(["unavailable", "unavailable", "unavailable"]);
  await proxy.stop();
}, 60_000);

interface Asking {
  readonly client?: AbortController;
  readonly path?: string;
  readonly stream?: boolean;
}

/** Read to its end or to the hang-up. */
async function ask(proxy: Proxy, content: string, asking: Asking = {}) {
  try {
    const response = await post(proxy, content, asking);
    return { status: response.status, body: await response.text() };
  } catch {
    return { status: 0, body: "" };
  }
}

/** Resolves when the answer begins. A streamed chat completion, unless told otherwise. */
async function post(proxy: Proxy, content: string, asking: Asking = {}): Promise<Response> {
  const { client = new AbortController(), path = "/v1/chat/completions", stream = true } = asking;
  return await fetch(`${proxy.url}${path}`, {
    method: "POST",
    body: JSON.stringify({ model: "sonnet", max_tokens: 9999, stream, messages: [{ role: "user", content }] }),
    signal: client.signal,
  });
}

async function status(url: string): Promise<number> {
  const response = await fetch(url).catch(() => undefined);
  await response?.text();
  return response?.status ?? 0;
}

function sleeps(proxy: Proxy): number {
  return childrenOf(proxy.home, proxy.pid).filter((pid) => commandOf(pid).includes("sleep\x00300")).length;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}
