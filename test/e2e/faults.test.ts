/**
 * Whatever the CLI does wrong, the client is told the truth: a whole answer, or an error of the right kind in the
 * format it speaks, and never a clean end of half an answer. Afterwards nothing is left and the proxy answers on.
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import type { ErrorKind } from "#core/errors.ts";
import { createAccessLog, type AccessLogRow } from "#store/access-log.ts";

import { createFakeClaude, type FakeClaude } from "../fakes/fake-claude.ts";
import type { Fault } from "../fakes/fault.ts";
import { answer } from "../fakes/turn.ts";
import { askAll, terminalsOf, type Told } from "./support/ask-all.ts";
import { childrenOf } from "./support/children.ts";
import { type Proxy, startProxy, waitFor } from "./support/proxy.ts";

setDefaultTimeout(30_000);

const noSpares = ["--pool-size", "0", "--max-sessions", "0"];
/** The rungs are 0.5 s for the end of stdin and 1.5 s for SIGTERM. */
const ladderMs = 4000;
const mebibyte = 1024 * 1024;
const secret = "sk-ant-api03-do-not-show-this-to-anybody";

const statusOf: Partial<Record<ErrorKind, number>> = { upstream: 502, unavailable: 503, timeout: 504 };

interface Failure {
  readonly kind: ErrorKind;
  /** Part of the answer was out, so a stream had its 200 already. */
  readonly begun: boolean;
}

class Bench {
  readonly proxy: Proxy;
  readonly fake: FakeClaude;
  /** What the access log must say of each request. */
  readonly expected = new Map<string, { status: number; errorKind: ErrorKind | null }>();

  constructor(proxy: Proxy, fake: FakeClaude) {
    this.proxy = proxy;
    this.fake = fake;
  }

  static async open(env: Record<string, string> = {}, args: readonly string[] = noSpares): Promise<Bench> {
    const fake = createFakeClaude();
    const proxy = await startProxy({ claude: fake.path, args, env });
    return new Bench(proxy, fake);
  }

  async ask(fault: Fault): Promise<readonly Told[]> {
    this.fake.plays(fault);
    return await askAll({ url: this.proxy.url });
  }

  expectWhole(told: readonly Told[], text: string): void {
    for (const one of told) {
      const { way, requestId, status, error } = one;
      this.expected.set(requestId, { status: 200, errorKind: null });
      expect({ way, status, error, length: one.text.length }).toEqual({
        way,
        status: 200,
        error: undefined,
        length: text.length,
      });
      expect(one.text === text).toBe(true);
      if (way.streaming) expect(terminalsOf(one)).toEqual({ all: ["end"], last: "end" });
    }
  }

  expectFailed(told: readonly Told[], { kind, begun }: Failure): void {
    for (const one of told) {
      const { way, requestId } = one;
      const status = begun && way.streaming ? 200 : (statusOf[kind] ?? 0);
      this.expected.set(requestId, { status, errorKind: kind });
      expect({ way, status: one.status }).toEqual({ way, status });
      expectThrown(one);
      expect(one.headers.get("x-request-id")).toBe(requestId);
      if (status === 200) expect(terminalsOf(one)).toEqual({ all: ["error"], last: "error" });
      else expectShaped(one);
    }
  }

  /** No child, however stubborn, outlasts the ladder; and the next request is answered. */
  async expectRecovered(): Promise<void> {
    await waitFor(() => (childrenOf(this.proxy.home, this.proxy.pid).length === 0 ? true : undefined), ladderMs);
    this.expectWhole(await this.ask({ kind: "none" }), answer);
  }

  async close(): Promise<readonly AccessLogRow[]> {
    expect(await this.proxy.end()).toBe(0);
    expect(childrenOf(this.proxy.home, this.proxy.pid)).toEqual([]);
    const rows = readRows(this.proxy);
    await this.proxy.stop();
    this.fake.remove();
    return rows;
  }

  /** One row for each request, that says what its client was told. */
  async expectRows(): Promise<void> {
    const rows = await this.close();
    const logged = rows
      .filter(({ requestId }) => this.expected.has(requestId))
      .map(({ requestId, status, errorKind }) => [requestId, { status, errorKind }] as const);
    expect(logged.toSorted(byId)).toEqual([...this.expected].toSorted(byId));
    expect(rows.filter(({ endedAt }) => endedAt === null)).toEqual([]);
    expect(this.proxy.output()).not.toContain("A fault nobody handled");
    expect(this.proxy.output()).not.toContain(secret);
  }
}

const byId = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]) => (left < right ? -1 : 1);

function readRows({ stateDirectory }: Proxy): readonly AccessLogRow[] {
  const database = new Database(`${stateDirectory}/ccproxy.db`, { readonly: true, strict: true });
  try {
    return createAccessLog(database).recent({ limit: 100_000 });
  } finally {
    database.close();
  }
}

