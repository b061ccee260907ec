import * as v from "valibot";

import { createSseParser } from "#lib/sse.ts";

import { type Answer, eventSchema, type PermissionEvent } from "./permission.ts";

export type Heard =
  | { readonly type: "connected" }
  | { readonly type: "lost"; readonly why: string; readonly retryMs: number }
  | { readonly type: "event"; readonly event: PermissionEvent };

export interface PermissionClient {
  /** Ends with the signal. Comes back after every loss. Throws Refused when coming back would not help. */
  listen(signal: AbortSignal): AsyncGenerator<Heard, void>;
  /** Resolves with why it did not work; undefined when it did. */
  respond(id: string, answer: Answer): Promise<string | undefined>;
}

/** The server's answer will be the same next time: no such route, no access. */
export class Refused extends Error {
  override readonly name = "Refused";
}

interface ClientOptions {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token: string | undefined;
  /** Look on, and let nobody wait for us. */
  readonly watch: boolean;
}

const firstRetryMs = 1000;
const lastRetryMs = 30_000;
/** The server pings at least every two minutes. */
const longestSilenceMs = 150_000;

export function createPermissionClient({ url, token, watch }: ClientOptions): PermissionClient {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };

  /** Throws when the connection ends, however it does. */
  async function* connection(signal: AbortSignal): AsyncGenerator<Heard, never> {
    const silent = new AbortController();
    const timer = setTimeout(() => silent.abort(new Error("The server has gone silent.")), longestSilenceMs);
    try {
      const address = `${url}/permissions/stream${watch ? "?watch=true" : ""}`;
      const response = await fetch(address, { headers, signal: AbortSignal.any([signal, silent.signal]) });
      if (!response.ok) throw await failureOf(response);
      yield { type: "connected" };
      const parser = createSseParser();
      for await (const bytes of response.body ?? []) {
        timer.refresh();
        for (const { event, data } of parser.push(bytes)) {
          const parsed = event === "ping" ? undefined : v.safeParse(eventSchema, JSON.parse(data));
          if (parsed?.success === true) yield { type: "event", event: parsed.output };
        }
      }
      throw new Error("The server closed the connection.");
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async *listen(signal) {
      let retryMs = firstRetryMs;
      while (!signal.aborted) {
        try {
          for await (const heard of connection(signal)) {
            if (heard.type === "connected") retryMs = firstRetryMs;
            yield heard;
          }
        } catch (error) {
          if (signal.aborted) return;
          if (error instanceof Refused) throw error;
          yield { type: "lost", why: whyLost(error, url), retryMs };
        }
        await pause(retryMs, signal);
        retryMs = Math.min(retryMs * 2, lastRetryMs);
      }
    },
    async respond(id, answer) {
      try {
        const address = `${url}/permissions/${encodeURIComponent(id)}/respond`;
        const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(answer) });
        return response.ok ? undefined : (await failureOf(response)).message;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  };
}

function whyLost(error: unknown, url: string): string {
  if (!(error instanceof Error)) return String(error);
  // Bun 1.4's word, and Node's.
  if ("code" in error && (error.code === "ConnectionRefused" || error.code === "ECONNREFUSED"))
    return `Nothing answers at ${url}: start \`ccproxy serve --approvals\` there, or name another address with --url.`;
  return error.message;
}

const errorSchema = v.object({ error: v.object({ message: v.string() }) });

async function failureOf(response: Response): Promise<Error> {
  const body: unknown = await response.json().catch(() => undefined);
  const parsed = v.safeParse(errorSchema, body);
  const message = parsed.success ? parsed.output.error.message : `The server answered with ${response.status}.`;
  return response.status >= 400 && response.status < 500 ? new Refused(message) : new Error(message);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const wake = (): void => resolve();
  signal.addEventListener("abort", wake, { once: true });
  if (signal.aborted) resolve();
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", wake);
}
