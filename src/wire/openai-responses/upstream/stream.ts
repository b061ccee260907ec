import * as v from "valibot";

import type { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import { type BlockEvent, createInOrder } from "#core/in-order.ts";
import { brokenOff, unreadable } from "#core/refusal.ts";
import type { StreamDecoder } from "#core/upstream-format.ts";
import { noUsage } from "#core/usage.ts";
import { isRecord } from "#lib/is-record.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";
import { saidIn } from "#lib/said-in.ts";

import { failedStream } from "./error.ts";
import { createItems, type Items } from "./items.ts";
import { eventSchema, type StreamEvent, type UpstreamResponse } from "./schema.ts";
import { usageOf } from "./usage.ts";

interface State {
  phase: "waiting" | "answering" | "ended";
  readonly tell: (event: BlockEvent) => readonly ModelEvent[];
  readonly items: Items;
}

/** Well-formed events for any order of frames: what has no place in the stream decodes to nothing. */
export function createStreamDecoder(): StreamDecoder {
  const state = startState();
  return {
    // Some servers break a silence with an event that says nothing.
    decode: (data) => (state.phase === "ended" || data.trim() === "" ? [] : decodeFrame(state, data)),
    end: () => (state.phase === "ended" ? [] : fail(state, brokenOff())),
  };
}

/** The same for what a stream ends with, which holds all there is. */
export function decodeWhole(response: UpstreamResponse): readonly ModelEvent[] {
  return end(startState(), response);
}

function startState(): State {
  return { phase: "waiting", tell: createInOrder(), items: createItems() };
}

/** What a stream begins and ends with. */
export function isTelling(data: string): boolean {
  return (
    /"type"\s*:\s*"(?:response\.(?:created|completed|incomplete|failed)|error)"/.test(data) || !data.includes('"type"')
  );
}

/** How an answer ended, by the event that says so: some gateways leave it out of the response, or the response out. */
const ends: Readonly<Record<string, string>> = {
  "response.completed": "completed",
  "response.incomplete": "incomplete",
  "response.failed": "failed",
};

function decodeFrame(state: State, data: string): readonly ModelEvent[] {
  if (data.trim() === "[DONE]") return fail(state, brokenOff());
  const body = parseJsonText(data);
  const event = v.safeParse(eventSchema, body);
  if (!event.success) return isRecord(body) && saidIn(body) === "" ? [] : fail(state, failureIn(body, data));
  const { type, response } = event.output;
  if (type === "error" || (type === "response.failed" && !response?.error)) return fail(state, failedStream(body));
  return decodeEvent(state, event.output);
}

/** Some gateways end a stream with an error of another form. */
function failureIn(body: unknown, data: string): GatewayError {
  return isRecord(body) || Array.isArray(body) ? failedStream(body) : unreadable(data);
}

function decodeEvent(state: State, event: StreamEvent): readonly ModelEvent[] {
  const { type, response } = event;
  const status = ends[type];
  if (status !== undefined) return end(state, { ...response, status: response?.status ?? status });
  if (!type.startsWith("response.")) return [];
  return [...begin(state, response ?? {}), ...state.items.add(event).flatMap(state.tell)];
}

function begin(state: State, { id, model }: Partial<UpstreamResponse>): readonly ModelEvent[] {
  if (state.phase !== "waiting") return [];
  state.phase = "answering";
  const responseId = id || `resp_${crypto.randomUUID()}`;
  state.items.of(responseId);
  return [{ type: "start", responseId, model: model ?? "", usage: noUsage }, { type: "step-start" }];
}

function end(state: State, response: UpstreamResponse): readonly ModelEvent[] {
  const { status, error, output, usage: counted, incomplete_details: incomplete } = response;
  if (status === "failed" || status === "cancelled" || saidIn(error) !== "")
    return fail(state, failedStream({ error }));
  const beginning = begin(state, response);
  const { items, tell } = state;
  const rest = (output ?? []).flatMap((item, index) => items.complete(item, index));
  const blocks = [...rest, ...items.end()].flatMap(tell);
  state.phase = "ended";
  const usage = usageOf(counted);
  const rawReason = incomplete?.reason ?? status;
  return [
    ...beginning,
    ...blocks,
    { type: "step-end", usage },
    {
      type: "finish",
      reason: status === "incomplete" ? (reasons[incomplete?.reason ?? ""] ?? "length") : reasonOf(items),
      ...(typeof rawReason === "string" && { rawReason }),
      usage,
      ...(typeof counted?.cost === "number" && { costUsd: counted.cost }),
      steps: 1,
    },
  ];
}

/** Why an answer is not whole; for want of tokens where nothing else is said. */
const reasons: Readonly<Record<string, FinishReason>> = { content_filter: "content-filter" };

function reasonOf(items: Items): FinishReason {
  if (items.refused()) return "content-filter";
  return items.anyCalls() ? "tool-calls" : "stop";
}

function fail(state: State, error: GatewayError): readonly ModelEvent[] {
  state.phase = "ended";
  return [{ type: "error", error }];
}
