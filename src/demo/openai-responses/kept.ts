import type { Outcome } from "#demo/director.ts";
import { isRecord } from "#lib/is-record.ts";

/** Responses that can be asked for again, each by the account that it was made for. */
export interface KeptResponses {
  /** The request with the conversation that it goes on from, where that is kept; else as it is. */
  wholeRequest(account: string, body: unknown): unknown;
  /** Unless the request will not have it. */
  keep(account: string, request: unknown, response: object): void;
  /** Undefined where there is none. */
  answer(account: string, asked: { readonly call: string; readonly id: string }): Outcome | undefined;
  reset(): void;
}

interface Kept {
  readonly request: Readonly<Record<string, unknown>>;
  response: Readonly<Record<string, unknown>>;
}

const mostKept = 100;

export function createKeptResponses(): KeptResponses {
  const all = new Map<string, Kept>();
  const find = (account: string, id: unknown) => all.get(`${account} ${String(id)}`);
  return {
    wholeRequest(account, body) {
      if (!isRecord(body)) return body;
      const before = find(account, body["previous_response_id"]);
      if (before === undefined) return body;
      const input = [
        ...itemsOf(before.request["input"]),
        ...itemsOf(before.response["output"]),
        ...itemsOf(body["input"]),
      ];
      return { ...body, input, previous_response_id: null };
    },
    keep(account, request, response) {
      if (!isRecord(request) || request["store"] === false || !isRecord(response)) return;
      const [oldest] = all.keys();
      if (all.size >= mostKept && oldest !== undefined) all.delete(oldest);
      all.set(`${account} ${String(response["id"])}`, { request, response });
    },
    answer(account, { call, id }) {
      const kept = find(account, id);
      if (kept === undefined) return undefined;
      switch (call) {
        case "GET response":
          return { json: kept.response };
        case "DELETE response":
          all.delete(`${account} ${id}`);
          return { json: { id, object: "response", deleted: true } };
        case "POST response-cancel":
          if (kept.request["background"] !== true)
            return { error: { status: 400, message: "Cannot cancel a synchronous response." } };
          kept.response = { ...kept.response, status: "cancelled" };
          return { json: kept.response };
        case "GET response-items": {
          const data = itemsOf(kept.request["input"]).toReversed().map(listed);
          const [first, last] = [data[0]?.id, data.at(-1)?.id];
          return { json: { object: "list", data, first_id: first, last_id: last, has_more: false } };
        }
        default:
          return undefined;
      }
    },
    reset: () => all.clear(),
  };
}

function itemsOf(items: unknown): readonly unknown[] {
  return Array.isArray(items) ? items : [{ type: "message", role: "user", content: items }];
}

function listed(item: unknown, index: number): { readonly id: string } {
  return { id: `item_demo_${index}`, ...(isRecord(item) ? item : {}) };
}
