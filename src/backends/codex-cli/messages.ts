/** What goes into `codex app-server` and comes out: JSON-RPC without its `jsonrpc` member, one message a line. */
import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";
import { isRecord } from "#lib/is-record.ts";
import { looseObject } from "#lib/loose-object.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

export type RequestId = number | string;
export type Params = Readonly<Record<string, unknown>>;

export type Incoming =
  | { readonly type: "result"; readonly id: RequestId; readonly result: unknown }
  | { readonly type: "refusal"; readonly id: RequestId; readonly message: string }
  | { readonly type: "question"; readonly id: RequestId; readonly method: string; readonly params: Params }
  | { readonly type: "notice"; readonly method: string; readonly params: Params }
  | { readonly type: "garbage" };

const messageSchema = looseObject({
  id: v.optional(v.union([v.number(), v.string()])),
  method: v.optional(v.string()),
  error: v.optional(looseObject({ message: v.fallback(v.string(), "") })),
});

export function parseMessage(line: string): Incoming {
  const parsed = v.safeParse(messageSchema, parseJsonText(line));
  if (!parsed.success) return { type: "garbage" };
  const { id, method, error, params, result } = parsed.output;
  const told = isRecord(params) ? params : {};
  if (method !== undefined)
    return id === undefined ? { type: "notice", method, params: told } : { type: "question", id, method, params: told };
  if (id === undefined) return { type: "garbage" };
  return error === undefined ? { type: "result", id, result } : { type: "refusal", id, message: error.message };
}

/** Of a schema within a message: of more than 127 levels in all Codex reads nothing, and gives no answer (0.169). */
export const DEEPEST_SCHEMA = 100;

const LONE_SURROGATE = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;

/** Codex reads no half of a character, and gives a message with one no answer (0.169). */
export function encodeMessage(message: Params): string {
  const line = JSON.stringify(message);
  return line.includes("\\ud") ? line.replace(LONE_SURROGATE, "$1\ufffd") : line;
}

/** Which thread a message is about; undefined for one about none. */
export function threadOf({ threadId }: Params): string | undefined {
  return typeof threadId === "string" ? threadId : undefined;
}

/** What Codex answered to a request. Throws GatewayError where that is not what is known of it. */
export function readAnswer<const Schema extends v.GenericSchema>(
  schema: Schema,
  answer: unknown,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, answer);
  if (parsed.success) return parsed.output;
  throw new GatewayError("upstream", "Codex answers in a way that is not known here.", {
    hint: "`ccproxy doctor` says which version was tested.",
    cause: new v.ValiError(parsed.issues),
  });
}
