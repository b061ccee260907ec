/** Providers that fail in every way there is: each client is told so in its own format, or gets the exact answer. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ErrorKind } from "#core/errors.ts";

import { type ByteUpstream, type Said, startByteUpstream } from "../support/byte-upstream.ts";
import { openProviderBench, type ProviderBench } from "../support/provider-bench.ts";
import {
  askWay,
  baseUrlOf,
  nameOf,
  providerFormats,
  readTold,
  type Told,
  type Way,
  ways,
} from "../support/provider-ways.ts";
import { expectShape } from "../support/refusals.ts";

setDefaultTimeout(30_000);

let bench: ProviderBench;
let bytes: ByteUpstream;
let folder: string;
let secure: ReturnType<typeof Bun.serve>;

/** A certificate of nobody's but our own. */
async function selfSigned(): Promise<{ readonly key: string; readonly cert: string }> {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = Bun.spawnSync(
    [
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
    ].concat([
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=IP:127.0.0.1,DNS:localhost",
      "-keyout",
      key,
      "-out",
      cert,
    ]),
  );
  if (!made.success) throw new Error(made.stderr.toString());
  return { key: await Bun.file(key).text(), cert: await Bun.file(cert).text() };
}

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
    demo: { root: `${demo}/any`, more: never },
    again: { root: `${demo}/again` },
    impatient: {
      root: `${demo}/slow`,
      more: { response_timeout_seconds: 1, idle_timeout_seconds: 1 },
    },
    bytes: { root: bytes.url, more: { ...never, response_timeout_seconds: 5, idle_timeout_seconds: 1 } },
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ccproxy-tls-"));
  bytes = startByteUpstream();
  secure = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: await selfSigned(),
    // What the demo says, behind TLS.
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const headers = { authorization: "Bearer demo" };
      return await fetch(`${bench.demo.url}${pathname}`, { method: "POST", headers, body: await request.text() });
    },
  });
  bench = await openProviderBench({
    args: ["--log-level", "error"],
    env: { KEY: "sk-fault-upstream-secret" },
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

interface Failure {
  readonly kind: ErrorKind;
  /** By the client's format, where a status could still be given. */
  readonly status: number | Readonly<Record<Way["client"], number>>;
  readonly message?: string | RegExp;
  /** Its answer had begun: a stream has its 200 already. */
  readonly begun?: boolean;
}

/** Shaped in the client's format, with one row that says the same. */
function expectFailed(told: readonly Told[], { kind, status, message, begun = false }: Failure): void {
  for (const one of told) {
    const { way, raw, headers, broke } = one;
    const expected = begun && way.stream ? 200 : typeof status === "number" ? status : status[way.client];
    const reading = readTold(one);
    expect({ way, status: one.status, broke, ending: reading.ending }).toEqual({
      way,
      status: expected,
      broke: false,
      ending: "failed",
    });
    if (message !== undefined) expect(reading.message).toMatch(message);
    if (expected !== 200) expectShape(way.client === "anthropic-messages" ? way.client : "openai-chat", raw);
    expect(headers.get("x-request-id")).toBe(one.requestId);
    expect(raw).not.toContain("upstream-secret");
    bench.expectRow(one.requestId, { status: expected, errorKind: kind, finishReason: null });
  }
}

function expectWhole(told: readonly Told[], text: string): void {
  for (const one of told) {
    expect({ way: one.way, status: one.status, ...readTold(one) }).toMatchObject({
      way: one.way,
      status: 200,
      ending: "whole",
      text,
    });
    bench.expectRow(one.requestId, { status: 200, errorKind: null, finishReason: "stop" });
  }
}

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
