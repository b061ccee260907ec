import { expect, test } from "bun:test";

import * as fc from "fast-check";

import { createAdmission } from "./admission.ts";

const patient = { maxRunning: 1, setting: "limits.max_upstream", maxWaiting: 1, queueTimeoutMs: 60_000 };
const never = new AbortController().signal;

test('a waiter gets the place of the one that leaves, in order of arrival; proves("admission-limits")', async () => {
  const admission = createAdmission({ ...patient, maxWaiting: 2 });
  const order: string[] = [];
  const first = await admission.enter(never);
  const second = admission.enter(never).then((release) => (order.push("second"), release));
  const third = admission.enter(never).then((release) => (order.push("third"), release));
  expect(admission).toMatchObject({ running: 1, waiting: 2 });
  first();
  (await second)();
  (await third)();
  expect(order).toEqual(["second", "third"]);
  expect(admission).toMatchObject({ running: 0, waiting: 0 });
});

test("a full queue refuses at once, says when to come back and what makes more room", async () => {
  const admission = createAdmission({ ...patient, maxWaiting: 0 });
  await admission.enter(never);
  await expect(admission.enter(never)).rejects.toMatchObject({
    kind: "rate-limit",
    options: {
      isOurLimit: true,
      retryAfterSeconds: 5,
      hint: "Retry shortly, or raise limits.max_upstream or limits.max_waiting.",
    },
  });
});

test("waiting ends with the deadline", async () => {
  const admission = createAdmission({ ...patient, queueTimeoutMs: 5 });
  await admission.enter(never);
  await expect(admission.enter(never)).rejects.toMatchObject({
    kind: "rate-limit",
    options: { isOurLimit: true, hint: "Retry shortly, or raise limits.max_upstream or limits.queue_timeout_seconds." },
  });
});

test("a client that leaves the queue frees its place in it", async () => {
  const admission = createAdmission(patient);
  const release = await admission.enter(never);
  const client = new AbortController();
  const waiting = admission.enter(client.signal);
  client.abort();
  await expect(waiting).rejects.toThrow();
  expect(admission.waiting).toBe(0);
  release();
  expect(admission.running).toBe(0);
});

test("releasing twice gives back one place", async () => {
  const admission = createAdmission({ ...patient, maxRunning: 2 });
  const release = await admission.enter(never);
  await admission.enter(never);
  release();
  release();
  expect(admission.running).toBe(1);
});

test("in any order of arrivals, departures and hang-ups no more than the maximum run and none is lost", async () => {
  const step = fc.oneof(fc.constant("enter"), fc.constant("leave"), fc.constant("hang-up"));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (steps, maxRunning) => {
      const admission = createAdmission({ ...patient, maxRunning, maxWaiting: 100 });
      const releases: Array<() => void> = [];
      const waiting: AbortController[] = [];
      for (const action of steps) {
        if (action === "enter") {
          const client = new AbortController();
          waiting.push(client);
          admission.enter(client.signal).then(
            (release) => {
              waiting.splice(waiting.indexOf(client), 1);
              releases.push(release);
            },
            () => {},
          );
        } else if (action === "leave") releases.shift()?.();
        else waiting.shift()?.abort();
        await Promise.resolve();
        await Promise.resolve();
        expect(admission.running).toBeLessThanOrEqual(maxRunning);
      }
      for (const client of waiting) client.abort();
      for (let turn = 0; turn <= steps.length; turn += 1) {
        releases.shift()?.();
        await Bun.sleep(0);
      }
      expect(admission).toMatchObject({ running: 0, waiting: 0 });
    }),
    { numRuns: 50 },
  );
});