/** The SDK of the format throws its own error, with the status and the words of the proxy. */
function expectThrown({ way, error, raw }: Told): void {
  expect(error).toBeInstanceOf(way.wireFormat === "openai-chat" ? OpenAI.APIError : Anthropic.APIError);
  expect(String(error)).not.toContain(secret);
  expect(raw).not.toContain(secret);
}

function expectShaped({ way, raw, requestId }: Told): void {
  const body: unknown = JSON.parse(raw);
  const message = expect.stringMatching(/\S/);
  if (way.wireFormat === "openai-chat")
    expect(body).toEqual({ error: { message, type: message, param: null, code: message } });
  else expect(body).toEqual({ type: "error", error: { type: message, message }, request_id: requestId });
}

function named(fault: Fault): string {
  const { kind, ...more } = fault;
  return [kind, ...Object.entries(more).map(([key, value]) => `${key}=${value}`)].join(" ");
}

// proves("cli-hostile-output", "stream-true-status", "stream-late-error", "stream-one-terminal", "cli-kill-group", "log-secrets")
describe("a CLI that misbehaves", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open();
  });
  afterAll(() => bench.expectRows());

  const harmless: readonly (readonly [Fault, string])[] = [
    [{ kind: "none" }, answer],
    [{ kind: "garbage" }, answer],
    [{ kind: "newer" }, answer],
    [{ kind: "byte-by-byte" }, answer],
    [{ kind: "long-line", bytes: 10_000_000 }, "long ".repeat(2_000_000)],
    [{ kind: "refuse-probe" }, answer],
    [{ kind: "read-slowly" }, answer],
    [{ kind: "stubborn" }, answer],
    [{ kind: "two-results" }, answer],
    [{ kind: "result-without-usage" }, answer],
    [{ kind: "ignore-interrupt" }, answer],
  ];
  test.each(harmless.map(([fault, text]) => [named(fault), fault, text] as const))(
    "%s: the answer is whole",
    async (_name, fault, text) => {
      bench.expectWhole(await bench.ask(fault), text);
      await bench.expectRecovered();
    },
  );

  const failing: readonly (readonly [Fault, Failure])[] = [
    [{ kind: "refuse-options" }, { kind: "unavailable", begun: false }],
    [
      { kind: "die", at: 0, code: 0 },
      { kind: "upstream", begun: false },
    ],
    [
      { kind: "die", at: 0, code: 1 },
      { kind: "upstream", begun: false },
    ],
    [
      { kind: "die", at: 0, signal: "SIGKILL" },
      { kind: "upstream", begun: false },
    ],
    [
      { kind: "die", at: 2000, code: 0 },
      { kind: "upstream", begun: true },
    ],
    [
      { kind: "die", at: 2000, code: 137 },
      { kind: "upstream", begun: true },
    ],
    [
      { kind: "die", at: 2000, signal: "SIGTERM" },
      { kind: "upstream", begun: true },
    ],
    [
      { kind: "die", at: 2000, signal: "SIGKILL" },
      { kind: "upstream", begun: true },
    ],
    [
      { kind: "close-output", afterLines: 0 },
      { kind: "upstream", begun: false },
    ],
    [
      { kind: "close-output", afterLines: 6 },
      { kind: "upstream", begun: true },
    ],
    [{ kind: "early-result" }, { kind: "upstream", begun: false }],
    [
      { kind: "fail-with-secret", secret },
      { kind: "upstream", begun: false },
    ],
    [{ kind: "torn-line" }, { kind: "upstream", begun: true }],
    [{ kind: "glued-line" }, { kind: "upstream", begun: true }],
    [{ kind: "lost-line" }, { kind: "upstream", begun: true }],
    [
      { kind: "endless-line", bytes: 65 * mebibyte },
      { kind: "upstream", begun: true },
    ],
  ];
  test.each(failing.map(([fault, failure]) => [named(fault), failure.kind, fault, failure] as const))(
    "%s: every client is told %s",
    async (_name, _kind, fault, failure) => {
      bench.expectFailed(await bench.ask(fault), failure);
      await bench.expectRecovered();
    },
  );
});

describe("a CLI that goes silent", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open({ CCPROXY__CLAUDE__REQUEST_TIMEOUT_SECONDS: "1.5" });
  });
  afterAll(() => bench.expectRows());

  const silent: readonly (readonly [Fault, Failure])[] = [
    [{ kind: "mute" }, { kind: "timeout", begun: false }],
    [{ kind: "hang-at-initialize" }, { kind: "timeout", begun: false }],
    [{ kind: "stop-reading" }, { kind: "timeout", begun: false }],
    [
      { kind: "hang", afterLines: 0 },
      { kind: "timeout", begun: false },
    ],
    [
      { kind: "hang", afterLines: 6 },
      { kind: "timeout", begun: true },
    ],
  ];
  test.each(silent.map(([fault, failure]) => [named(fault), fault, failure] as const))(
    "%s: every client is told of the timeout",
    async (_name, fault, failure) => {
      bench.expectFailed(await bench.ask(fault), failure);
      await bench.expectRecovered();
    },
  );
});
