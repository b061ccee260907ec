/** Speaks to sessions of a proxy, and says what the model was asked. */
import type { Mode } from "#core/backend.ts";

import { bodyOf, conversationOf, questions } from "./asked.ts";
import { type Proxy, type ProxyOptions, startProxy } from "./proxy.ts";

export interface Said {
  readonly role: "user" | "assistant" | "system";
  readonly content: string;
}

export interface AskOptions {
  /** The session, as `X-CCProxy-Session`. */
  readonly session?: string;
  readonly mode?: Mode;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** Roles and texts of the conversation as the model saw it for this answer. */
  readonly seen: readonly (readonly [string, string])[];
  /** As an error says it. */
  readonly message: string;
}

export interface SessionBench {
  proxy(): Proxy;
  ask(said: string | readonly Said[], options?: AskOptions): Promise<Answered>;
  api(method: string, path: string): Promise<{ readonly status: number; readonly body: SessionBody }>;
  /** Ends the proxy in its own way or by SIGKILL, and starts another in its place. */
  restart(how: "SIGTERM" | "SIGKILL", args?: readonly string[]): Promise<void>;
  stop(): Promise<unknown>;
}

interface SessionBody {
  readonly [key: string]: unknown;
  readonly data?: readonly { readonly [key: string]: unknown; readonly id: string }[];
}

interface ChatBody {
  readonly choices?: readonly { readonly message: { readonly content: string } }[];
  readonly error?: { readonly message: string };
}

export const user = (content: string): Said => ({ role: "user", content });
export const assistant = (content: string): Said => ({ role: "assistant", content });

export async function openSessionBench(options: ProxyOptions & { readonly mode?: Mode } = {}): Promise<SessionBench> {
  let proxy = await startProxy(options);
  const { upstream } = proxy;
  return {
    proxy: () => proxy,
    async ask(said, asked = {}) {
      const messages = typeof said === "string" ? [user(said)] : said;
      const response = await fetch(`${proxy.url}${asked.path ?? "/v1/chat/completions"}`, {
        method: "POST",
        headers: {
          "x-ccproxy-mode": asked.mode ?? options.mode ?? "chat",
          ...(asked.session !== undefined && { "x-ccproxy-session": asked.session }),
          ...asked.headers,
        },
        body: JSON.stringify({ messages, ...asked.body }),
        ...(asked.signal && { signal: asked.signal }),
      });
      const body = (await response.json()) as ChatBody; // Either of two known bodies.
      const marker = messages.at(-1)?.content ?? "";
      return {
        status: response.status,
        text: body.choices?.[0]?.message.content ?? "",
        headers: response.headers,
        seen: seenBy(upstream, marker),
        message: body.error?.message ?? "",
      };
    },
    async api(method, path) {
      const response = await fetch(`${proxy.url}${path}`, { method });
      return { status: response.status, body: (await response.json()) as SessionBody }; // Ours.
    },
    async restart(how, args) {
      proxy.kill(how);
      await proxy.exited;
      proxy = await startProxy({ ...options, ...(args !== undefined && { args }), home: proxy.home, upstream });
    },
    async stop() {
      await proxy.stop();
      await upstream.stop();
    },
  };
}

/** What the model was asked last that ends in this. */
function seenBy(upstream: Proxy["upstream"], end: string): Answered["seen"] {
  const conversations = questions(upstream).map((question) =>
    conversationOf(bodyOf(question)).map(
      ([role, ...blocks]) =>
        [
          role,
          blocks
            .map(({ type, text, content }) => text ?? (content === undefined ? type : JSON.stringify(content)))
            .join(""),
        ] as const,
    ),
  );
  return conversations.findLast((messages) => messages.at(-1)?.[1].endsWith(end) === true) ?? [];
}
