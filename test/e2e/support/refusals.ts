/** Sends requests as they are, and holds each refusal against the shape its path promises. */
import { expect } from "bun:test";

import * as v from "valibot";

import type { ErrorKind } from "#core/errors.ts";

import type { WireFormat } from "./ask-all.ts";

export interface Refusal {
  readonly status: number;
  readonly kind: ErrorKind;
  /** Begins what the OpenAI shape names in `param`. */
  readonly param?: string | undefined;
}

export interface Sent {
  readonly requestId: string;
  readonly wireFormat: WireFormat;
  readonly response: Response;
  readonly text: string;
}

export interface Sender {
  send(path: string, init?: RequestInit, wireFormat?: WireFormat): Promise<Sent>;
  expectRefused(sent: Sent, refusal: Refusal): void;
  /** Status and kind of every request that was refused, by its id. */
  readonly refused: ReadonlyMap<string, { readonly status: number; readonly errorKind: ErrorKind }>;
}

export function createSender(url: string): Sender {
  const refused = new Map<string, { status: number; errorKind: ErrorKind }>();
  return {
    refused,
    async send(path, init = {}, wireFormat = path.includes("/messages") ? "anthropic-messages" : "openai-chat") {
      const headers = new Headers(init.headers);
      const requestId = `bad-${crypto.randomUUID()}`;
      headers.set("x-request-id", requestId);
      const response = await fetch(`${url}${path}`, { redirect: "manual", ...init, headers });
      return { requestId, wireFormat, response, text: await response.text() };
    },
    expectRefused(sent, { status, kind, param }) {
      const { requestId, response, text, wireFormat } = sent;
      refused.set(requestId, { status, errorKind: kind });
      expect({ status: response.status, text }).toMatchObject({ status });
      expect(response.headers.get("x-request-id")).toBe(requestId);
      expect(response.headers.get("request-id")).toBe(requestId);
      if (text === "") return;
      expect(response.headers.get("content-type")).toStartWith("application/json");
      const named = expectShape(wireFormat, text, requestId);
      if (wireFormat === "openai-chat" && param !== undefined) expect(named).toStartWith(param);
    },
  };
}

const words = v.pipe(v.string(), v.regex(/\S/), v.maxLength(600));
const chatError = v.strictObject({
  error: v.strictObject({ message: words, type: words, param: v.nullable(words), code: v.nullable(words) }),
});
const messageError = v.strictObject({
  type: v.literal("error"),
  error: v.strictObject({ message: words, type: words }),
  request_id: words,
});

/** What gives the inside away. */
const leaks = /undefined|\[object|\bat .*\.[jt]s:\d|\$bunfs|valibot|Elysia|node_modules/;

/** Exactly the fields of the format, none empty. Gives the field at fault, where the format has a place for it. */
export function expectShape(wireFormat: WireFormat, text: string, requestId?: string): string | undefined {
  expect(text).not.toMatch(leaks);
  if (wireFormat === "openai-chat") return v.parse(chatError, JSON.parse(text)).error.param ?? undefined;
  const body = v.parse(messageError, JSON.parse(text));
  if (requestId !== undefined) expect(body.request_id).toBe(requestId);
  return undefined;
}
