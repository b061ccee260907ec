import type { Answer } from "./answer/answer.ts";
import type { ApiError } from "./api-error.ts";
import type { Format, StreamEvent, Writer } from "./format.ts";
import type { Fault } from "./script/script-types.ts";

/** One move of an answer that is being streamed. After `drop`, `cut` and `fail` nothing follows. */
export type Move =
  | { readonly do: "send"; readonly event: StreamEvent }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "drop" | "cut" }
  | { readonly do: "fail"; readonly error: ApiError; readonly event: StreamEvent };

export interface Player {
  readonly writer: Writer;
  readonly failure: Format["failure"];
  readonly requestId: string;
}

/** The moves of an answer, with the faults that fall between its events. Pure; the caller waits and writes. */
export function* playAnswer(answer: Answer, player: Player): Generator<Move, void> {
  const pending = answer.faults.filter((fault) => isBetweenDeltas(fault)).toSorted((a, b) => a.at - b.at);
  let sent = 0;
  let deltas = 0;
  let started = false;
  for (const { kind, event } of player.writer.stream(answer)) {
    if (kind !== "start" && !started) {
      for (const fault of answer.faults) if (fault.kind === "stall" && fault.at === "start") yield wait(fault.ms);
      started = true;
    }
    if (kind === "delta" || kind === "end") {
      for (const fault of takeDue(pending, kind === "end" ? Number.POSITIVE_INFINITY : deltas)) {
        yield suffer(fault, answer, player, sent);
        if (fault.kind !== "stall") return;
      }
    }
    if (kind === "delta") {
      if (deltas > 0 && answer.delayMs > 0) yield wait(answer.delayMs);
      deltas += 1;
    }
    yield { do: "send", event };
    sent += 1;
  }
}

type FaultBetween = Exclude<Fault, { readonly kind: "error" }> & { readonly at: number };

function isBetweenDeltas(fault: Fault): fault is FaultBetween {
  return fault.kind !== "error" && typeof fault.at === "number";
}

function takeDue(pending: FaultBetween[], deltas: number): readonly FaultBetween[] {
  const due = pending.filter((fault) => fault.at <= deltas);
  pending.splice(0, due.length);
  return due;
}

function suffer(fault: FaultBetween, answer: Answer, { writer, failure, requestId }: Player, sent: number): Move {
  switch (fault.kind) {
    case "stall":
      return wait(fault.ms);
    case "drop":
    case "cut":
      return { do: fault.kind };
    case "fail": {
      const error = failure(fault.errorType);
      return { do: "fail", error, event: writer.failed(answer, error, { sent, requestId }) };
    }
  }
}

function wait(ms: number): Move {
  return { do: "wait", ms };
}
