/**
 * Whatever goes wrong between Claude Code and the model's API, below HTTP: every client is told so in its own format, or
 * gets the exact answer, with one row each. What the API itself refuses is in `errors.test.ts` and `clients/failures.test.ts`.
 */
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type ByteUpstream, type Said, startByteUpstream } from "../support/byte-upstream.ts";
import { childrenOf } from "../support/children.ts";
import { expectCutsTold } from "../support/cut-turns.ts";
import { isLong } from "../support/long.ts";
import { openProviderBench, type ProviderBench } from "../support/provider-bench.ts";
import { askAt, readTold, type Told, type Way } from "../support/provider-ways.ts";
import { claudes, waitFor } from "../support/proxy.ts";
import { selfSigned } from "../support/self-signed.ts";
import { expectToldFailure, expectToldWhole } from "../support/told-truth.ts";

setDefaultTimeout(30_000);

const longestCutsMs = isLong ? 1_800_000 : 30_000;

const text = "Grüße";
const sse = { "content-type": "text/event-stream" };
const json = { "content-type": "application/json" };
const head = (more: object): Said => ({ headers: sse, body: [], ...more });
const [newest] = claudes;
/**
 * Each answer is a process, which costs half a second: two formats take turns, and the older version is asked where it has
 * words of its own.
 */
const ways: readonly Way[] = [
  { provider: "anthropic-messages", client: "anthropic-messages", stream: true },
  { provider: "anthropic-messages", client: "openai-chat", stream: false },
];

