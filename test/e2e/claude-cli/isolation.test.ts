/** Two callers at once with the real CLI and sessions of the same names: the model is never asked with words of both. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";

import fc from "fast-check";

import type { Mode } from "#core/backend.ts";
import { createAdmission } from "#gateway/admission.ts";
import { createGateway } from "#gateway/gateway.ts";
import { callers, createClient, step, wordsIn } from "#gateway/testing/two-callers.ts";
import { createTestSessions } from "#sessions/testing/test-sessions.ts";

import { claudes } from "../support/proxy.ts";
import { asked, openBench, workspaceAt } from "./support.ts";

setDefaultTimeout(240_000);

/** Steps, four at a time, as many as are worth their seconds. */
const batches = 6;

describe.each(claudes.slice(0, 1))("claude $version", ({ path }) => {
  test.each(["chat", "agent"] as const)('%s mode; proves("session-isolation")', async (mode: Mode) => {
    const bench = await openBench(path, { maxSessions: 3, pool: { size: 2, maxAgeMs: 600_000, maxTurns: 50 } });
    const gateway = createGateway({
      backend: bench.backend,
      admission: createAdmission({ maxRunning: 4, maxWaiting: 100, queueTimeoutMs: 60_000 }),
      sessions: createTestSessions({
        options: { waitMs: 60_000, maxWaiting: 10, keepMs: 1e9, most: 100 },
        onForgotten: (session) => bench.backend.forget?.(session),
      }),
      workspaces: { resolve: () => Promise.resolve(workspaceAt(bench.workspace)) },
      aliases: new Map(),
      versions: new Map(),
      openaiNames: new Map(),
      passthrough: true,
      defaultVerbosity: "text-only",
      defaultMode: mode,
      firstEventDeadlineMs: 60_000,
      requestTimeoutMs: 0,
    });
    const options = { mode, order: "[[demo say noted]]" };
    const clients = { ann: createClient(gateway, "ann", options), bob: createClient(gateway, "bob", options) };
    const arbitrary = fc.array(step, { minLength: 4, maxLength: 4 });
    for (const batch of fc.sample(arbitrary, { numRuns: batches, seed: 20 }))
      await Promise.all(batch.map((one) => clients[one.caller](one)));
    const told = asked(bench.upstream).map(({ messages }) => wordsIn(JSON.stringify(messages)));
    expect(told.length).toBeGreaterThan(batches);
    for (const words of told) {
      expect(words.length).toBeGreaterThan(0);
      expect(callers.filter((caller) => words.some((word) => word.startsWith(caller)))).toHaveLength(1);
      // One session's words at a time, too.
      expect(new Set(words.map((word) => word.replace(/\d+$/, ""))).size).toBe(1);
    }
    await bench.close();
  });
});
