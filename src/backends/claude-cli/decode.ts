/**
 * One turn of the CLI as canonical events: a pure state machine over parsed lines. It knows what the CLI does behind
 * the answer's back (continuing after max_tokens, asking again after a dropped stream, reporting errors as success)
 * and says when it must be interrupted; it does not know processes.
 */
import { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import { addUsage, subtractUsage } from "#core/usage.ts";
import type { ContentBlock, StreamEvent, UpstreamUsage } from "#wire/anthropic-messages/upstream/schema.ts";
import { mergeUpstreamUsage, usageOf } from "#wire/anthropic-messages/upstream/usage.ts";

import { closeBlock, extendBlock, openBlock, toolResults, wholeBlock } from "./decode-blocks.ts";
import { NO_EVENTS, withMessage, type DecodeState, type Ending, type Step, type Stop } from "./decode-state.ts";
import { gatewayErrorOf } from "./failure.ts";
import { isActivity, type CliLine, type ResultLine, type RetryLine } from "./lines.ts";
import { mainLoopUsage, totalsOf, turnUsage } from "./usage.ts";
import { writtenObject } from "./written-object.ts";

/** `now` in Unix milliseconds; it only turns a reset time into a wait. */
export function decodeLine(state: DecodeState, line: CliLine, now: number): Step {
  // Whatever it does after its result, nobody asked for.
  if (state.phase === "ended") return [isActivity(line) ? { ...state, interrupt: true } : state, NO_EVENTS];
  if (line.type === "result") return onResult(state, line.result, now);
  if (state.phase === "stopping") return [state, NO_EVENTS];
  // The agent's own calls of the same message go on meanwhile.
  if (state.phase === "parked" && line.type !== "user") return [state, NO_EVENTS];
  switch (line.type) {
    case "stream":
      return onStreamEvent(state, line.event);
    case "assistant":
      return onAssistant(state, line);
    case "user":
      return onUser(state, line.blocks);
    case "retry":
      return onRetry(state, line.retry, now);
    case "rate-limit":
      return [{ ...state, rateLimit: line.rateLimit }, NO_EVENTS];
    default:
      return [state, NO_EVENTS];
  }
}

/** The end of a turn whose result will not come: the process is gone, or was too slow to say the cost. */
export function abandonTurn(state: DecodeState, error: GatewayError): Step {
  if (state.phase === "ended") return [state, NO_EVENTS];
  if (state.phase === "stopping") return finish(state);
  return fail(state, error);
}

function onStreamEvent(state: DecodeState, event: StreamEvent): Step {
  switch (event.type) {
    case "message_start":
      return startMessage(state, { ...event.message, streamed: true });
    case "content_block_start":
      // Without the message it belongs to: that line was lost.
      if (state.message?.streamed !== true) return fail(state, tornAnswer(), true);
      return openBlock(state, event.index, event.content_block);
    case "content_block_delta":
      return extendBlock(state, event.index, event.delta);
    case "content_block_stop":
      return state.message?.open?.index === event.index ? closeBlock(state) : [state, NO_EVENTS];
    case "message_delta":
      return onMessageDelta(state, event.delta, event.usage);
    default:
      return state.message?.stop === undefined ? [withMessage(state, { isTorn: true }), NO_EVENTS] : endStep(state);
  }
}

interface MessageHead {
  readonly id: string;
  readonly model: string;
  readonly usage: UpstreamUsage | null;
  readonly streamed: boolean;
}

function startMessage(state: DecodeState, { id, model, usage, streamed }: MessageHead): Step {
  // A second full ask: what it says would repeat what the client already has.
  if (state.message?.shown === true) return fail(state, brokenOff(), true);
  const retried = state.message !== undefined;
  const events: ModelEvent[] = [];
  if (state.phase === "waiting")
    events.push({ type: "start", responseId: id, model, usage: usageOf(usage) }, ...state.heldResults);
  if (!retried) events.push({ type: "step-start" });
  const message = {
    id,
    streamed,
    usage,
    open: undefined,
    written: "",
    textLength: 0,
    shown: false,
    substantial: false,
    clientCalls: [],
    stop: undefined,
    isTorn: false,
  };
  const steps = retried ? state.steps : state.steps + 1;
  return [{ ...state, phase: "answering", heldResults: [], steps, message }, events];
}

/** Stops after which the CLI asks the model again without being told to (2.1.x: up to three times). */
const FINAL_STOPS: ReadonlySet<string> = new Set(["max_tokens", "refusal", "model_context_window_exceeded"]);
const NATURAL_STOPS: ReadonlySet<string> = new Set(["end_turn", "stop_sequence"]);

function onMessageDelta(
  state: DecodeState,
  delta: { readonly stop_reason?: string | null | undefined; readonly stop_sequence?: string | null | undefined },
  usage: UpstreamUsage | null,
): Step {
  const { message } = state;
  // 2.1.329 closes a broken stream with an invented message_delta without a reason.
  if (message === undefined || typeof delta.stop_reason !== "string") return [state, NO_EVENTS];
  const stop: Stop = { reason: delta.stop_reason, sequence: delta.stop_sequence ?? undefined };
  const stopped = withMessage({ ...state, lastStop: stop }, { stop, usage: mergeUpstreamUsage(message.usage, usage) });
  if (message.clientCalls.length > 0 && !FINAL_STOPS.has(stop.reason)) return handOver(stopped, stop);
  const isEmpty = NATURAL_STOPS.has(stop.reason) && !message.substantial;
  if (isEmpty && state.reading.structured !== "no") return fail(stopped, unfitting(), true);
  const object = NATURAL_STOPS.has(stop.reason) ? writtenObject(message.written) : undefined;
  if (object !== undefined) {
    const [ended, events] = endStep(stopped);
    return [
      { ...ended, phase: "stopping", interrupt: true, ending: endingOf(stop) },
      [...wholeText(object), ...events],
    ];
  }
  const goesOn = FINAL_STOPS.has(stop.reason) || isEmpty;
  if (!goesOn) return [stopped, NO_EVENTS];
  const [ended, events] = endStep(stopped);
  return [{ ...ended, phase: "stopping", interrupt: true, ending: endingOf(stop) }, events];
}

/** It is the client's turn to run what was called. */
function handOver(state: DecodeState, stop: Stop): Step {
  const [ended, events] = endStep(state);
  const ending: Ending = { reason: "tool-calls", rawReason: stop.reason, stopSequence: undefined };
  if (state.reading.atClientCalls === "end") return [{ ...ended, phase: "stopping", ending }, events];
  const [, finished] = finish({ ...ended, ending, after: undefined });
  return [{ ...ended, phase: "parked", ending }, [...events, ...finished]];
}

function endStep(state: DecodeState): Step {
  const { message } = state;
  if (message === undefined) return [state, NO_EVENTS];
  const [closed, end] = closeBlock(state);
  const usage = usageOf(message.usage);
  const next: DecodeState = {
    ...closed,
    message: undefined,
    received: [...closed.received, message.id],
    clientCalls: message.clientCalls.length > 0 ? message.clientCalls : closed.clientCalls,
    heldResults: [],
    usage: addUsage(closed.usage, usage),
    lastInputTokens: usage.inputTokens,
  };
  return [next, [...end, { type: "step-end", usage }, ...closed.heldResults]];
}

type AssistantLine = Extract<CliLine, { type: "assistant" }>;

function onAssistant(state: DecodeState, line: AssistantLine): Step {
  if (line.error !== undefined || line.model === "<synthetic>") {
    const report = { code: line.error, message: textOf(line.blocks) };
    return [{ ...state, report }, NO_EVENTS];
  }
  const { message } = state;
  if (state.received.includes(line.id)) return [state, NO_EVENTS];
  if (message?.id === line.id && message.streamed)
    return state.reading.structured === "no" && isLonger(line.blocks, message.textLength)
      ? fail(state, tornAnswer(), true)
      : [state, NO_EVENTS];
  if (message?.id === line.id) return appendBlocks(state, line.blocks);
  if (message?.streamed === true && message.shown) return fail(state, brokenOff(), true);
  const [settled, before] = endWholeMessage(state);
  const [started, start] = startMessage(settled, { ...line, streamed: false });
  const [appended, events] = appendBlocks(started, line.blocks);
  return [appended, [...before, ...start, ...events]];
}

/** The CLI repeats each streamed block whole: more than was streamed means that a line of the stream was lost. */
function isLonger(blocks: readonly ContentBlock[], textLength: number): boolean {
  const [block] = blocks;
  return blocks.length === 1 && block?.type === "text" && (block.text?.length ?? 0) > textLength;
}

function appendBlocks(state: DecodeState, blocks: readonly ContentBlock[]): Step {
  let current = state;
  const events: ModelEvent[] = [];
  for (const block of blocks) {
    const [next, produced] = wholeBlock(current, block);
    current = next;
    events.push(...produced);
  }
  return [current, events];
}

/** Whole messages have no end of their own: what follows them ends them. */
function endWholeMessage(state: DecodeState): Step {
  return state.message?.streamed === false ? endStep(state) : [state, NO_EVENTS];
}

function onUser(state: DecodeState, blocks: readonly ContentBlock[]): Step {
  const results = toolResults(blocks).filter((event) => !("id" in event && state.clientCalls.includes(event.id)));
  // 2.1.329 has the model go on with an answer that ended between two blocks: its user would pay for what nobody gets.
  const { message } = state;
  if (results.length === 0 && message?.isTorn === true && message.shown) return fail(state, brokenOff(), true);
  if (results.length === 0) return [state, NO_EVENTS];
  const [settled, end] = endWholeMessage(state);
  // Tools start while their message still streams; blocks of the client's answer may not be torn apart.
  if (settled.message !== undefined || settled.phase !== "answering")
    return [{ ...settled, heldResults: [...settled.heldResults, ...results] }, NO_EVENTS];
  return [settled, [...end, ...results]];
}

function onRetry(state: DecodeState, retry: RetryLine, now: number): Step {
  if (state.message?.shown === true) return fail(state, brokenOff(), true);
  const next = { ...state, retry };
  const { error_status: status, retry_delay_ms: delayMs } = retry;
  // Measured: 2.1.x repeats a refused credential ten times, for about three minutes.
  if (status !== 401 && delayMs <= LONGEST_RETRY_WAIT_MS) return [next, NO_EVENTS];
  return fail(next, reportedError(next, { status: status ?? null, message: "", terminalReason: null }, now), true);
}

/** 2.1.x waits a whole minute where a rate limit asks for it; whether to wait that long is the client's decision. */
const LONGEST_RETRY_WAIT_MS = 5000;

function onResult(state: DecodeState, result: ResultLine, now: number): Step {
  const after = totalsOf(result.total_cost_usd ?? null, result.modelUsage ?? null);
  const counted = { ...state, after, isSettled: true };
  if (state.phase === "stopping") return finish(counted);
  // A result amid a message is not its result, or the rest of the message was lost.
  if (isAmidMessage(state) && isSuccess(result)) return fail(counted, tornAnswer(), true);
  // 2.1.x runs the calls of an answer that broke off behind them, and gives up at its limit.
  if (isAmidMessage(state) && LIMITS[result.subtype] !== undefined) return fail(counted, brokenOff());
  const [settled, end] = endStep(counted);
  const [closed, terminal] = settle(settled, result, now);
  // A message that broke off keeps its block open: an error may leave one, and the step did not end.
  const broken = terminal.some(({ type }) => type === "error") && state.message !== undefined;
  return broken ? [closed, terminal] : [closed, [...end, ...terminal]];
}

/** `subtype` alone says nothing: 2.1.x reports API errors as `success` with `is_error`. */
function settle(state: DecodeState, result: ResultLine, now: number): Step {
  if (state.reading.structured !== "no" && UNFITTING.has(result.subtype)) return fail(state, unfitting());
  const limit = LIMITS[result.subtype];
  if (limit !== undefined && state.phase === "answering")
    return finish({ ...state, ending: { reason: "length", rawReason: limit, stopSequence: undefined } }, result);
  if (!isSuccess(result)) return fail(state, failureOf(state, result, now));
  if (state.phase === "waiting") return fail(state, unasked(result));
  const { structured } = state.reading;
  if (structured !== "no" && result.structured_output === undefined) return fail(state, unfitting());
  const stop = state.lastStop ?? { reason: result.stop_reason ?? "end_turn", sequence: undefined };
  const [finished, terminal] = finish({ ...state, ending: endingOf(stop) }, result);
  return structured === "whole"
    ? [finished, [...wholeText(JSON.stringify(result.structured_output)), ...terminal]]
    : [finished, terminal];
}

function wholeText(text: string): readonly ModelEvent[] {
  const id = "structured";
  return [
    { type: "text-start", id },
    { type: "text-delta", id, text },
    { type: "text-end", id },
  ];
}

/** A message of the model's is on its way. */
export function isAmidMessage({ message }: DecodeState): boolean {
  return message?.streamed === true && message.stop === undefined;
}

function isSuccess(result: ResultLine): boolean {
  return !result.is_error && result.subtype === "success";
}

function failureOf(state: DecodeState, result: ResultLine, now: number): GatewayError {
  const message = state.report?.message ?? result.result ?? result.errors?.join(" ") ?? "";
  const status = result.api_error_status ?? state.retry?.error_status ?? null;
  return reportedError(state, { status, message, terminalReason: result.terminal_reason ?? null }, now);
}

const LIMITS: Readonly<Record<string, string>> = {
  error_max_turns: "max_turns",
  error_max_budget_usd: "max_budget_usd",
};

/** How 2.1.x ends without the answer it had to have the model give; a bare model has one turn. */
const UNFITTING: ReadonlySet<string> = new Set(["error_max_turns", "error_max_structured_output_retries"]);

function finish(state: DecodeState, result?: ResultLine): Step {
  const { ending, before, after, toldUsage } = state;
  const mainLoop = mainLoopUsage(state.usage, usageOf(result?.usage ?? null));
  // A turn that was stopped also paid for the question the CLI asked on its own; the answer did not use those tokens.
  const usage = result === undefined ? state.usage : subtractUsage(turnUsage(mainLoop, before, after), toldUsage);
  const cost = after === undefined ? undefined : after.costUsd - before.costUsd;
  return [
    { ...state, phase: "ended" },
    [
      {
        type: "finish",
        reason: ending?.reason ?? "stop",
        ...(ending?.rawReason !== undefined && { rawReason: ending.rawReason }),
        ...(ending?.stopSequence !== undefined && { stopSequence: ending.stopSequence }),
        usage,
        ...(cost !== undefined && cost >= 0 && { costUsd: cost }),
        steps: state.steps,
      },
    ],
  ];
}

function fail(state: DecodeState, error: GatewayError, interrupt = false): Step {
  return [{ ...state, phase: "ended", interrupt: state.interrupt || interrupt }, [{ type: "error", error }]];
}

const REASONS: Readonly<Record<string, FinishReason>> = {
  max_tokens: "length",
  model_context_window_exceeded: "length",
  refusal: "content-filter",
};

function endingOf({ reason, sequence }: Stop): Ending {
  return { reason: REASONS[reason] ?? "stop", rawReason: reason, stopSequence: sequence };
}

function reportedError(
  state: DecodeState,
  said: { readonly status: number | null; readonly message: string; readonly terminalReason: string | null },
  now: number,
): GatewayError {
  const code = state.report?.code ?? state.retry?.error;
  const retryDelayMs = state.retry?.retry_delay_ms;
  return gatewayErrorOf({ ...said, code, rateLimit: state.rateLimit, retryDelayMs, now });
}

function brokenOff(): GatewayError {
  return new GatewayError("upstream", "The connection to the model API was lost in the middle of the answer.", {
    hint: "Send the request again.",
  });
}

function tornAnswer(): GatewayError {
  return new GatewayError("upstream", "Part of the answer was lost on its way out of Claude Code.", {
    hint: "Send the request again.",
  });
}

/** The CLI has the model try again where it may; then, or where it may not, this is what is left. */
function unfitting(): GatewayError {
  return new GatewayError("upstream", "The model's answer did not fit the schema it was asked for.", {
    hint: "Send the request again, or ask for a simpler schema.",
  });
}

function unasked(result: ResultLine): GatewayError {
  return new GatewayError("upstream", "Claude Code answered without asking the model.", {
    cause: new Error(result.result ?? "no text"),
  });
}

function textOf(blocks: readonly ContentBlock[]): string {
  return blocks.map((block) => block.text ?? "").join("");
}
