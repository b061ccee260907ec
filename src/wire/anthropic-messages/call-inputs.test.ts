import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { GatewayError } from "#core/errors.ts";
import type { FinishEvent, ModelEvent } from "#core/events.ts";
import { noUsage } from "#core/usage.ts";
import { anyTurn, eventsOf } from "#wire/testing/event-sequences.ts";

import { createInputCheck } from "./call-inputs.ts";

const stepEnd: ModelEvent = { type: "step-end", usage: noUsage };
const error: ModelEvent = { type: "error", error: new GatewayError("upstream", "x") };

function call(json: string, executedBy: "client" | "backend" = "client"): ModelEvent[] {
  return [
    { type: "tool-input-start", id: "c", toolName: "lookup", executedBy },
    ...json.split("").map((delta): ModelEvent => ({ type: "tool-input-delta", id: "c", delta })),
    { type: "tool-input-end", id: "c" },
  ];
}

function finish(reason: FinishEvent["reason"]): ModelEvent {
  return { type: "finish", reason, usage: noUsage, steps: 1 };
}

const checked = (events: readonly ModelEvent[]) => events.flatMap(createInputCheck());
const untouched = (events: readonly ModelEvent[]) => expect(checked(events)).toEqual([...events]);

describe("a call whose input is no object", () => {
  test.each(['{"a": 1', "nonsense", "[1]", '"x"', "null", "7"])("as %s is an error that names its tool", (json) => {
    const events = call(json);
    expect(checked([...events, stepEnd, finish("tool-calls")])).toEqual([
      ...events.slice(0, -1),
      {
        type: "error",
        error: expect.objectContaining({ kind: "upstream", message: expect.stringContaining("lookup") }),
      },
    ]);
  });

  test("is told as soon as something comes behind it that an answer cut off there would not have", () => {
    const next: ModelEvent = { type: "text-start", id: "t" };
    expect(checked([...call("{"), next]).at(-1)).toMatchObject({ type: "error", error: { kind: "upstream" } });
  });

  test.each<[string, ModelEvent]>([
    ["its limit", finish("length")],
    ["a filter", finish("content-filter")],
    ["a failure that is told", finish("error")],
  ])("is left as it is where the answer was cut off by %s", (_title, ending) => {
    untouched([...call('{"a": 1'), stepEnd, ending]);
  });

  test("does not hide the error that comes behind it", () => {
    expect(checked([...call("{"), error]).at(-1)).toBe(error);
  });

  test("is nothing to a client that is not to run it", () => {
    untouched([...call("{", "backend"), stepEnd, finish("stop")]);
  });
});

test("a call without a word of input is one without arguments", () => {
  for (const json of ["", " "]) untouched([...call(json), stepEnd, finish("tool-calls")]);
});

test("any other turn passes as it comes", () => {
  fc.assert(
    fc.property(anyTurn, (turn) => {
      const check = createInputCheck();
      for (const event of eventsOf(turn)) expect(check(event)).toEqual([event]);
    }),
    { numRuns: 50 },
  );
});
