/**
 * Whatever goes wrong between Codex and its provider, every client is told so in its own format, or gets the exact answer:
 * over HTTP, with one row each. What goes wrong with Codex itself is in `faults.test.ts`.
 */
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type ByteUpstream, type Said, startByteUpstream } from "../support/byte-upstream.ts";
import { childrenOf } from "../support/children.ts";
import { expectCutsTold } from "../support/cut-turns.ts";
import { isLong } from "../support/long.ts";
import { openProviderBench, type ProviderBench } from "../support/provider-bench.ts";
import { askAt, readTold, type Told, type Way, ways as allWays } from "../support/provider-ways.ts";
import { waitFor } from "../support/proxy.ts";
import { selfSigned } from "../support/self-signed.ts";
import { expectToldFailure, expectToldWhole, overloaded } from "../support/told-truth.ts";
import { codexProgram } from "./support.ts";

setDefaultTimeout(30_000);

const longestCutsMs = isLong ? 1_800_000 : 30_000;

/** Each format, streamed and whole. */
const ways: readonly Way[] = allWays.filter(({ client, provider }) => client === provider);
const streamed = ways.filter(({ stream }) => stream);
const text = "Grüße";
const sse = { "content-type": "text/event-stream" };
const json = { "content-type": "application/json" };

/** It tries once: each further try costs it, and the suite, the more time the more there were. */
const once = ["request_max_retries = 0", "stream_max_retries = 0", "stream_idle_timeout_ms = 400"];

