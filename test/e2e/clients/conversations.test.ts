/** Conversations over several turns: one live child each, nothing said twice, nothing shared. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { generateText, type ModelMessage, streamText } from "ai";

import { conversationOf } from "../support/asked.ts";
import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import type { Clients } from "../support/clients.ts";
import { claudes } from "../support/proxy.ts";
import { expectOneRowEach } from "../support/traffic.ts";

setDefaultTimeout(30_000);
const model = "claude-sonnet-5-5";
const token = "a-token-of-the-proxy";

interface Turn {
  readonly role: "user" | "assistant";
  readonly content: string;
}

interface Talk {
  readonly name: string;
  /** Asks with the whole conversation, as these clients do, and gives the answer. */
  say(clients: Clients, turns: readonly Turn[]): Promise<string>;
}

const talks: readonly Talk[] = [
  {
    name: "openai, stream helper",
    say: async ({ openai }, turns) => {
      const stream = openai.chat.completions.stream({ model, messages: [...turns] });
      return (await stream.finalChatCompletion()).choices[0]?.message.content ?? "";
    },
  },
  {
    name: "openai, whole",
    say: async ({ openai }, turns) =>
      (await openai.chat.completions.create({ model, messages: [...turns] })).choices[0]?.message.content ?? "",
  },
  {
    name: "@anthropic-ai/sdk, stream helper",
    say: async ({ anthropic }, turns) =>
      await anthropic.messages.stream({ model, max_tokens: 4096, messages: [...turns] }).finalText(),
  },
  {
    name: "@ai-sdk/openai-compatible",
    say: async ({ openaiModel }, turns) =>
      await streamText({ model: openaiModel(model), messages: turns.map(toModelMessage), maxRetries: 0 }).text,
  },
  {
    name: "@ai-sdk/anthropic",
    say: async ({ anthropicModel }, turns) =>
      (await generateText({ model: anthropicModel(model), messages: turns.map(toModelMessage), maxRetries: 0 })).text,
  },
];

function toModelMessage({ role, content }: Turn): ModelMessage {
  return { role, content };
}

const user = (content: string): Turn => ({ role: "user", content });
const assistant = (content: string): Turn => ({ role: "assistant", content });
const asSeen = (turns: readonly Turn[]) => turns.map(({ role, content }) => [role, content]);

