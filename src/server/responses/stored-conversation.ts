import { GatewayError } from "#core/errors.ts";
import type { ResponseStore, StoredResponse } from "#core/stored-response.ts";
import { isRecord } from "#lib/is-record.ts";
import { quotedId } from "#lib/quoted-id.ts";

type Item = Readonly<Record<string, unknown>>;

/** A request's body with all that it only refers to. */
export interface Expanded {
  readonly body: unknown;
  /** Items at the beginning of its input that the request itself did not say. */
  readonly kept: number;
  /** What the request itself said, for the next to refer to. */
  readonly input: readonly Item[];
  readonly previous: string | undefined;
  /** The client lets the answer be kept. */
  readonly stored: boolean;
}

interface Asker {
  readonly store: ResponseStore | undefined;
  readonly principal: string;
}

/**
 * Puts the conversation that `previous_response_id` names before the input, and the items that are referred to in their
 * places. What has not the form of a request stays as it is, for the decoder to say so. Throws GatewayError.
 */
export function expandBody(body: unknown, asker: Asker): Expanded {
  if (!isRecord(body)) return { body, kept: 0, input: [], previous: undefined, stored: false };
  if (isRecord(body["conversation"]) || typeof body["conversation"] === "string") throw noConversations();
  const { previous_response_id: named, store } = body;
  const input = itemsOf(body["input"])?.map((item, index) => resolveReference(item, index, asker));
  const previous = typeof named === "string" && named !== "" ? named : undefined;
  const stored = store !== false && asker.store !== undefined;
  if (input === undefined) return { body, kept: 0, input: [], previous, stored };
  const before = previous === undefined ? [] : conversationUpTo(previous, asker);
  const whole = { ...body, input: [...before, ...input] };
  return { body: whole, kept: before.length, input: input.filter(isRecord), previous, stored };
}

function itemsOf(input: unknown): readonly unknown[] | undefined {
  if (typeof input === "string" && input !== "") return [{ type: "message", role: "user", content: input }];
  return Array.isArray(input) ? input : undefined;
}

/** As far back as the latest summary, which stands for all that was said before it. */
function conversationUpTo(id: string, asker: Asker): readonly Item[] {
  const answers: StoredResponse[] = [];
  for (let next: string | undefined = id; next !== undefined; next = answers.at(-1)?.previous) {
    const found = asker.store?.find(asker.principal, next);
    if (found === undefined) throw unknownPrevious(next);
    const sumsUp = outputOf(found.response).some(({ type }) => type === "compaction");
    answers.push(sumsUp ? { ...found, input: [], previous: undefined } : found);
  }
  return answers
    .toReversed()
    .flatMap(({ input, response }) => [...input, ...outputOf(response).filter((item) => !isCutCall(item))]);
}

/** Nobody could run it, and half its arguments are no JSON. */
function isCutCall({ type, status }: Item): boolean {
  return (type === "function_call" || type === "custom_tool_call") && status === "incomplete";
}

/** Ids of items that got theirs here have the id of their response in them. */
function resolveReference(item: unknown, index: number, { store, principal }: Asker): unknown {
  if (!isRecord(item) || item["type"] !== "item_reference") return item;
  const id = String(item["id"]);
  const [, response] = /^[a-z]+_(.+)_\d+$/.exec(id) ?? [];
  const found = response === undefined ? undefined : store?.find(principal, `resp_${response}`);
  const meant = found && [...outputOf(found.response), ...found.input].find((kept) => kept["id"] === id);
  if (meant === undefined) throw unknownItem(index, id);
  return meant;
}

function outputOf(response: Item): readonly Item[] {
  const { output } = response;
  return Array.isArray(output) ? output.filter(isRecord) : [];
}

/** Items of a request need not have ids; in a list of them each has one. */
export function withIds(input: readonly Item[], responseId: string): readonly Item[] {
  return input.map((item, index) =>
    typeof item["id"] === "string" ? item : { ...item, id: `in_${responseId.replace(/^resp_/, "")}_${index}` },
  );
}

function unknownPrevious(id: string): GatewayError {
  return new GatewayError("invalid-request", `previous_response_id: you have no response ${quotedId(id)}.`, {
    param: "previous_response_id",
    hint: "Send the whole conversation as input; what is kept, and for how long, is a matter of `store`, responses.keep_days and responses.max_mb.",
  });
}

function unknownItem(index: number, id: string): GatewayError {
  return new GatewayError("invalid-request", `input[${index}].id: you have no item ${quotedId(id)}.`, {
    param: `input[${index}].id`,
    hint: "Send the item itself.",
  });
}

function noConversations(): GatewayError {
  return new GatewayError("invalid-request", "conversation: this server keeps no conversations of that kind.", {
    param: "conversation",
    hint: "Go on with previous_response_id, or name a session with X-CCProxy-Session.",
  });
}
