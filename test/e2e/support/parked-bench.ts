/** Clients of an agent that run a tool of their own, in each wire format, at a proxy that keeps no other process. */
import { type Proxy, startProxy, waitFor } from "./proxy.ts";
import { readRows } from "./rows.ts";

type Json = Readonly<Record<string, unknown>>;

export interface Called {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

/** A way to offer the tool, to read calls of it, and to bring results. */
export interface Shape {
  readonly name: string;
  readonly path: string;
  readonly body: Json;
  /** The answer as its client repeats it, its text and calls. */
  read(body: Json): { readonly said: Json; readonly text: string; readonly calls: readonly Called[] };
  results(results: readonly Result[]): readonly Json[];
}

type Result = readonly [id: string, text: string];

const schema = { type: "object", properties: { of: { type: "string" } }, required: ["of"] };

interface ChatAnswer {
  readonly choices: readonly {
    readonly message: {
      readonly content: string | null;
      readonly tool_calls?: readonly { id: string; function: { name: string; arguments: string } }[];
    };
  }[];
}

interface MessagesAnswer {
  readonly content: readonly { type: string; text?: string; id?: string; name?: string; input?: unknown }[];
}

const chat: Shape = {
  name: "chat",
  path: "/v1/chat/completions",
  body: { tools: [{ type: "function", function: { name: "get_secret", parameters: schema } }] },
  read(body) {
    const { choices } = body as unknown as ChatAnswer; // The API's own shape.
    const message = choices[0]?.message;
    return {
      said: { role: "assistant", ...message },
      text: message?.content ?? "",
      calls: (message?.tool_calls ?? []).map(({ id, function: { name, arguments: input } }) => ({
        id,
        name,
        input: JSON.parse(input) as unknown, // Arguments are JSON of any kind.
      })),
    };
  },
  results: (results) => results.map(([id, content]) => ({ role: "tool", tool_call_id: id, content })),
};

const messages: Shape = {
  name: "messages",
  path: "/v1/messages",
  body: { model: "sonnet", max_tokens: 999, tools: [{ name: "get_secret", input_schema: schema }] },
  read(body) {
    const { content } = body as unknown as MessagesAnswer; // The API's own shape.
    return {
      said: { role: "assistant", content },
      text: content.map(({ text }) => text ?? "").join(""),
      calls: content.flatMap(({ type, id = "", name = "", input }) =>
        type === "tool_use" ? [{ id, name, input }] : [],
      ),
    };
  },
  results(results) {
    const blocks = results.map(([id, content]) => ({ type: "tool_result", tool_use_id: id, content }));
    return [{ role: "user", content: blocks }];
  },
};

export const shapes = [chat, messages] as const;

export interface Asked {
  readonly requestId: string;
  readonly status: number;
  readonly text: string;
  readonly calls: readonly Called[];
  /** The error's words. */
  readonly message: string;
  /** Brings these results of the calls, in their order. */
  answer(texts: readonly string[], headers?: Readonly<Record<string, string>>): Promise<Asked>;
  /** Brings results of calls by id. */
  reply(results: readonly Result[], headers?: Readonly<Record<string, string>>): Promise<Asked>;
}

export interface ParkedBench {
  proxy(): Proxy;
  ask(shape: Shape, prompt: string, headers?: Readonly<Record<string, string>>): Promise<Asked>;
  /** Until so many turns wait for results. */
  untilParked(count: number): Promise<unknown>;
  /** Until so many requests wait for a place. */
  untilWaiting(count: number): Promise<unknown>;
  /** How the request got its process, as the access log says. */
  startOf(asked: Asked): Promise<string>;
  /** In place of one that has ended, on what it left. */
  startAnew(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openParkedBench(env: Readonly<Record<string, string>> = {}): Promise<ParkedBench> {
  const options = { args: ["--pool-size", "0", "--max-sessions", "0"], env };
  let proxy = await startProxy(options);
  const { upstream } = proxy;

  async function send(shape: Shape, said: readonly Json[], headers: Readonly<Record<string, string>>): Promise<Asked> {
    const requestId = headers["x-request-id"] ?? crypto.randomUUID();
    const response = await fetch(proxy.url + shape.path, {
      method: "POST",
      headers: { "x-ccproxy-tools": "both", "x-request-id": requestId, ...headers },
      body: JSON.stringify({ ...shape.body, messages: said }),
    });
    const body = (await response.json()) as Json; // Either of two known bodies.
    const read = response.ok ? shape.read(body) : { said: {}, text: "", calls: [] };
    const reply: Asked["reply"] = (results, more = {}) =>
      send(shape, [...said, read.said, ...shape.results(results)], more);
    return {
      requestId,
      status: response.status,
      text: read.text,
      calls: read.calls,
      message: JSON.stringify(body["error"] ?? ""),
      reply,
      answer: (texts, more) =>
        reply(
          read.calls.map(({ id }, at) => [id, texts[at] ?? ""]),
          more,
        ),
    };
  }

  const until = (what: "idle" | "waiting", count: number) =>
    waitFor(async () => {
      const health = await (await fetch(`${proxy.url}/health`)).text();
      return new RegExp(`"componentId":"${what}"[^}]*"observedValue":${count}\\b`).test(health) || undefined;
    }, 20_000);
  return {
    proxy: () => proxy,
    ask: (shape, prompt, headers = {}) => send(shape, [{ role: "user", content: prompt }], headers),
    untilParked: (count) => until("idle", count),
    untilWaiting: (count) => until("waiting", count),
    startOf: ({ requestId }) =>
      waitFor(
        () => readRows(proxy).find((row) => row.requestId === requestId && row.endedAt !== null)?.start ?? undefined,
        5000,
      ),
    async startAnew() {
      proxy = await startProxy({ ...options, home: proxy.home, upstream });
    },
    async [Symbol.asyncDispose]() {
      await proxy.stop();
      await upstream.stop();
    },
  };
}
