/** Providers that fail in every way there is: each client is told so in its own format, or gets the exact answer. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type ByteUpstream, type Said, startByteUpstream } from "../support/byte-upstream.ts";
import { openProviderBench, type ProviderBench } from "../support/provider-bench.ts";
import {
  askWay,
  baseUrlOf,
  nameOf,
  providerFormats,
  readTold,
  requestOf,
  type Told,
  type Way,
  ways,
} from "../support/provider-ways.ts";
import { waitFor } from "../support/proxy.ts";
import { selfSigned } from "../support/self-signed.ts";
import { expectToldFailure, expectToldWhole, type Failure, overloaded } from "../support/told-truth.ts";

setDefaultTimeout(30_000);

let bench: ProviderBench;
let bytes: ByteUpstream;
let folder: string;
let secure: ReturnType<typeof Bun.serve>;

const refusals: readonly (readonly [string, Failure])[] = [
  ["[[demo error 400]]", { kind: "invalid-request", status: 400 }],
  ["[[demo error 400 too-long]]", { kind: "context-length", status: 400 }],
  ["[[demo error 401]]", { kind: "authentication", status: 401 }],
  ["[[demo error 402]]", { kind: "billing", status: 402 }],
  ["[[demo error 403]]", { kind: "permission", status: 403 }],
  ["[[demo error 404]]", { kind: "not-found", status: 404 }],
  ["[[demo error 413]]", { kind: "request-too-large", status: 413 }],
  ["[[demo error 500]]", { kind: "upstream", status: 500 }],
  ['[[demo error 503 message="We are at capacity."]]', { kind: "overloaded", status: overloaded }],
  ["[[demo error 529]]", { kind: "overloaded", status: overloaded }],
  ["[[demo error 529]] [[demo quirk error-string]]", { kind: "overloaded", status: overloaded }],
  ["[[demo error 400]] [[demo quirk error-html]]", { kind: "invalid-request", status: 400 }],
  ["[[demo error 429 retry-after=9]] [[demo quirk error-array]]", { kind: "rate-limit", status: 429 }],
];

/** Goes by the wire before any answer has begun. */
const brokenHeads: readonly (readonly [string, string])[] = [
  ["nothing", ""],
  ["half a status line", "HTTP/1.1 20"],
  ["half a head", "HTTP/1.1 200 OK\r\ncontent-type: text/event-stre"],
  ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n"],
];

/** By name, what stands before `-FORMAT`: where it is, and what else is said of it. */
function providersAt(demo: string): Readonly<Record<string, { readonly root: string; readonly more?: object }>> {
  const { port } = new URL(demo);
  const never = { max_retries: 0 };
  return {
    refused: { root: "http://127.0.0.1:1", more: never },
    nowhere: { root: "http://nonexistent.invalid", more: never },
    "no-tls": { root: `https://127.0.0.1:${port}`, more: never },
    untrusted: { root: secure.url.origin, more: never },
    trusted: { root: secure.url.origin, more: { ca_file: join(folder, "cert.pem") } },
    // One for each refusal: after some of them one is left alone for a while.
    ...Object.fromEntries(refusals.map((_, index) => [`refusing-${index}`, { root: `${demo}/any`, more: never }])),
    again: { root: `${demo}/again` },
    "again-relayed": { root: `${demo}/again/relayed` },
    "again-read": { root: `${demo}/again/read` },
    impatient: {
      root: `${demo}/slow`,
      more: { response_timeout_seconds: 1, idle_timeout_seconds: 1 },
    },
    ...Object.fromEntries(brokenHeads.map((_, index) => [`broken-${index}`, { root: bytes.url, more: never }])),
    bytes: { root: bytes.url, more: { ...never, response_timeout_seconds: 5, idle_timeout_seconds: 1 } },
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ccproxy-tls-"));
  bytes = startByteUpstream();
  secure = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: await selfSigned(folder),
    // What the demo says, behind TLS.
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const headers = { authorization: "Bearer demo" };
      return await fetch(`${bench.demo.url}${pathname}`, { method: "POST", headers, body: await request.text() });
    },
  });
  bench = await openProviderBench({
    args: ["--log-level", "error"],
    // What some environments carry for another program's sake must not open the way to anybody.
    env: { KEY: "sk-fault-upstream-secret", NODE_TLS_REJECT_UNAUTHORIZED: "0" },
    config: (demo) => ({
      providers: Object.fromEntries(
        Object.entries(providersAt(demo)).flatMap(([name, { root, more }]) =>
          providerFormats.map((format) => [
            `${name}-${format}`,
            {
              base_url: baseUrlOf(format, root),
              wire_format: format,
              allow_private: true,
              credentials: { main: { env: "KEY" } },
              ...more,
            },
          ]),
        ),
      ),
    }),
  });
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  bytes.stop();
  await secure.stop(true);
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => bench.forgetOrders());