// proves("upstream-codex", "stream-true-status", "stream-late-error", "stream-one-terminal", "log-access")
describe.skipIf(codexProgram === undefined)("a fault of Codex's provider", () => {
  let bench: ProviderBench;
  let bytes: ByteUpstream;
  let secure: ReturnType<typeof Bun.serve>;
  let codexHome: string;
  let recording: Uint8Array;

  beforeAll(async () => {
    bytes = startByteUpstream();
    bench = await openProviderBench({
      args: ["--log-level", "error"],
      env: { CODEX_REFRESH_TOKEN_URL_OVERRIDE: `${bytes.url}/token` },
      config: () => ({
        codex: { enabled: true, path: codexProgram, response_timeout_seconds: 3 },
        limits: { max_running: 20 },
      }),
    });
    codexHome = join(bench.proxy.home, ".codex");
    mkdirSync(codexHome);
    secure = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: await selfSigned(bench.proxy.home),
      fetch: () => new Response("Nobody comes this far."),
    });
    const body = JSON.stringify({ model: "gpt-demo", input: `[[demo say ${text}]]`, store: false, stream: true });
    const headers = { authorization: "Bearer demo" };
    recording = await (await fetch(`${bench.demo.url}/v1/responses`, { method: "POST", headers, body })).bytes();
    provider(bytes.url);
  });
  afterAll(async () => {
    const { home, pid } = bench.proxy;
    await bench.quiet();
    await bench.checkRows();
    await bench.proxy.end();
    expect(childrenOf(home, pid)).toEqual([]);
    await bench[Symbol.asyncDispose]();
    bytes.stop();
    await secure.stop(true);
  });
  // Nothing is left open, and the next request is answered, by the one process there is.
  afterEach(async () => {
    await waitFor(() => bytes.open() === 0 || undefined, 5000);
    provider(bytes.url);
    bytes.says(() => ({ headers: sse, body: [recording] }));
    expectToldWhole(bench, await askAll("Hello.", streamed.slice(0, 1)), text);
    expect(childrenOf(bench.proxy.home, bench.proxy.pid)).toHaveLength(1);
  });

  /** Codex reads its configuration for each thread. */
  function provider(url: string, more: readonly string[] = once): void {
    const lines = [
      'model = "gpt-demo"',
      'model_provider = "somebody"',
      // Where it would ask for more than answers, with a login of its vendor's.
      `chatgpt_base_url = "${bytes.url}/backend-api"`,
      "[model_providers.somebody]",
      'name = "Somebody"',
      `base_url = "${url}/v1"`,
      'wire_api = "responses"',
      ...(more.includes("requires_openai_auth = true") ? [] : ['experimental_bearer_token = "sk-upstream-secret"']),
      ...more,
    ];
    writeFileSync(join(codexHome, "config.toml"), lines.join("\n"));
  }

  const ask = (way: Way, prompt: string): Promise<Told> =>
    askAt(`${bench.proxy.url}/codex`, way, prompt, { "x-ccproxy-mode": "chat" });
  const askAll = (prompt: string, among: readonly Way[] = ways): Promise<readonly Told[]> =>
    Promise.all(among.map((way) => ask(way, prompt)));

  test.each([
    ["a connection that is refused", () => "http://127.0.0.1:1"],
    ["a name that is nobody's", () => "http://nonexistent.invalid"],
    ["TLS where none is spoken", () => bench.demo.url.replace("http:", "https:")],
    ["a certificate that nobody vouches for", () => secure.url.origin],
  ])("%s", async (_name, url) => {
    provider(url());
    const message = /^Codex could not reach its provider somebody\. Check the network.*base_url.*config\.toml/;
    expectToldFailure(bench, await askAll("Hello."), { kind: "upstream", status: 502, message });
  });

  test.each([
    ["400", { kind: "invalid-request", status: 400 }],
    ["401", { kind: "authentication", status: 401, message: "codex login" }],
    ["402", { kind: "billing", status: 402 }],
    ["403", { kind: "permission", status: 403 }],
    ["404", { kind: "not-found", status: 404 }],
    ["429 retry-after=9", { kind: "rate-limit", status: 429 }],
    ["500", { kind: "upstream", status: 500, message: /status 500\.$/ }],
    ["503", { kind: "overloaded", status: overloaded }],
    ["529", { kind: "overloaded", status: overloaded }],
  ] as const)("%s", async (error, failure) => {
    provider(bench.demo.url);
    const told = await askAll(`[[demo error ${error}]]`);
    expectToldFailure(bench, told, failure);
    for (const { headers } of told) expect(headers.has("retry-after")).toBe(failure.kind === "rate-limit");
  });

  const noAnswer = { kind: "upstream", status: 502, message: "was no answer, or broke off" } as const;
  const head = (more: object): Said => ({ headers: sse, body: [], ...more });
  test.each<[string, () => Said, object]>([
    [
      "half a head, and the end",
      () => head({ raw: "HTTP/1.1 200 OK\r\ncontent-t", ending: "cut" }),
      { message: "reach" },
    ],
    ["another protocol", () => head({ raw: "SSH-2.0-OpenSSH_9.6\r\n", ending: "cut" }), { message: "reach" }],
    ["a page of HTML", () => ({ headers: { "content-type": "text/html" }, body: ["<!doctype html><p>Hi.</p>"] }), {}],
    [
      "a page of HTML for an error",
      () => head({ status: "502 Bad Gateway", body: ["<html>Oh</html>"] }),
      { message: /status 502\.$/ },
    ],
    ["nothing at all", () => head({}), {}],
    [
      "a whole answer in place of a stream",
      () => ({ headers: json, body: ['{"object":"response","status":"completed"}'] }),
      {},
    ],
    ["bytes of anything", () => head({ body: [new Uint8Array(99).fill(200)] }), {}],
    ["events that are none", () => head({ body: ["data: <p>\n\ndata: [DONE]\n\n"] }), {}],
    // Codex asks for no compression, and undoes none (0.169).
    [
      "gzip that nobody asked for",
      () => ({ headers: { ...sse, "content-encoding": "gzip" }, body: [Bun.gzipSync(Buffer.from(recording))] }),
      {},
    ],
    ["a reset", () => head({ body: [": hello\n\n"], framing: "chunked", ending: "reset" }), {}],
  ])("%s", async (_name, said, more) => {
    bytes.says(said);
    expectToldFailure(bench, await askAll("Hello."), { ...noAnswer, ...more });
  });

  test("silence in the middle of it", async () => {
    const end = Buffer.from(recording).indexOf("event: response.output_text.done");
    bytes.says(() => head({ body: [recording.subarray(0, end)], framing: "chunked", ending: "silent" }));
    const told = await askAll("Hello.");
    expectToldFailure(bench, told, { kind: "timeout", status: 504, begun: true, message: "fell silent" });
    for (const one of told) expect(readTold(one).text).toBe(one.way.stream ? text : "");
  });

  /**
   * A turn of Codex costs 30 ms, and Codex alone reads these bytes, and hands on whole events. So each event is cut where
   * its reader stands differently: in its name, in its JSON, before and after each of the line ends behind it, and within
   * each character of several bytes. The long run (CCPROXY_TEST_LONG=1) cuts after every byte.
   */
  test(
    "cut off wherever its reader stands differently",
    async () => {
      const { whole, failed, asked } = await expectCutsTold({ bench, bytes, recording, text, ways, ask, atOnce: 10 });
      expect(whole).toEqual(isLong ? [recording.byteLength] : []);
      expect(asked).toBe(whole.length + failed);
    },
    longestCutsMs,
  );

  test("what Codex tries again by itself: what passes is not seen, and nobody waits long for what does not", async () => {
    // By default four tries at a time, and then five more: 31 in 25 seconds.
    provider(bytes.url, ["request_max_retries = 1"]);
    const asked = new Map<string, number>();
    bytes.says(({ body }) => {
      const what = /Hello, (\w+)/.exec(body)?.[1] ?? "";
      asked.set(what, (asked.get(what) ?? 0) + 1);
      switch (what) {
        case "passing":
          return asked.get(what) === 1 ? head({}) : head({ body: [recording] });
        case "limited":
          return head({ status: "429 Too Many Requests", headers: { "retry-after": "60" }, body: ["{}"] });
        case "broken":
          return head({ raw: "", ending: "cut" });
        default:
          return head({ raw: "", ending: "silent" });
      }
    });
    const [passing, limited, broken, silent] = await Promise.all([
      askAll("Hello, passing", streamed.slice(0, 1)),
      askAll("Hello, limited"),
      askAll("Hello, broken"),
      askAll("Hello, silent"),
    ]);
    expectToldWhole(bench, passing, text);
    expect(asked.get("passing")).toBe(2);
    expectToldFailure(bench, limited, { kind: "rate-limit", status: 429 });
    // With a true status, also for those who stream: before the first heartbeat.
    expectToldFailure(bench, broken, { kind: "upstream", status: 502, message: "could not reach" });
    expectToldFailure(bench, silent, { kind: "timeout", status: 504, message: "did not begin to answer" });
  });

  test("a login that is refused is renewed, and the answer is exact; one that cannot be is told", async () => {
    const tokens = { ...loginOf("old"), account_id: "acc" };
    const login = { auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens, last_refresh: new Date().toISOString() };
    writeFileSync(join(codexHome, "auth.json"), JSON.stringify(login), { mode: 0o600 });
    // It knows the login that it started with.
    for (const pid of childrenOf(bench.proxy.home, bench.proxy.pid)) process.kill(pid, "SIGKILL");
    const isGone = async () => (await (await fetch(`${bench.proxy.url}/health`)).text()).includes("first request");
    await waitFor(async () => (await isGone()) || undefined, 5000);
    const askOnce = () => askAll("Hello.", streamed.slice(0, 1));
    // With a provider that needs the login it would first ask where the account lives.
    bytes.says(() => ({ headers: sse, body: [recording] }));
    expectToldWhole(bench, await askOnce(), text);
    provider(bytes.url, [...once, "requires_openai_auth = true"]);
    const renewed = loginOf("new");
    let welcome: string | undefined = tokens.access_token;
    let asked: string[] = [];
    bytes.says(({ head: line }) => {
      const isRenewal = line.startsWith("POST /token");
      const isWelcome = welcome !== undefined && line.includes(`Bearer ${welcome}`);
      const isQuestion = line.startsWith("POST /v1/responses");
      if (isRenewal || isQuestion) asked.push(isRenewal ? "renewal" : isWelcome ? "welcome" : "refused");
      if (isRenewal && welcome !== undefined) return { headers: json, body: [JSON.stringify(renewed)] };
      if (isWelcome) return isQuestion ? { headers: sse, body: [recording] } : { headers: json, body: ["{}"] };
      const code = isRenewal ? "refresh_token_expired" : "token_expired";
      return { status: "401 Unauthorized", headers: json, body: [JSON.stringify({ error: { code } })] };
    });
    expectToldWhole(bench, await askOnce(), text);
    expect(asked).toEqual(["welcome"]);
    [welcome, asked] = [renewed.access_token, []];
    expectToldWhole(bench, await askOnce(), text);
    expect(asked.slice(-2)).toEqual(["renewal", "welcome"]);
    welcome = undefined;
    expectToldFailure(bench, await askOnce(), { kind: "authentication", status: 401, message: "codex login" });
  });
});

/** As its vendor gives them out. */
function loginOf(name: string) {
  const account = { chatgpt_account_id: "acc", chatgpt_plan_type: "plus" };
  const claims = { "https://api.openai.com/auth": account, jti: name, exp: Math.floor(Date.now() / 1000) + 86_400 };
  const token = `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
  return { id_token: token, access_token: token, refresh_token: `rt-${name}` };
}