describe.each([...claudes])("claude $version", ({ path, version }) => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({ claude: path, args: ["--auth-token", token] });
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());
  const isNewest = version === claudes[0]?.version;

  const clients = (mode: "agent" | "chat") => bench.clients(mode, { apiKey: token });
  /** Roles and texts of what the model was asked; an agent's own child also remembers what it thought. */
  const seen = () =>
    conversationOf(bench.lastAsked()).map(([role, ...blocks]) => [
      role,
      blocks.map(({ type, text }) => (type === "thinking" ? "" : (text ?? type))).join(""),
    ]);
  const lastRow = () => bench.rowOf(bench.traffic.last().requestId);
  const sessionOf = () => bench.traffic.last().headers.get("x-ccproxy-backend-session");

  describe.each(["agent", "chat"] as const)('%s mode; proves("cli-continues", "request-history")', (mode) => {
    const used = isNewest ? [...talks] : talks.filter(({ name }) => name.includes("helper"));
    test.each(used)("$name goes on with its own child, turn for turn", async ({ name, say }) => {
      const turns: Turn[] = [];
      const rows = [];
      for (const word of ["one", "two", "three"]) {
        bench.forget();
        turns.push(user(`${name} says ${word} [[demo think Hm.]] [[demo say **${word}**, then.\n\nSo.]]`));
        const answer = await say(clients(mode), turns);
        expect(answer).toBe(`**${word}**, then.\n\nSo.`);
        expect(seen()).toEqual(asSeen(turns));
        expect(bench.requests()).toHaveLength(1);
        turns.push(assistant(answer));
        const { start, sessionId } = await lastRow();
        rows.push({ start, sessionId });
      }
      expect(rows.map(({ start }) => start).slice(1)).toEqual(["live", "live"]);
      expect(rows.map(({ start }) => start)[0]).toMatch(/^(?:warm|cold)$/);
      expect(new Set(rows.map(({ sessionId }) => sessionId)).size).toBe(1);
      expect(sessionOf()).toBe(rows[0]?.sessionId ?? "none");
    });

    // That the other version, too, has a child for each of what follows is for the backend's own suite.
    if (!isNewest) return;

    test("a regenerated answer and an edited history get a child of their own, with the history told", async () => {
      const { say } = talks[0] ?? { say: () => Promise.reject(new Error("no client")) };
      const first = [user(`begin ${mode} [[demo say red]]`)];
      const answer = await say(clients(mode), first);
      const second = [...first, assistant(answer), user("go on [[demo say green]]")];
      await say(clients(mode), second);
      const original = sessionOf();
      const others = {
        "the same again": second,
        "another question in its place": [...second.slice(0, -1), user("or else [[demo say blue]]")],
        "another answer before it": [...first, assistant("black"), user("go on [[demo say green]]")],
        "another beginning": [user("start [[demo say red]]"), ...second.slice(1)],
      };
      const sessions = new Set([original]);
      for (const [what, turns] of Object.entries(others)) {
        bench.forget();
        await say(clients(mode), turns);
        expect({ what, seen: seen() }).toEqual({ what, seen: asSeen(turns) });
        expect((await lastRow()).start).not.toBe("live");
        sessions.add(sessionOf());
      }
      expect(sessions.size).toBe(5);
    });
  });

  describe("which child answers", () => {
    if (!isNewest) return;

    test("equal requests at once never share a child", async () => {
      const [{ say }] = [talks[2] ?? talks[0] ?? { say: () => Promise.reject(new Error("no client")) }];
      const first = [user("fork [[demo say here]]")];
      await say(clients("chat"), first);
      const next = [...first, assistant("here"), user("both [[demo text 5 delay=20]]")];
      const before = bench.traffic.sent.length;
      const answers = await Promise.all([1, 2, 3].map(() => say(clients("chat"), next)));
      expect(new Set(answers).size).toBe(1);
      const both = bench.traffic.sent.slice(before);
      expect(new Set(both.map(({ headers }) => headers.get("x-ccproxy-backend-session"))).size).toBe(3);
      const rows = await Promise.all(both.map(({ requestId }) => bench.rowOf(requestId)));
      expect(rows.filter(({ start }) => start === "live")).toHaveLength(1);
    });

    test('a wrong access token, or none, never meets a conversation; proves("auth-token", "auth-x-api-key")', async () => {
      const turns = [user("secret [[demo say told]]")];
      await talks[1]?.say(clients("chat"), turns);
      bench.forget();
      const next = { model, max_tokens: 99, messages: [...turns, assistant("told"), user("and?")] };
      for (const headers of [{ authorization: "Bearer wrong" }, { authorization: "" }, { "x-api-key": "wrong" }])
        for (const route of ["/v1/chat/completions", "/v1/messages"]) {
          const refused = await bench.clients("chat", { apiKey: "wrong" }).post(route, next, { headers });
          expect(refused.status).toBe(401);
          expect(refused.headers.has("x-ccproxy-backend-session")).toBe(false);
          expect(refused.headers.get("www-authenticate")).toBe("Bearer");
        }
      expect(bench.requests()).toEqual([]);
      const own = { headers: { "x-api-key": token, authorization: "Bearer wrong" } };
      expect((await bench.clients("chat").post("/v1/messages", next, own)).status).toBe(200);
      expect((await lastRow()).start).toBe("live");
    });

    test("another system prompt, model or mode is another conversation", async () => {
      const { post } = clients("chat");
      const messages = [user("same [[demo say word]]")];
      const body = { model, max_tokens: 500, system: "Be brief.", messages };
      await post("/v1/messages", body);
      const next = { ...body, messages: [...messages, assistant("word"), user("on")] };
      const starts: (string | null)[] = [];
      const ask = async (changed: object, headers?: Record<string, string>) => {
        await (await post("/v1/messages", { ...next, ...changed }, { headers: headers ?? {} })).text();
        starts.push((await lastRow()).start);
      };
      await ask({ system: "Be long." });
      await ask({ model: "claude-haiku-5-5" });
      await ask({}, { "x-ccproxy-mode": "agent" });
      expect(starts).not.toContain("live");
      await ask({});
      expect(starts.at(-1)).toBe("live");
    });
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});
