/** What comes out of `codex app-server`: JSON-RPC without its `jsonrpc` member, one message a line. */
import * as v from "valibot";

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

/** Which thread a message is about; undefined for one about none. */
export function threadOf({ threadId }: Params): string | undefined {
  return typeof threadId === "string" ? threadId : undefined;
}
