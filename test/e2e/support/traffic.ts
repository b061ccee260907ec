/** What went between the clients of a suite and their proxy, to hold the access log against. */
import { expect } from "bun:test";

import type { AccessLogRow } from "#store/access-log.ts";

/** One HTTP request as its client knows it. */
export interface Sent {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly signal: AbortSignal | undefined;
  /** undefined while there is no answer, and for ever where the client left first. */
  status: number | undefined;
  /** The answer's headers. */
  headers: Headers;
}

export interface Traffic {
  /** For clients that take one: gives every request an id, where it has none, and remembers it. */
  readonly fetch: typeof globalThis.fetch;
  readonly sent: readonly Sent[];
  /** The last request. */
  last(): Sent;
}

export function createTraffic(): Traffic {
  const sent: Sent[] = [];
  const send = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
    const requestId = headers.get("x-request-id") ?? `e2e-${crypto.randomUUID()}`;
    headers.set("x-request-id", requestId);
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const one: Sent = {
      requestId,
      method: init.method ?? "GET",
      path: pathname,
      signal: init.signal ?? undefined,
      status: undefined,
      headers: new Headers(),
    };
    sent.push(one);
    const response = await fetch(input, { ...init, headers });
    one.status = response.status;
    one.headers = response.headers;
    return response;
  };
  return {
    fetch: Object.assign(send, { preconnect: fetch.preconnect }),
    sent,
    last() {
      const last = sent.at(-1);
      if (last === undefined) throw new Error("Nothing was sent.");
      return last;
    },
  };
}

const turnPath = /\/v1\/(?:chat\/completions|messages|responses)$/;

/** Fails unless there is exactly one finished row for each request, and it says what the client saw. */
export function expectOneRowEach(rows: readonly AccessLogRow[], sent: readonly Sent[]): void {
  const ids = new Set(sent.map(({ requestId }) => requestId));
  const own = rows.filter(({ requestId }) => ids.has(requestId));
  const seen = new Map(own.map((row) => [row.requestId, row]));
  expect(own.map(({ requestId }) => requestId).toSorted()).toEqual([...ids].toSorted());
  for (const { requestId, method, path, status, signal } of sent) {
    const row = seen.get(requestId);
    expect(row).toMatchObject({ method, path, endedAt: expect.any(Number), clientAddress: "127.0.0.1" });
    const left = signal?.aborted === true;
    expect([status, ...(left ? [499] : [])]).toContain(row?.status);
    if (turnPath.test(path)) expectOutcome(row, path);
  }
}

function formatOf(path: string): string {
  if (path.endsWith("/messages")) return "anthropic-messages";
  return path.endsWith("/responses") ? "openai-responses" : "openai-chat";
}

/** A turn has a finish reason or an error, never both and never neither. */
function expectOutcome(row: AccessLogRow | undefined, path: string): void {
  if (row === undefined) return;
  const { requestId, status, errorKind, finishReason, modelUsed, sessionId } = row;
  expect(row).toMatchObject({ wireFormat: formatOf(path) });
  if (errorKind === null) {
    expect({ requestId, status, finishReason }).toMatchObject({ status: 200, finishReason: expect.any(String) });
    expect({ requestId, modelUsed, sessionId }).toMatchObject({
      modelUsed: expect.any(String),
      sessionId: expect.any(String),
    });
    expect(row).toMatchObject({ backend: "claude-cli", start: expect.any(String), steps: expect.any(Number) });
  } else expect({ requestId, finishReason }).toMatchObject({ finishReason: null });
}
