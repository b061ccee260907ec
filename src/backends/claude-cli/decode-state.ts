import type { ModelEvent } from "#core/events.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import { addUsage, noUsage, type Usage } from "#core/usage.ts";
import type { UpstreamUsage } from "#wire/anthropic-messages/upstream/schema.ts";

import type { RateLimit, RetryLine } from "./lines.ts";
import { noTotals, type Totals } from "./usage.ts";

/**
 * What is known of one turn while its lines come in. Plain data: every step of the decoder returns a new one.
 *
 * `waiting`: nothing of the answer has come. `answering`: it is on its way. `stopping`: the answer is complete but the
 * CLI goes on by itself, so its result is awaited only for the cost. `parked`: the answer ended in calls of the client's
 * tools, and the turn goes on with their results. `ended`: the terminal event is out.
 */
export interface DecodeState {
  readonly phase: "waiting" | "answering" | "stopping" | "parked" | "ended";
  readonly reading: Reading;
  /** The CLI is, or may be, still working on something nobody wants. */
  readonly interrupt: boolean;
  /** The upstream message being received. It stays when its stream breaks off, until the next begins. */
  readonly message: UpstreamMessage | undefined;
  /** Upstream messages that were received whole: the CLI repeats their blocks in `assistant` lines. */
  readonly received: readonly string[];
  /** Calls of the client's tools in the latest message that has any. */
  readonly clientCalls: readonly string[];
  /** Results of tools that came while a message was still streaming, or before the answer went on. */
  readonly heldResults: readonly ModelEvent[];
  readonly blocks: number;
  readonly steps: number;
  /** Of the steps that are over. */
  readonly usage: Usage;
  /** Of those of this turn that an earlier answer has told of. */
  readonly toldUsage: Usage;
  /** Of the last of them: how full the context is. */
  readonly lastInputTokens: number;
  readonly lastStop: Stop | undefined;
  readonly ending: Ending | undefined;
  /** The CLI has given its result: it is idle. */
  readonly isSettled: boolean;
  /** The CLI's own report of a failure, in place of an answer. */
  readonly report: { readonly code: string | undefined; readonly message: string } | undefined;
  readonly retry: RetryLine | undefined;
  readonly rateLimit: RateLimit | undefined;
  /** What the process had cost before this turn. */
  readonly before: Totals;
  /** What it has cost after it; set with the result. */
  readonly after: Totals | undefined;
}

/** How the lines of a turn are to be read. */
export interface Reading {
  /** The client's name for a tool, by the name it has towards the model; undefined for one of the agent's own. */
  readonly clientToolName: (wireName: string) => string | undefined;
  /**
   * What becomes of a turn that calls the client's tools. `end`: the CLI cannot go on with it and says so; the results
   * come in a turn of their own. `park`: the CLI waits for the results.
   */
  readonly atClientCalls: "end" | "park";
  /**
   * How the answer comes that has to fit a schema, which the CLI has the model give by a call: as it is written, or
   * whole at the end, where the CLI lets the model try again.
   */
  readonly structured: "no" | "streamed" | "whole";
  /** Any object will do: a model that was asked for JSON by its prompt may write it down, and need not be asked again. */
  readonly takesWrittenObject: boolean;
}

const plainReading: Reading = {
  clientToolName: () => undefined,
  atClientCalls: "end",
  structured: "no",
  takesWrittenObject: false,
};

export interface UpstreamMessage {
  readonly id: string;
  /** False when the CLI handed it over in whole blocks, without stream events. */
  readonly streamed: boolean;
  readonly usage: UpstreamUsage | null;
  readonly open: OpenBlock | undefined;
  /** What it says beside an answer in the form of a schema, where that may be the answer. */
  readonly written: string;
  /** Characters of its latest text block, as far as they came. */
  readonly textLength: number;
  /** The client has seen something of it. */
  readonly shown: boolean;
  /** It has text or a tool call: an answer without either makes the CLI ask again. */
  readonly substantial: boolean;
  /** Calls of the client's tools in it. */
  readonly clientCalls: readonly string[];
  readonly stop: Stop | undefined;
  /** Its stream is over, and never said why it stopped. */
  readonly isTorn: boolean;
}

export interface OpenBlock {
  readonly index: number;
  readonly kind: "text" | "structured" | "reasoning" | "tool" | "skipped";
  readonly id: string;
  readonly signature: string;
}

export interface Stop {
  readonly reason: string;
  readonly sequence: string | undefined;
}

export interface Ending {
  readonly reason: FinishReason;
  readonly rawReason: string | undefined;
  readonly stopSequence: string | undefined;
}

export type Step = readonly [DecodeState, readonly ModelEvent[]];

export const NO_EVENTS: readonly ModelEvent[] = [];

/** `before`: what the process had cost when the turn began. */
export function startDecoding(before: Totals = noTotals, reading: Reading = plainReading): DecodeState {
  return {
    phase: "waiting",
    reading,
    interrupt: false,
    message: undefined,
    received: [],
    clientCalls: [],
    heldResults: [],
    blocks: 0,
    steps: 0,
    usage: noUsage,
    toldUsage: noUsage,
    lastInputTokens: 0,
    lastStop: undefined,
    ending: undefined,
    isSettled: false,
    report: undefined,
    retry: undefined,
    rateLimit: undefined,
    before,
    after: undefined,
  };
}

export function withMessage(state: DecodeState, changes: Partial<UpstreamMessage>): DecodeState {
  return state.message === undefined ? state : { ...state, message: { ...state.message, ...changes } };
}

/** A parked turn, for the answer that goes on with it. `reading` stays as it was. */
export function resumeDecoding(parked: DecodeState): DecodeState {
  return {
    ...parked,
    phase: "waiting",
    steps: 0,
    usage: noUsage,
    toldUsage: addUsage(parked.toldUsage, parked.usage),
    lastStop: undefined,
    ending: undefined,
  };
}
