/** What Codex tells of a turn, as far as it is read; where a field is not as it is known, it is taken for missing. */
import * as v from "valibot";

import { looseObject } from "#lib/loose-object.ts";

import { turnErrorSchema } from "./failure.ts";
import { itemSchema } from "./items.ts";
import type { Params } from "./messages.ts";

const text = v.fallback(v.optional(v.string()), undefined);
const count = v.fallback(v.number(), 0);

const usageSchema = looseObject({
  inputTokens: count,
  outputTokens: count,
  cachedInputTokens: count,
  cacheWriteInputTokens: count,
  reasoningOutputTokens: count,
});
export type CodexUsage = v.InferOutput<typeof usageSchema>;

/** An item of OpenAI Responses. */
const rawItemSchema = looseObject({ type: v.string(), id: text, name: text, call_id: text, encrypted_content: text });
export type RawItem = v.InferOutput<typeof rawItemSchema>;

const noticeSchema = looseObject({
  turnId: text,
  itemId: text,
  delta: text,
  summaryIndex: v.fallback(v.optional(v.number()), undefined),
  contentIndex: v.fallback(v.optional(v.number()), undefined),
  item: v.optional(v.unknown()),
  turn: v.fallback(
    v.optional(looseObject({ id: v.string(), status: v.fallback(v.string(), ""), error: v.optional(v.unknown()) })),
    undefined,
  ),
  usage: v.fallback(v.optional(usageSchema), undefined),
  tokenUsage: v.fallback(v.optional(looseObject({ total: usageSchema, last: usageSchema })), undefined),
  error: v.optional(v.unknown()),
  willRetry: v.fallback(v.boolean(), false),
  toModel: text,
});
export type Notice = v.InferOutput<typeof noticeSchema>;

export function readNotice(params: Params): Notice {
  return v.parse(noticeSchema, params);
}

export const readItem = (value: unknown) => read(itemSchema, value);
export const readRawItem = (value: unknown) => read(rawItemSchema, value);
export const readError = (value: unknown) => v.parse(v.fallback(turnErrorSchema, noError), value);

const noError = { message: "", additionalDetails: undefined, codexErrorInfo: undefined };

function read<const Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> | undefined {
  const parsed = v.safeParse(schema, value);
  return parsed.success ? parsed.output : undefined;
}

const callSchema = looseObject({
  callId: v.string(),
  tool: v.string(),
  arguments: v.optional(v.unknown()),
});

/** The model calls a tool of the client's. */
export interface ClientCall {
  readonly callId: string;
  readonly tool: string;
  readonly input: unknown;
}

export function readCall(params: Params): ClientCall | undefined {
  const call = read(callSchema, params);
  return call && { callId: call.callId, tool: call.tool, input: call.arguments };
}
