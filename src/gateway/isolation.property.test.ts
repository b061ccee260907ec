/** Two callers, any requests in any order, many at once: neither is ever answered from a word of the other's. */
import { expect, setDefaultTimeout, test } from "bun:test";

import fc from "fast-check";

import type { Backend, RunContext } from "#core/backend.ts";
import type { ModelEvent } from "#core/events.ts";
import { noUsage } from "#core/usage.ts";
import { createTestSessions, memoryDatabase } from "#sessions/testing/test-sessions.ts";

import { createAdmission } from "./admission.ts";
import { createGateway } from "./gateway.ts";
import { onlyTo } from "./testing/plain-route.ts";
import { type Caller, callers, createClient, steps, wordsIn } from "./testing/two-callers.ts";
import type { Gateway } from "./types.ts";

setDefaultTimeout(60_000);

/** A model that repeats all it was told, and a backend that leaves the caller's word in what it wants kept. */
function createEcho(heard: (context: RunContext, told: string) => void): Backend {
  return {
    id: "echo",
    modes: ["agent", "chat"],
    answersBy: "processes",
    unsupported: () => [],
    async *run(request, context): AsyncGenerator<readonly ModelEvent[], void> {
      const told = JSON.stringify([request.messages, request.system, request.model, context.session]);
      heard(context, told);
      yield [{ type: "start", responseId: "1", model: "m", usage: noUsage }, { type: "step-start" }];
      await Bun.sleep(0);
      if (context.signal.aborted) throw context.signal.reason;
      context.report({ sessionId: `cli of ${context.principal}`, resume: `memory of ${context.principal}` });
      yield [
        { type: "text-start", id: "1" },
        { type: "text-delta", id: "1", text: `told ${told.length}: ${wordsIn(told).join(" ")}` },
        { type: "text-end", id: "1" },
        { type: "finish", reason: "stop", usage: noUsage, steps: 1 },
      ];
    },
    listModels: () => Promise.resolve([]),
    knownModels: () => [],
    countTokens: () => Promise.resolve({ inputTokens: 1, exact: true }),
    status: () => ({ ready: true, detail: "" }),
  };
}

const ofThree = { maxRunning: 3, setting: "limits.max_running", maxWaiting: 100, queueTimeoutMs: 5000 };

function gatewayOf(backend: Backend, database: ReturnType<typeof memoryDatabase>): Gateway {
  return createGateway({
    routing: onlyTo(backend),
    admission: createAdmission(ofThree),
    upstreamAdmission: createAdmission(ofThree),
    sessions: createTestSessions({ database }),
    workspaces: { resolve: () => Promise.reject(new Error("a bare model works nowhere")) },
    aliases: new Map(),
    versions: new Map(),
    openaiNames: new Map(),
    passthrough: true,
    defaultVerbosity: "text-only",
    defaultMode: "chat",
    firstEventDeadlineMs: 60_000,
    requestTimeoutMs: 0,
  });
}

const other: Readonly<Record<Caller, Caller>> = { ann: "bob", bob: "ann" };

// proves("session-isolation")
test("no sequence of requests by two callers lets one see a word of the other", async () => {
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (batches) => {
      const database = memoryDatabase();
      const seen: [string, string][] = [];
      const backend = createEcho(({ principal }, told) => seen.push([principal, told]));
      const gateway = gatewayOf(backend, database);
      const clients = { ann: createClient(gateway, "ann"), bob: createClient(gateway, "bob") };
      for (const batch of batches)
        await Promise.all(
          batch.map(async (one) => {
            const heard = await clients[one.caller](one);
            answered += heard.length > 1 ? 1 : 0;
            seen.push([one.caller, heard]);
          }),
        );
      database.close();
      for (const caller of callers)
        for (const [who, told] of seen) if (who === caller) expect(told).not.toContain(other[caller]);
    }),
    { numRuns: 60 },
  );
  expect(answered).toBeGreaterThan(300);
});

test("a named session tells of nothing that was said in another of the same caller's", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (batches) => {
      const database = memoryDatabase();
      const seen: [string | undefined, string][] = [];
      const backend = createEcho(({ session }, told) =>
        seen.push([session?.named === true ? session.id : undefined, told]),
      );
      const gateway = gatewayOf(backend, database);
      const client = createClient(gateway, "ann");
      for (const batch of batches) await Promise.all(batch.map((one) => client({ ...one, caller: "ann" })));
      database.close();
      for (const [session, told] of seen)
        if (session !== undefined) for (const word of wordsIn(told)) expect(word).toStartWith(`ann-${session}-`);
    }),
    { numRuns: 40 },
  );
});
