/** A proxy in front of a fake `claude`, and what must be true of each answer, of the access log and of what is left. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import type { ErrorKind } from "#core/errors.ts";
import type { AccessLogRow } from "#store/access-log.ts";

import { createFakeClaude, type FakeClaude } from "../../fakes/fake-claude.ts";
import type { Fault } from "../../fakes/fault.ts";
import { answer } from "../../fakes/turn.ts";
import { askAll, terminalsOf, type Told } from "./ask-all.ts";
import { childrenOf } from "./children.ts";
import { type Proxy, startProxy, waitFor } from "./proxy.ts";
import { readRows } from "./rows.ts";

/** A child serves one request: each is the answer of a process that was started for it. */
export const noSpares = ["--pool-size", "0", "--max-sessions", "0"];
/** The rungs are 0.5 s for the end of stdin and 1.5 s for SIGTERM; the rest is for a busy machine. */
const ladderMs = 6000;

/** The same in both formats. */
const statusOf: Partial<Record<ErrorKind, number>> = { upstream: 502, unavailable: 503, timeout: 504 };

export interface Failure {
  readonly kind: ErrorKind;
  /** Part of the answer was out, so a stream had its 200 already. */
  readonly begun: boolean;
  /** Where it is not the one of its kind. */
  readonly status?: number;
}

interface Outcome {
  readonly status: number;
  readonly errorKind: ErrorKind | null;
}

/** Leaving its scope ends what is still there, so that a test that fails leaves nothing either. */
export interface FaultBench extends AsyncDisposable {
  readonly proxy: Proxy;
  readonly fake: FakeClaude;
  /** In every way a client can ask, all at once. */
  ask(fault: Fault): Promise<readonly Told[]>;
  expectWhole(told: readonly Told[], text: string): void;
  expectFailed(told: readonly Told[], failure: Failure): void;
  /** No child is left, however stubborn. */
  expectNoChildren(): Promise<void>;
  /** The same, and the next request is answered. */
  expectRecovered(): Promise<void>;
  /** Ends the proxy: it leaves no child, and one row for each request, which says what its client was told. */
  expectEnd(): Promise<void>;
}

export async function openFaultBench(
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = noSpares,
): Promise<FaultBench> {
  const fake = createFakeClaude();
  const proxy = await startProxy({ claude: fake.path, args, env });
  const expected = new Map<string, Outcome>();
  const bench: FaultBench = {
    proxy,
    fake,
    async ask(fault) {
      fake.plays(fault);
      return await askAll({ url: proxy.url });
    },
    expectWhole(told, text) {
      for (const one of told) {
        expected.set(one.requestId, { status: 200, errorKind: null });
        expectWhole(one, text);
      }
    },
    expectFailed(told, failure) {
      for (const one of told) {
        const status = failure.begun && one.way.streaming ? 200 : (failure.status ?? statusOf[failure.kind] ?? 0);
        expected.set(one.requestId, { status, errorKind: failure.kind });
        expectFailed(one, status);
      }
    },
    async expectNoChildren() {
      await waitFor(() => (childrenOf(proxy.home, proxy.pid).length === 0 ? true : undefined), ladderMs);
    },
    async expectRecovered() {
      await bench.expectNoChildren();
      bench.expectWhole(await bench.ask({ kind: "none" }), answer);
    },
    async expectEnd() {
      await using ended = bench;
      expect(await ended.proxy.end()).toBe(0);
      expect(childrenOf(proxy.home, proxy.pid)).toEqual([]);
      expectRows(readRows(proxy), expected);
      expect(proxy.output()).not.toContain("A fault nobody handled");
    },
    async [Symbol.asyncDispose]() {
      await proxy.stop();
      fake.remove();
    },
  };
  return bench;
}

function expectWhole(told: Told, text: string): void {
  const { way, status, error } = told;
  const seen = { way, status, error, length: told.text.length };
  expect(seen).toEqual({ way, status: 200, error: undefined, length: text.length });
  // Not `toBe`, which would print megabytes.
  expect(told.text === text).toBe(true);
  if (way.streaming) expect(terminalsOf(told)).toEqual({ all: ["end"], last: "end" });
}

/** The SDK of the format throws its own error; what it was sent is shaped, and ends nothing cleanly. */
function expectFailed(told: Told, status: number): void {
  const { way, error, requestId } = told;
  expect({ way, status: told.status }).toEqual({ way, status });
  expect(error).toBeInstanceOf(way.wireFormat === "openai-chat" ? OpenAI.APIError : Anthropic.APIError);
  expect(told.headers.get("x-request-id")).toBe(requestId);
  if (status === 200) expect(terminalsOf(told)).toEqual({ all: ["error"], last: "error" });
  else expectShaped(told);
}

function expectShaped({ way, raw, requestId }: Told): void {
  const body: unknown = JSON.parse(raw);
  const message = expect.stringMatching(/\S/);
  if (way.wireFormat === "openai-chat")
    expect(body).toEqual({ error: { message, type: message, param: null, code: message } });
  else expect(body).toEqual({ type: "error", error: { type: message, message }, request_id: requestId });
}

function expectRows(rows: readonly AccessLogRow[], expected: ReadonlyMap<string, Outcome>): void {
  const logged = rows
    .filter(({ requestId }) => expected.has(requestId))
    .map(({ requestId, status, errorKind }): readonly [string, Outcome] => [requestId, { status, errorKind }]);
  expect(logged.toSorted(byId)).toEqual([...expected].toSorted(byId));
  expect(rows.filter(({ endedAt }) => endedAt === null)).toEqual([]);
}

function byId([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

/** A name for a test. */
export function nameOf(fault: Fault): string {
  return Object.entries(fault)
    .map(([key, value]) => (key === "kind" ? value : `${key}=${value}`))
    .join(" ");
}

/** Resident memory of the proxy alone, in MiB. */
export function residentMegabytes({ pid }: Proxy): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** The most memory the proxy took while the work went on, in MiB above what it had before. */
export async function growthDuring(proxy: Proxy, work: Promise<unknown>): Promise<number> {
  const before = residentMegabytes(proxy);
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, residentMegabytes(proxy));
  }, 10);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  return most - before;
}