// proves("stream-true-status", "stream-late-error", "stream-one-terminal", "log-access")
describe.each([...claudes])("claude $version", ({ path, version }) => {
  const isNewest = version === newest?.version;
  let bench: ProviderBench;
  let bytes: ByteUpstream;
  let secure: ReturnType<typeof Bun.serve>;
  let folder: string;
  let recording: Uint8Array;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ccproxy-upstreams-"));
    bytes = startByteUpstream();
    upstream(bytes.url);
    // The real one, with the upstream that the test names, of which it tries each once.
    const launcher = join(folder, "claude");
    const settings = `ANTHROPIC_BASE_URL="$(cat '${folder}/upstream')" CLAUDE_CODE_MAX_RETRIES=0`;
    writeFileSync(launcher, `#!/bin/sh\n${settings} exec '${path}' "$@"\n`);
    chmodSync(launcher, 0o755);
    secure = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: await selfSigned(folder),
      fetch: () => new Response("Nobody comes this far."),
    });
    bench = await openBench({ idle_timeout_seconds: 3 });
    const messages = [{ role: "user", content: `[[demo say ${text}]]` }];
    const body = JSON.stringify({ model: "claude-haiku-4-5", max_tokens: 99, messages, stream: true });
    const headers = { "x-api-key": "demo" };
    recording = await (await fetch(`${bench.demo.url}/v1/messages`, { method: "POST", headers, body })).bytes();
  });
  afterAll(async () => {
    const { home, pid } = bench.proxy;
    await bench.checkRows();
    await bench.proxy.end();
    expect(childrenOf(home, pid)).toEqual([]);
    await bench[Symbol.asyncDispose]();
    bytes.stop();
    await secure.stop(true);
    rmSync(folder, { recursive: true });
  });
  const openBench = (limits: object): Promise<ProviderBench> =>
    openProviderBench({
      args: ["--log-level", "error", "--max-sessions", "0"],
      env: { API_TIMEOUT_MS: "4000" },
      config: () => ({ claude: { path: join(folder, "claude"), ...limits } }),
    });
  // Nothing is left of it.
  afterEach(async () => {
    await bench.quiet();
    await waitFor(() => bytes.open() === 0 || undefined, 5000);
    await waitFor(() => childrenOf(bench.proxy.home, bench.proxy.pid).length === 0 || undefined, 5000);
  });

  const upstream = (url: string): void => writeFileSync(join(folder, "upstream"), url);
  const ask = (way: Way, prompt: string, of = bench): Promise<Told> =>
    askAt(of.proxy.url, way, prompt, { "x-ccproxy-mode": "chat" });
  const wayOf = (index: number): readonly Way[] => ways.slice(index % ways.length).slice(0, 1);
  const askBy = async (among: readonly Way[]): Promise<readonly Told[]> =>
    await Promise.all(among.map((way) => ask(way, "Hello.")));

  const unreached: readonly (readonly [string, () => string])[] = [
    ["a connection that is refused", () => "http://127.0.0.1:1"],
    ["a name that is nobody's", () => "http://nonexistent.invalid"],
    ["TLS where none is spoken", () => bench.demo.url.replace("http:", "https:")],
    ["a certificate that nobody vouches for", () => secure.url.origin],
  ];
  test.each(unreached.map((row, index) => [...row, index] as const))("%s", async (_name, url, index) => {
    upstream(url());
    const message = /^Claude Code could not reach its model API: .*Check the network.*ANTHROPIC_BASE_URL/;
    expectToldFailure(bench, await askBy(wayOf(index)), { kind: "upstream", status: 502, message });
    upstream(bytes.url);
  });

  const nonsense: readonly (readonly [string, () => Said, object])[] = [
    ["another protocol", () => head({ raw: "SSH-2.0-OpenSSH_9.6\r\n", ending: "cut" }), { message: "could not reach" }],
    ["a page of HTML for an error", () => head({ status: "502 Bad Gateway", body: ["<html>Oh</html>"] }), {}],
    [
      "what says it is gzip",
      () => head({ headers: { ...sse, "content-encoding": "gzip" }, body: ["Not at all."] }),
      {},
    ],
  ];
  const moreNonsense: typeof nonsense = [
    ["half a head, and the end", () => head({ raw: "HTTP/1.1 200 OK\r\ncontent-t", ending: "cut" }), {}],
    ["a page of HTML", () => ({ headers: { "content-type": "text/html" }, body: ["<!doctype html><p>Hi.</p>"] }), {}],
    ["a whole answer in place of a stream", () => ({ headers: json, body: ['{"type":"message"}'] }), {}],
    ["bytes of anything", () => head({ body: [new Uint8Array(99).fill(200)] }), {}],
    ["a reset", () => head({ body: [": hello\n\n"], framing: "chunked", ending: "reset" }), {}],
    [
      "no head at all",
      () => head({ raw: "", ending: "silent" }),
      { kind: "timeout", status: 504, message: "timed out" },
    ],
  ];
  const rows = [...nonsense, ...(isNewest ? moreNonsense : [])];
  test.each(rows.map((row, index) => [...row, index] as const))("%s", async (_name, said, more, index) => {
    bytes.says(said);
    const message = /^(?!.*(?:127\.0\.0\.1|verbose|<html>|^\d)).*\S/;
    const told = await askBy(wayOf(index));
    expectToldFailure(bench, told, { kind: "upstream", status: 502, message, ...more });
  });

  test("gzip, whole", async () => {
    bytes.says(() =>
      head({ headers: { ...sse, "content-encoding": "gzip" }, body: [Bun.gzipSync(Buffer.from(recording))] }),
    );
    expectToldWhole(bench, await askBy(isNewest ? ways : wayOf(0)), text);
  });

  if (!isNewest) return;

  const stalled = (): Said => {
    const end = Buffer.from(recording).indexOf("event: content_block_stop");
    return head({ body: [recording.subarray(0, end)], framing: "chunked", ending: "silent" });
  };
  const expectStalled = (told: readonly Told[], of: ProviderBench, message: string): void => {
    expectToldFailure(of, told, { kind: "timeout", status: 504, begun: true, message });
    for (const one of told) expect(readTold(one).text).toBe(one.way.stream ? text : "");
  };
  test("silence in the middle of it, borne for as long as claude.idle_timeout_seconds says", async () => {
    bytes.says(stalled);
    expectStalled(await askBy(ways), bench, "said nothing for 3 seconds");
  });
  // 2.1.329 takes no shorter limit than this one.
  test.if(isLong)(
    "silence in the middle of it, borne for 300 seconds by Claude Code itself",
    async () => {
      bytes.says(stalled);
      await using patient = await openBench({});
      const told = await Promise.all(ways.map((way) => ask(way, "Hello.", patient)));
      expectStalled(told, patient, "Stream idle timeout");
      await patient.quiet();
      await patient.checkRows();
      const { home, pid } = patient.proxy;
      await waitFor(() => childrenOf(home, pid).length === 0 || undefined, 5000);
    },
    400_000,
  );

  /**
   * Half a second each: every fifth of the places alone. There are six for each event, so all kinds of them come by. The
   * long run (CCPROXY_TEST_LONG=1) cuts after every byte.
   */
  test(
    "cut off in the middle",
    async () => {
      const { whole } = await expectCutsTold({ bench, bytes, recording, text, ways, ask, atOnce: 4, step: 5 });
      // Nothing but the word that it is over was missing, and Claude Code does not mind: it has the usage.
      const said = Buffer.from(recording).indexOf("event: message_stop");
      expect(whole.filter((cut) => cut < said - 1)).toEqual([]);
      if (isLong) expect(whole).toContain(recording.byteLength);
    },
    longestCutsMs,
  );
});
