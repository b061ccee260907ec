/** Two callers at once with the real CLI and sessions of the same names: the model is never asked with words of both. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";

import fc from "fast-check";

import type { Mode } from "#core/backend.ts";
import { createAdmission } from "#gateway/admission.ts";
import { createGateway } from "#gateway/gateway.ts";
import { onlyTo } from "#gateway/testing/plain-route.ts";
import { callers, createClient, createTalker, step, wordsIn } from "#gateway/testing/two-callers.ts";
import { createTestSessions } from "#sessions/testing/test-sessions.ts";

import { callOverHttp } from "../support/http-line.ts";
import { claudes } from "../support/proxy.ts";
import { asked, type Bench, openBench, workspaceAt } from "./support.ts";

setDefaultTimeout(240_000);

/** Steps, four at a time, as many as are worth their seconds. */
const batches = 6;

function gatewayOf({ backend, workspace }: Bench, mode: Mode) {
  return createGateway({
    routing: onlyTo(backend),
    admission: createAdmission({
      maxRunning: 4,
      setting: "limits.max_running",
      maxWaiting: 100,
      queueTimeoutMs: 60_000,
    }),
    upstreamAdmission: createAdmission({
      maxRunning: 4,
      setting: "limits.max_upstream",
      maxWaiting: 100,
      queueTimeoutMs: 60_000,
    }),
    sessions: createTestSessions({
      options: { waitMs: 60_000, maxWaiting: 10, keepMs: 1e9, most: 100, mostBytes: 1_000_000_000 },
      onForgotten: (session) => backend.forget?.(session),
    }),
    workspaces: { resolve: () => Promise.resolve(workspaceAt(workspace)) },
    aliases: new Map(),
    versions: new Map(),
    openaiNames: new Map(),
    passthrough: true,
    defaultVerbosity: "text-only",
    defaultMode: mode,
    firstEventDeadlineMs: 60_000,
    requestTimeoutMs: 0,
  });
}

/** The model was asked with the words of one session at a time, so of one caller. */
function expectApart({ upstream }: Bench): void {
  const told = asked(upstream).map(({ messages }) => wordsIn(JSON.stringify(messages)));
  expect(told.length).toBeGreaterThan(batches);
  for (const words of told) {
    expect(words.length).toBeGreaterThan(0);
    expect(callers.filter((caller) => words.some((word) => word.startsWith(caller)))).toHaveLength(1);
    expect(new Set(words.map((word) => word.replace(/\d+$/, ""))).size).toBe(1);
  }
}

const options = { maxSessions: 3, pool: { size: 2, maxAgeMs: 600_000, maxTurns: 50 } };
const arbitrary = fc.array(step, { minLength: 4, maxLength: 4 });

describe.each(claudes.slice(0, 1))("claude $version", ({ path }) => {
  test.each(["chat", "agent"] as const)('%s mode; proves("session-isolation")', async (mode) => {
    const bench = await openBench(path, options);
    const gateway = gatewayOf(bench, mode);
    const how = { mode, order: "[[demo say noted]]" };
    const clients = { ann: createClient(gateway, "ann", how), bob: createClient(gateway, "bob", how) };
    for (const batch of fc.sample(arbitrary, { numRuns: batches, seed: 20 }))
      await Promise.all(batch.map((one) => clients[one.caller](one)));
    expectApart(bench);
    await bench.close();
  });

  // The product has one access token. Two servers, each with its own, before one gateway are two callers over HTTP.
  test('over HTTP, each by its token, in both formats; proves("session-isolation")', async () => {
    const bench = await openBench(path, options);
    const gateway = gatewayOf(bench, "chat");
    const ann = callOverHttp(gateway, "ann");
    const bob = callOverHttp(gateway, "bob");
    const clients = { ann: createTalker("ann", "[[demo echo]]", ann), bob: createTalker("bob", "[[demo echo]]", bob) };
    let answered = 0;
    for (const batch of fc.sample(arbitrary, { numRuns: batches, seed: 21 }))
      await Promise.all(
        batch.map(async (one) => {
          const heard = wordsIn(await clients[one.caller](one));
          if (heard.length > 0) answered += 1;
          expect(heard.filter((word) => !word.startsWith(one.caller))).toEqual([]);
        }),
      );
    expect(answered).toBeGreaterThan(batches);
    expectApart(bench);

    const sends = { messages: [{ role: "user", content: "[[demo tool mine]] [[demo then]] [[demo say ann-a-1]]" }] };
    const called = await ann.call("/v1/messages", { ...withTool, ...sends });
    const { content } = (await called.json()) as { content: { id?: string }[] }; // The API's own shape.
    const results = [{ type: "tool_result", tool_use_id: content.at(-1)?.id, content: "ann-a-2" }];
    const messages = [...sends.messages, { role: "assistant", content }, { role: "user", content: results }];
    const requests = `/v1/requests/${called.headers.get("x-request-id")}`;
    expect((await bob.call(requests, undefined, "DELETE")).status).toBe(404);
    expect((await bob.call("/v1/messages", { ...withTool, messages })).status).toBe(200);
    expect(bench.backend.stats().waiting).toBe(1);
    const hits = bench.backend.stats().liveHits;
    expect(await (await ann.call("/v1/messages", { ...withTool, messages })).text()).toContain("ann-a-1");
    expect(bench.backend.stats()).toMatchObject({ waiting: 0, liveHits: hits + 1 });
    await Promise.all([ann, bob].map((line) => line.close()));
    await bench.close();
  });
});

const withTool = { model: "sonnet", max_tokens: 999, tools: [{ name: "mine", input_schema: { type: "object" } }] };