const askAll = (name: string, prompt: string, among: readonly Way[] = ways): Promise<readonly Told[]> =>
  Promise.all(among.map((way) => askWay(bench, name, way, prompt)));

const expectFailed = (told: readonly Told[], failure: Failure): void => expectToldFailure(bench, told, failure);
const expectWhole = (told: readonly Told[], text: string): void => expectToldWhole(bench, told, text);

const unreachable = { kind: "upstream", status: 502, message: "could not be reached" } as const;

// proves("stream-true-status")
describe("who cannot be reached", () => {
  test.each([
    ["refused", "a connection that is refused"],
    ["nowhere", "a name that is nobody's"],
    ["no-tls", "TLS where none is spoken"],
    ["untrusted", "a certificate that nobody vouches for"],
  ])("%s: %s", async (name) => {
    expectFailed(await askAll(name, "Hello."), unreachable);
  });

  test("a certificate that the configuration vouches for", async () => {
    expectWhole(await askAll("trusted", "[[demo say Behind TLS.]]"), "Behind TLS.");
  });
});

// ---- it answers, but with no answer

/** In the provider's own format. */
const relayed = ways.filter(({ client, provider }) => client === provider);
const translated = ways.filter(({ client, provider }) => client !== provider);

describe("who refuses", () => {
  test.each(refusals.map((refusal, index) => [...refusal, index] as const))(
    "%s, in words of its client's format",
    async (directives, failure, index) => {
      bench.forget();
      expectFailed(await askAll(`refusing-${index}`, directives, translated), failure);
      expect(bench.asked()).toHaveLength(translated.length);
    },
  );

  test("429 with a long Retry-After is for the client to wait out, which is told how long", async () => {
    bench.forget();
    const told = await askAll("again", "[[demo error 429 retry-after=60]]");
    expectFailed(told, { kind: "rate-limit", status: 429 });
    for (const { headers } of told) expect(headers.get("retry-after")).toBe("60");
    expect(bench.asked()).toHaveLength(ways.length);
  });

  // proves("upstream-balance")
  test.each([
    ["429 with a short Retry-After", "[[demo error 429 retry-after=1]]", 1],
    ["529", "[[demo error 529]]", 1],
    ["two 500 in a row", "[[demo error 500]]", 2],
  ])("%s is waited for, and the answer says how many tries it took", async (_name, directives, times) => {
    // One for each provider: they share what they may spend on further tries.
    const among = ways.filter(({ stream }) => stream === (times === 1));
    const manner = ({ provider, client }: Way): string => (provider === client ? "relayed" : "read");
    for (const way of among) {
      const { path } = requestOf(way.provider, "", true);
      await bench.order({ directives, times, path: `/again/${manner(way)}${path}` });
    }
    const told = await Promise.all(
      among.map((way) => askWay(bench, `again-${manner(way)}`, way, "[[demo say Again.]]")),
    );
    expectWhole(told, "Again.");
    for (const { headers } of told) expect(headers.get("x-ccproxy-retries")).toBe(`${times}`);
  });
});

describe("who is slow", () => {
  const timeout = { kind: "timeout", status: 504 } as const;

  test("to begin: nobody waits longer than response_timeout_seconds", async () => {
    bench.forget();
    expectFailed(await askAll("impatient", "[[demo stall 20000 at=headers]]"), {
      ...timeout,
      message: "did not begin",
    });
    expect(bench.asked()).toHaveLength(ways.length);
    await bench.quiet();
    expect(bench.asked().map(({ outcome }) => outcome)).toEqual(ways.map(() => "aborted"));
  });

  test("in the middle of it: nobody waits longer than idle_timeout_seconds", async () => {
    bench.forget();
    const streamed = ways.filter(({ stream }) => stream);
    const told = await askAll("impatient", "[[demo text 9]] [[demo stall 20000 at=2]]", streamed);
    expectFailed(told, { ...timeout, begun: true, message: "said nothing for 1 second" });
    for (const one of told) expect(readTold(one).text).toBe("chunk 1 chunk 2 ");
    await bench.quiet();
    expect(bench.asked().map(({ outcome }) => outcome)).toEqual(streamed.map(() => "aborted"));
  });

  test("in the middle of a whole answer, likewise", async () => {
    bytes.says(() => ({
      headers: { "content-type": "application/json" },
      body: ['{"id":'],
      framing: "chunked",
      ending: "silent",
    }));
    const whole = ways.filter(({ stream }) => !stream);
    expectFailed(await askAll("bytes", "Hello.", whole), { ...timeout, message: "said nothing" });
    await waitFor(() => bytes.open() === 0 || undefined, 5000);
  });
});

