import { expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";

import { startTurnSignal } from "./turn-signal.ts";

test("it fires with the client's signal and for its reason", () => {
  const client = new AbortController();
  const turn = startTurnSignal(client.signal, 0);
  const left = new GatewayError("cancelled", "The client left.");
  client.abort(left);
  expect(turn.signal.reason).toBe(left);
  expect(turn.stoppedBy).toBeUndefined();
});

test("it has fired already for a client that has left before", () => {
  expect(startTurnSignal(AbortSignal.abort(), 0).signal.aborted).toBe(true);
});

test("it fires when the time is up", async () => {
  const turn = startTurnSignal(new AbortController().signal, 1);
  await new Promise((resolve) => turn.signal.addEventListener("abort", resolve));
  expect(turn.stoppedBy).toMatchObject({ kind: "timeout" });
  expect(turn.signal.reason).toBe(turn.stoppedBy);
});

test("released, it fires no more", async () => {
  const client = new AbortController();
  const turn = startTurnSignal(client.signal, 1);
  turn.release();
  client.abort();
  await Bun.sleep(5);
  expect(turn.signal.aborted).toBe(false);
});
