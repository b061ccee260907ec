/**
 * Whatever the CLI does wrong, the client is told the truth: a whole answer, or an error of the right kind in the
 * format it speaks, and never a clean end of half an answer. Afterwards nothing is left and the proxy answers on.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { Fault } from "../fakes/fault.ts";
import { answer, model } from "../fakes/turn.ts";
import { terminalsOf } from "./support/ask-all.ts";
import { type Failure, type FaultBench, nameOf, openFaultBench } from "./support/fault-bench.ts";
import { createSender } from "./support/refusals.ts";

setDefaultTimeout(30_000);

const mebibyte = 1024 * 1024;
const secret = "sk-ant-api03-do-not-show-this-to-anybody";

// proves("cli-hostile-output", "stream-true-status", "stream-late-error", "stream-one-terminal", "cli-kill-group")
describe("a CLI that misbehaves", () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await openFaultBench();
  });
  afterAll(() => bench.expectEnd());

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
  test.each(harmless.map(([fault, text]) => [nameOf(fault), fault, text] as const))(
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
    [
      { kind: "early-result", afterLines: 0 },
      { kind: "upstream", begun: false },
    ],
    [
      { kind: "early-result", afterLines: 3 },
      { kind: "upstream", begun: true },
    ],
    [
      { kind: "early-result", afterLines: 6 },
      { kind: "upstream", begun: true },
    ],
    [{ kind: "torn-line" }, { kind: "upstream", begun: true }],
    [{ kind: "glued-line" }, { kind: "upstream", begun: true }],
    [{ kind: "lost-line" }, { kind: "upstream", begun: true }],
    [
      { kind: "endless-line", bytes: 65 * mebibyte },
      { kind: "upstream", begun: true },
    ],
  ];
  test.each(failing.map(([fault, failure]) => [nameOf(fault), failure.kind, fault, failure] as const))(
    "%s: every client is told %s",
    async (_name, _kind, fault, failure) => {
      bench.expectFailed(await bench.ask(fault), failure);
      await bench.expectRecovered();
    },
  );

  test('what a failing CLI says on stderr reaches no client, and no secret of it the log; proves("log-secrets")', async () => {
    const told = await bench.ask({ kind: "fail-with-secret", secret });
    bench.expectFailed(told, { kind: "upstream", begun: false, status: 500 });
    for (const { raw, error } of told) {
      expect(raw).not.toMatch(/Authorization|do-not-show/);
      expect(String(error)).not.toMatch(/Authorization|do-not-show/);
    }
    expect(bench.proxy.output()).not.toContain(secret);
    await bench.expectRecovered();
  });

  test("a version nobody has seen is named as it is, and its unknown lines cost nothing", async () => {
    const told = await bench.ask({ kind: "newer" });
    bench.expectWhole(told, answer);
    for (const { headers } of told) expect(headers.get("x-ccproxy-model")).toBe(model);
    expect(await (await fetch(`${bench.proxy.url}/health`)).text()).toContain("9.9.9");
  });

  test("an answer cut short by the token limit says so, though the CLI goes on", async () => {
    const told = await bench.ask({ kind: "ignore-interrupt" });
    bench.expectWhole(told, answer);
    for (const { way, raw } of told)
      expect(raw).toContain(
        way.wireFormat === "openai-chat" ? '"finish_reason":"length"' : '"stop_reason":"max_tokens"',
      );
    await bench.expectRecovered();
  });
});

describe("a CLI that goes silent", () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await openFaultBench({ CCPROXY__CLAUDE__REQUEST_TIMEOUT_SECONDS: "1.5" });
  });
  afterAll(() => bench.expectEnd());

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
  test.each(silent.map(([fault, failure]) => [nameOf(fault), fault, failure] as const))(
    "%s: every client is told of the timeout",
    async (_name, fault, failure) => {
      bench.expectFailed(await bench.ask(fault), failure);
      await bench.expectRecovered();
    },
  );
});

test('a stream that was kept alive by heartbeats still ends in an error; proves("stream-heartbeat")', async () => {
  await using bench = await openFaultBench({
    CCPROXY__CLAUDE__REQUEST_TIMEOUT_SECONDS: "2.5",
    CCPROXY__SERVER__HEARTBEAT_SECONDS: "1",
  });
  const told = await bench.ask({ kind: "mute" });
  bench.expectFailed(told, { kind: "timeout", begun: true });
  for (const one of told.filter(({ way }) => way.streaming)) {
    const beats = one.way.wireFormat === "openai-chat" ? /^: keep-alive$/gm : /^event: ping$/gm;
    expect(one.raw.match(beats)).toHaveLength(2);
    expect(terminalsOf(one).all).toEqual(["error"]);
  }
  await bench.expectRecovered();
  await bench.expectEnd();
});

test("the list of models and a token count fail in shape too, and work once the CLI does", async () => {
  // Its own proxy: one that knows the models asks nobody.
  await using bench = await openFaultBench();
  const { send, expectRefused } = createSender(bench.proxy.url);
  const count = { method: "POST", body: JSON.stringify({ messages: [{ role: "user", content: "hi" }] }) };
  const versioned = { headers: { "anthropic-version": "2023-06-01" } };
  const refusal = { status: 503, kind: "unavailable" } as const;
  bench.fake.plays({ kind: "refuse-options" });
  expectRefused(await send("/v1/models"), refusal);
  expectRefused(await send("/v1/models/sonnet"), refusal);
  expectRefused(await send("/v1/models", versioned, "anthropic-messages"), refusal);
  expectRefused(await send("/v1/messages/count_tokens", count), refusal);
  bench.fake.plays({ kind: "none" });
  expect((await send("/v1/models/sonnet")).response.status).toBe(200);
  expect(JSON.parse((await send("/v1/messages/count_tokens", count)).text)).toEqual({ input_tokens: 42 });
  await bench.expectRecovered();
  await bench.expectEnd();
});