// ---- it says what is no answer

const html = "<!doctype html><title>Welcome</title><p>It works!</p>";
const json = { "content-type": "application/json" };
const sse = { "content-type": "text/event-stream" };
const noAnswer = { kind: "upstream", status: 502, message: /no answer|lost in the middle/ } as const;

const nonsense: readonly (readonly [string, Said])[] = [
  ["a page of HTML", { headers: { "content-type": "text/html" }, body: [html] }],
  ["nothing at all", { headers: json, body: [] }],
  ["JSON that is none", { headers: json, body: ["{'a': 1}"] }],
  [
    "bytes of anything",
    { headers: { "content-type": "application/octet-stream" }, body: [new Uint8Array(99).fill(200)] },
  ],
  ["what says it is gzip", { headers: { ...json, "content-encoding": "gzip" }, body: ["not at all"] }],
];

// proves("stream-late-error")
describe("who talks nonsense", () => {
  test.each(nonsense)("%s", async (_name, said) => {
    bytes.says(() => said);
    const before = bytes.heard.length;
    expectFailed(await askAll("bytes", "Hello."), noAnswer);
    expect(bytes.heard.length - before).toBe(ways.length);
  });

  test("a stream of no events: it is none where it is read, and passed on as it is where it is not", async () => {
    const stream = `${html}\n\ndata: ${html}\n\n`;
    bytes.says(() => ({ headers: sse, body: [stream] }));
    expectFailed(await askAll("bytes", "Hello.", translated), noAnswer);
    for (const { requestId, raw } of await askAll("bytes", "Hello.", relayed)) {
      expect(raw).toStartWith(stream);
      bench.expectRow(requestId, { status: 200, errorKind: "upstream", finishReason: null });
    }
  });

  test.each(brokenHeads.map((head, index) => [...head, index] as const))(
    "%s for a head",
    async (_name, head, index) => {
      bytes.says(() => ({ raw: head, body: [], ending: "cut" }));
      const told = await askAll(`broken-${index}`, "Hello.");
      expectFailed(told, { ...unreachable, message: `broken-${index}` });
      await waitFor(() => bytes.open() === 0 || undefined, 5000);
    },
  );

  test("a connection that is reset in the middle", async () => {
    for (const [headers, start, stream] of [
      [json, '{"id":', false],
      [sse, ": hello\n\n", true],
    ] as const) {
      bytes.says(() => ({ headers, body: [start], framing: "chunked", ending: "reset" }));
      const among = ways.filter((way) => way.stream === stream);
      const told = await askAll("bytes", "Hello.", among);
      for (const one of told) expectFailed([one], { ...noAnswer, message: /lost|reached/, begun: one.status === 200 });
    }
  });
});

describe("who answers in another way than was asked", () => {
  const answerOf = async ({ provider }: Way, stream: boolean): Promise<Uint8Array> => {
    const { path, body } = requestOf(provider, "[[demo say Grüße.]]", stream);
    const headers = { authorization: "Bearer demo" };
    return await (
      await fetch(`${bench.demo.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
    ).bytes();
  };

  test.each(ways.map((way) => [nameOf(way), way] as const))(
    "%s: whole for a stream, a stream for a whole one, and gzipped",
    async (_name, way) => {
      for (const isStream of [true, false]) {
        const answer = await answerOf(way, isStream);
        const plain = { headers: isStream ? sse : json, body: [answer] };
        const zipped = {
          headers: { ...plain.headers, "content-encoding": "gzip" },
          body: [Bun.gzipSync(Buffer.from(answer))],
        };
        for (const said of [plain, zipped]) {
          bytes.says(() => said);
          const told = await askWay(bench, "bytes", way, "Hello.");
          expectWhole([told], "Grüße.");
          expect(told.headers.get("content-encoding")).toBeNull();
          if (way.client === way.provider) expect(told.raw).toBe(new TextDecoder().decode(answer));
        }
      }
    },
  );

  test("with a redirect: it is not followed, and not handed to the client, who would take its token along", async () => {
    bytes.says(() => ({
      status: "307 Temporary Redirect",
      headers: { location: `${bench.demo.url}/v1/messages` },
      body: [],
    }));
    bench.forget();
    const told = await askAll("bytes", "Hello.");
    expectFailed(told, { kind: "upstream", status: 502, message: "307" });
    for (const { headers } of told) expect(headers.get("location")).toBeNull();
    expect(bench.asked()).toEqual([]);
  });
});

test('nothing is left open, and each request is one row; proves("log-access")', async () => {
  await bench.quiet();
  expect(bytes.open()).toBe(0);
  await bench.checkRows();
  expect(bench.proxy.output()).not.toContain("upstream-secret");
});
