/** Streams as they cross the wire: order, one end, heartbeats, and what becomes of them when the client leaves. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { streamText } from "ai";

import { childrenOf } from "../support/children.ts";
import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { type Clients, failureOf } from "../support/clients.ts";
import { claudes, waitFor } from "../support/proxy.ts";
import { type Frame, framesOf, readFrames, terminalsOf } from "../support/raw-streams.ts";
import { readers } from "../support/readers.ts";
import { openSocket, postText } from "../support/socket.ts";
import { expectOneRowEach } from "../support/traffic.ts";

setDefaultTimeout(30_000);
const model = "claude-sonnet-5-5";
const routes = ["/v1/chat/completions", "/v1/messages"] as const;
const bodyOf = (content: string, more: object = {}) => ({
  model,
  max_tokens: 4096,
  stream: true,
  messages: [{ role: "user", content }],
  ...more,
});

describe.each([...claudes])("claude $version", ({ path, version }) => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({
      claude: path,
      // No child stays with its conversation, so that all that remain are spares.
      args: ["--pool-size", "1", "--max-sessions", "0"],
      env: { CCPROXY__SERVER__HEARTBEAT_SECONDS: "1" },
    });
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());

  const post = (route: string, content: string, more: object = {}) =>
    bench.clients("chat").post(route, bodyOf(content, more));

  describe('frames; proves("stream-one-terminal", "stream-token-level")', () => {
    const prompt =
      "[[demo think Hm, äöü.]] [[demo redacted]] [[demo say Grüße 🙂 日本.]] [[demo split]] [[demo usage in=1 out=2 read=3 write=4 thinking=1]]";

    test.each([true, false])("of chat completions, include_usage: %p", async (include_usage) => {
      const before = Math.floor(Date.now() / 1000);
      const response = await post("/v1/chat/completions", prompt, { stream_options: { include_usage } });
      const frames = await readFrames(response);
      expect(terminalsOf(frames)).toEqual(["done"]);
      expect(frames.at(-1)?.kind).toBe("done");
      expect(new Set(frames.map(({ event }) => event))).toEqual(new Set([undefined]));
      const chunks = chunksOf(frames);
      expect(new Set(chunks.map(({ id, object, model: used }) => `${id} ${object} ${used}`)).size).toBe(1);
      expect(chunks[0]).toMatchObject({ object: "chat.completion.chunk", model });
      expect(chunks[0]?.created).toBeGreaterThanOrEqual(before);
      expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: "assistant", content: "" });
      const deltas = chunks.flatMap(({ choices }) => choices);
      expect(deltas.every(({ index }) => index === 0)).toBe(true);
      expect(deltas.map(({ delta }) => delta["content"] ?? "").join("")).toBe("Grüße 🙂 日本.");
      expect(deltas.map(({ delta }) => delta["reasoning_content"] ?? "").join("")).toBe("Hm, äöü.");
      const finishes = deltas.map(({ finish_reason }) => finish_reason);
      expect(finishes.filter((reason) => reason !== null)).toEqual(["stop"]);
      expect(finishes.at(-1)).toBe("stop");
      const last = chunks.at(-1);
      if (include_usage)
        expect(last).toMatchObject({
          choices: [],
          usage: {
            prompt_tokens: 8,
            completion_tokens: 2,
            total_tokens: 10,
            prompt_tokens_details: { cached_tokens: 3, cache_write_tokens: 4 },
            completion_tokens_details: { reasoning_tokens: 1 },
          },
        });
      expect(chunks.filter(({ usage }) => usage !== undefined && usage !== null)).toHaveLength(include_usage ? 1 : 0);
    });

    test("of messages", async () => {
      const frames = await readFrames(await post("/v1/messages", prompt));
      expect(terminalsOf(frames)).toEqual(["message_stop"]);
      const events = frames.filter(({ kind }) => kind !== "ping").map(eventOf);
      for (const [index, frame] of frames.entries())
        expect({ index, ...eventOf(frame) }).toMatchObject({ type: frame.event ?? "none" });
      expect(events.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1])).toEqual([
        "message_start",
        ...["thinking", "redacted", "text"].flatMap((block) => [
          "content_block_start",
          ...(block === "redacted" ? [] : ["content_block_delta"]),
          "content_block_stop",
        ]),
        "message_delta",
        "message_stop",
      ]);
      const starts = events.filter(({ type }) => type === "content_block_start");
      expect(starts.map(({ index, content_block }) => [index, content_block?.type])).toEqual([
        [0, "thinking"],
        [1, "redacted_thinking"],
        [2, "text"],
      ]);
      expect(events.map(({ delta }) => delta?.text ?? "").join("")).toBe("Grüße 🙂 日本.");
      expect(events.at(-2)).toMatchObject({
        delta: { stop_reason: "end_turn", stop_sequence: null },
        usage: { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 3, cache_creation_input_tokens: 4 },
      });
    });

    test.each([...routes])("%s: words come while the model still writes", async (route) => {
      const response = await post(route, "[[demo text 20 delay=40]]");
      const decoder = new TextDecoder();
      let text = "";
      let openAtFirstWord = 0;
      for await (const bytes of response.body ?? []) {
        text += decoder.decode(bytes, { stream: true });
        if (openAtFirstWord === 0 && text.includes("chunk 1 ")) {
          openAtFirstWord = bench.proxy.upstream.openRequests();
          expect(text).not.toContain("chunk 20 ");
        }
      }
      expect(openAtFirstWord).toBe(1);
      expect(text).toContain("chunk 20 ");
    });

    test("five megabytes in one delta arrive whole, in both formats", async () => {
      for (const route of routes) {
        const text = await (await post(route, "[[demo big 5000000]]")).text();
        expect(text.match(/0123456789abcdef/g)?.length).toBe(5_000_000 / 16);
        expect(terminalsOf(framesOf(text))).toHaveLength(1);
      }
    });
  });

  describe('heartbeats; proves("stream-heartbeat")', () => {
    // They are ours alone, whatever CLI is silent.
    if (version !== claudes[0]?.version) return;

    const beatOf = {
      "/v1/messages": 'event: ping\ndata: {"type":"ping"}\n\n',
      "/v1/chat/completions": ": keep-alive\n\n",
    };
    async function expectBeats(route: (typeof routes)[number]): Promise<void> {
      const connection = openSocket(bench.proxy.url);
      const prompt = "[[demo stall 2500 at=headers]] [[demo text 4]] [[demo stall 2500 at=2]]";
      connection.send(postText(route, JSON.stringify(bodyOf(prompt)), { "x-ccproxy-mode": "chat" }));
      const received = await connection.end(20_000);
      const [head = "", ...rest] = received.split("\r\n\r\n");
      expect(head).toStartWith("HTTP/1.1 200");
      // Without the frame of the chunked encoding.
      const body = rest.join("\r\n\r\n").replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/g, "");
      const [silence = "", answer = ""] = body.split("chunk 1 ");
      for (const part of [silence, answer]) expect(part.split(beatOf[route]).length - 1).toBeGreaterThanOrEqual(2);
      expect(answer).toContain("chunk 4 ");
    }

    test("come before the first word and amid the answer, as each format has them, on the raw socket", async () => {
      await Promise.all(routes.map(expectBeats));
    });

    const streaming = readers.filter((reader) => reader.streaming);
    test(`${streaming.length} clients live through them`, async () => {
      const text = "[[demo stall 1500 at=headers]] [[demo text 4]] [[demo stall 1500 at=2]]";
      const answers = await Promise.all(streaming.map((reader) => reader.ask(bench.clients("chat"), { text, model })));
      expect(answers.map((answer) => answer.text)).toEqual(streaming.map(() => "chunk 1 chunk 2 chunk 3 chunk 4 "));
    });

    test("a failure after them is the format's error frame", async () => {
      const prompt = "[[demo stall 1500 at=headers]] [[demo error 403]]";
      for (const response of await Promise.all(routes.map((route) => post(route, prompt)))) {
        expect(response.status).toBe(200);
        const frames = await readFrames(response);
        expect(["comment", "ping"]).toContain(frames[0]?.kind ?? "none");
        expect(terminalsOf(frames)).toEqual(["error"]);
      }
    });
  });

  describe('a client that leaves; proves("stream-cancel")', () => {
    const long = "[[demo text 2000 delay=20]]";
    const messages = [{ role: "user" as const, content: long }];

    const leavers: Record<string, (clients: Clients) => Promise<unknown>> = {
      "openai, break out of the stream": async ({ openai }) => {
        const stream = await openai.chat.completions.create({ model, messages, stream: true });
        for await (const chunk of stream) if (chunk.choices[0]?.delta.content?.includes("chunk") === true) break;
      },
      "openai, abort of the helper": async ({ openai }) => {
        const stream = openai.chat.completions.stream({ model, messages });
        stream.on("content", (_, snapshot) => {
          if (snapshot.includes("chunk 3")) stream.abort();
        });
        await failureOf(() => stream.done());
      },
      "openai, whole": async ({ openai }) => {
        const leaving = new AbortController();
        const answer = failureOf(() => openai.chat.completions.create({ model, messages }, { signal: leaving.signal }));
        await upstreamWorks();
        leaving.abort();
        await answer;
      },
      "@anthropic-ai/sdk, abort of the helper": async ({ anthropic }) => {
        const stream = anthropic.messages.stream({ model, max_tokens: 999, messages });
        stream.on("text", (_, snapshot) => {
          if (snapshot.includes("chunk 3")) stream.abort();
        });
        await failureOf(() => stream.done());
      },
      "@anthropic-ai/sdk, whole": async ({ anthropic }) => {
        const leaving = new AbortController();
        const answer = failureOf(() =>
          anthropic.messages.create({ model, max_tokens: 999, messages }, { signal: leaving.signal }),
        );
        await upstreamWorks();
        leaving.abort();
        await answer;
      },
      "AI SDK, abort signal": async ({ anthropicModel }) => {
        const leaving = new AbortController();
        const { textStream } = streamText({
          model: anthropicModel(model),
          prompt: long,
          maxRetries: 0,
          abortSignal: leaving.signal,
        });
        for await (const text of textStream) if (text.includes("chunk")) leaving.abort();
      },
      "before the first word": async ({ post }) => {
        const leaving = new AbortController();
        const body = bodyOf(`[[demo stall 20000 at=headers]] ${long}`);
        const answer = failureOf(
          async () => await (await post("/v1/messages", body, { signal: leaving.signal })).text(),
        );
        await upstreamWorks();
        leaving.abort();
        await answer;
      },
    };
    const upstreamWorks = () => waitFor(() => (bench.proxy.upstream.openRequests() > 0 ? true : undefined), 10_000);

    test.each(Object.entries(leavers))("%s: the model stops, and the child is gone", async (_, leave) => {
      await leave(bench.clients("agent"));
      await bench.quiet();
      expect(bench.requests().map(({ outcome }) => outcome)).toEqual(["aborted"]);
      const { requestId } = bench.traffic.last();
      expect(await bench.rowOf(requestId)).toMatchObject({ status: 499, errorKind: "cancelled", finishReason: null });
    });

    test("nothing of them is left but parked children", async () => {
      await waitFor(async () => (await busyNow()) === 0 || undefined, 10_000);
      // One spare, perhaps its successor, and the shell that watches over them.
      const own = () => childrenOf(bench.proxy.home, bench.proxy.pid);
      await waitFor(() => (own().length <= 3 ? true : undefined), 10_000);
    });
    const busyNow = async (): Promise<number> => {
      const response = await bench.clients("chat").get("/health");
      const { checks } = (await response.json()) as {
        checks: Record<string, { componentId: string; observedValue?: number }[]>;
      }; // As RFC draft health has it.
      return (
        Object.values(checks)
          .flat()
          .find(({ componentId }) => componentId === "busy")?.observedValue ?? Number.NaN
      );
    };
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});

interface Chunk {
  readonly id: string;
  readonly object: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly delta: Readonly<Record<string, string>>;
    readonly finish_reason: string | null;
  }[];
  readonly usage?: unknown;
}

function chunksOf(frames: readonly Frame[]): readonly Chunk[] {
  return frames.filter(({ kind }) => kind === "data").map(({ data }) => data as Chunk); // Looked at field by field above.
}

interface MessageEvent {
  readonly type: string;
  readonly index?: number;
  readonly content_block?: { readonly type: string };
  readonly delta?: { readonly text?: string };
}

function eventOf({ data }: Frame): MessageEvent {
  return data as MessageEvent; // Looked at field by field above.
}
