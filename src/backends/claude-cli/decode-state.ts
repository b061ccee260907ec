import type { ModelEvent } from "#core/events.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import { noUsage, type Usage } from "#core/usage.ts";

import type { RateLimit, RetryLine, UpstreamUsage } from "./lines.ts";
import { noTotals, type Totals } from "./usage.ts";

/**
 * What is known of one turn while its lines come in. Plain data: every step of the decoder returns a new one.
 *
 * `waiting`: nothing of the answer has come. `answering`: it is on its way. `stopping`: the answer is complete but the
 * CLI goes on by itself, so its result is awaited only for the cost. `ended`: the terminal event is out.
 */
export interface DecodeState {
  readonly phase: "waiting" | "answering" | "stopping" | "ended";
  /** The CLI is, or may be, still working on something nobody wants. */
  readonly interrupt: boolean;
  /** The upstream message being received. It stays when its stream breaks off, until the next begins. */
  readonly message: UpstreamMessage | undefined;
  /** Upstream messages that were received whole: the CLI repeats their blocks in `assistant` lines. */
  readonly received: readonly string[];
  /** Results of tools that came while a message was still streaming. */
  readonly heldResults: readonly ModelEvent[];
  readonly blocks: number;
  readonly steps: number;
  /** Of the steps that are over. */
  readonly usage: Usage;
  /** Of the last of them: how full the context is. */
  readonly lastInputTokens: number;
  readonly lastStop: Stop | undefined;
  readonly ending: Ending | undefined;
  /** The CLI's own report of a failure, in place of an answer. */
  readonly report: { readonly code: string | undefined; readonly message: string } | undefined;
  readonly retry: RetryLine | undefined;
  readonly rateLimit: RateLimit | undefined;
  /** What the process had cost before this turn. */
  readonly before: Totals;
  /** What it has cost after it; set with the result. */
  readonly after: Totals | undefined;
}

export interface UpstreamMessage {
  readonly id: string;
  /** False when the CLI handed it over in whole blocks, without stream events. */
  readonly streamed: boolean;
  readonly usage: UpstreamUsage | null;
  readonly open: OpenBlock | undefined;
  /** Characters of its latest text block, as far as they came. */
  readonly textLength: number;
  /** The client has seen something of it. */
  readonly shown: boolean;
  /** It has text or a tool call: an answer without either makes the CLI ask again. */
  readonly substantial: boolean;
  readonly stop: Stop | undefined;
}

export interface OpenBlock {
  readonly index: number;
  readonly kind: "text" | "reasoning" | "tool" | "skipped";
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
export function startDecoding(before: Totals = noTotals): DecodeState {
  return {
    phase: "waiting",
    interrupt: false,
    message: undefined,
    received: [],
    heldResults: [],
    blocks: 0,
    steps: 0,
    usage: noUsage,
    lastInputTokens: 0,
    lastStop: undefined,
    ending: undefined,
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
