/** What must be true of each answer to a request whose upstream failed, or did not, and of its row in the access log. */
import { expect } from "bun:test";

import type { ErrorKind } from "#core/errors.ts";

import type { ProviderBench } from "./provider-bench.ts";
import { readTold, type Told, type Way } from "./provider-ways.ts";
import { expectShape } from "./refusals.ts";

export interface Failure {
  readonly kind: ErrorKind;
  /** By the client's format, where a status could still be given. */
  readonly status: number | Readonly<Record<Way["client"], number>>;
  readonly message?: string | RegExp;
  /** Its answer had begun: a stream has its 200 already. */
  readonly begun?: boolean;
}

/** By the client's format: what its API calls it. */
export const overloaded = { "anthropic-messages": 529, "openai-chat": 503, "openai-responses": 503 };

type Rows = Pick<ProviderBench, "expectRow">;

/** Shaped in the client's format, with one row that says the same. */
export function expectToldFailure(bench: Rows, told: readonly Told[], failure: Failure): void {
  const { kind, status, message, begun = false } = failure;
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

export function expectToldWhole(bench: Rows, told: readonly Told[], text: string): void {
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

/** Of what was cut off after some of its bytes: neither a shaped error nor the exact answer. `where`: for who reads it. */
export function untruthsOf(told: Told, text: string, where: string): readonly string[] {
  const { way, status, raw, broke } = told;
  const { ending, text: read } = readTold(told);
  const isHere = `${where}: ${status} ${JSON.stringify(raw.slice(-200))}`;
  if (broke) return [`the connection broke ${isHere}`];
  if (ending === "open") return [`nothing said how it ended ${isHere}`];
  if (ending === "whole") return read === text && status === 200 ? [] : [`another answer ${isHere}`];
  if (!text.startsWith(read)) return [`other words ${isHere}`];
  return status === 502 || (way.stream && status === 200) ? [] : [`another status ${isHere}`];
}

/** Notes the row of an answer that was cut off, or was whole after all. */
export function expectCutRow(bench: Rows, told: Told): void {
  const isWhole = readTold(told).ending === "whole";
  const errorKind = isWhole ? null : "upstream";
  bench.expectRow(told.requestId, { status: told.status, errorKind, finishReason: isWhole ? "stop" : null });
}
