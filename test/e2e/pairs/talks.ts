/** What is said in conversations, by each way an official SDK has, and what has to come of it. */
import { expect } from "bun:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import type { WireFormatId } from "#core/request.ts";

import { failureOf } from "../support/clients.ts";
import { pixel } from "../support/media.ts";
import type { Asker } from "../support/pair-clients.ts";
import type { BackendName } from "./backends.ts";
import type { Holding } from "./holding.ts";
import type { TalkCase } from "./table.ts";
import type { Talk } from "./talk.ts";

type Check = (talk: Talk, holding: Holding) => Promise<void>;

type Ending = "stop" | "calls" | "length" | "filter";
const endingsIn: Readonly<Record<WireFormatId, Readonly<Record<Ending, string>>>> = {
  "anthropic-messages": { stop: "end_turn", calls: "tool_use", length: "max_tokens", filter: "refusal" },
  "openai-chat": { stop: "stop", calls: "tool_calls", length: "length", filter: "content_filter" },
  "openai-responses": {
    stop: "completed",
    calls: "completed",
    length: "max_output_tokens",
    filter: "content_filter",
  },
};

/** How thoughts are asked for: a budget, but of models that see for themselves. */
const thinkingIn = ({ asker: { format }, backend }: Talk): object => {
  const adaptive = backend === "claude-cli";
  return {
    "anthropic-messages": { thinking: adaptive ? { type: "adaptive" } : { type: "enabled", budget_tokens: 2000 } },
    "openai-chat": { reasoning_effort: "low" },
    "openai-responses": { reasoning: { effort: "low", summary: "auto" } },
  }[format];
};

const low = { reasoning: { effort: "low", summary: "auto" } };
/** How they are asked for in the end. */
const thinkingAt: Readonly<Record<BackendName, object>> = {
  "anthropic-messages-api": { thinking: { type: "enabled" } },
  "openai-chat-api": { reasoning_effort: "low" },
  "openai-responses-api": low,
  "codex-api": low,
  "claude-cli": { thinking: { type: "adaptive" } },
  "codex-cli": low,
};

const usage = "[[demo usage in=100 out=20 read=50 thinking=4]]";
const cost = { input: 150, output: 20, cacheRead: 50, thinking: 4 };

const ends = (directives: string, text: string, ending: Ending): Check => {
  return async (talk) => {
    const answer = await talk.say([{ user: directives }]);
    expect(answer).toMatchObject({ text, calls: [], finish: endingsIn[talk.asker.format][ending] });
  };
};

export const talks: Readonly<Record<TalkCase, Check>> = {
  /** First: what was told elsewhere can be gone on with. */
  async history(talk) {
    const answer = await talk.say([
      { user: "What is the weather?" },
      {
        assistant: "I look.",
        calls: [
          { id: "call_1", name: "weather", input: { city: 'Zürich "ZH"' } },
          { id: "call_2", name: "weather", input: {} },
        ],
      },
      {
        results: [
          { id: "call_1", text: "Fog." },
          { id: "call_2", text: "☀" },
        ],
      },
      { assistant: "Fog, and ☀.", calls: [] },
      { user: "Thanks. [[demo say Bye.]]" },
    ]);
    expect(answer.text).toBe("Bye.");
  },

  async text(talk) {
    const answer = await talk.say([{ user: `Grüße ☃ [[demo say “Hallo” 😀]] ${usage}` }]);
    expect(answer).toMatchObject({
      text: "“Hallo” 😀",
      calls: [],
      finish: endingsIn[talk.asker.format].stop,
      usage: cost,
    });
  },

  async image(talk) {
    const { text } = await talk.say([{ user: "See. [[demo media]]", png: pixel }]);
    const bytes = Buffer.from(pixel, "base64");
    expect(text).toContain(new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 12));
  },

  async thinking(talk) {
    const answer = await talk.say([{ user: "Think. [[demo think Hm, well.]] [[demo say Done.]]" }], thinkingIn(talk));
    expect(talk.bench.lastAsked().body).toMatchObject(thinkingAt[talk.backend]);
    expect(answer.text).toBe("Done.");
    expectThought(answer.reasoning);
  },

  async tools(talk) {
    const user =
      '[[demo think Hm, well.]] [[demo say “I look” 😀]] [[demo tool weather {"city": "A"}]] [[demo tool weather {"city": "“B”"}]]';
    const first = await talk.say([{ user }], thinkingIn(talk));
    expect(first).toMatchObject({ text: "“I look” 😀", finish: endingsIn[talk.asker.format].calls });
    expectThought(first.reasoning);
    expect(first.calls.map(({ name, input }) => [name, input])).toEqual([
      ["weather", { city: "A" }],
      ["weather", { city: "“B”" }],
    ]);
    const results = first.calls.map(({ id }, index) => ({ id, text: `Result ${index}` }));
    const last = await talk.say([{ results }], thinkingIn(talk));
    expect(last).toMatchObject({ calls: [], finish: endingsIn[talk.asker.format].stop });
    expect(last.text).toContain("Result 0");
    expect(last.text).toContain("Result 1");
  },

  length: ends("[[demo say Half]] [[demo stop max_tokens]]", "Half", "length"),
  filter: ends("[[demo say Ha]] [[demo stop refusal]]", "Ha", "filter"),
  nothing: ends("[[demo empty]]", "", "stop"),

  async refusal(talk, { holds, ...cell }) {
    const { format } = talk.asker;
    const answer = await talk.say([{ user: "[[demo refuse I will not.]]" }]);
    // OpenAI's APIs have a place for such words, and call it an ordinary end.
    const own = format === "anthropic-messages" ? endingsIn[format].filter : endingsIn[format].stop;
    expect(answer.finish).toBe(holds === "carried" ? own : endingsIn[format].filter);
    const isWordless = "to" in cell && cell.to === "an end by filter, without words";
    if (isWordless) expect(answer.text).not.toContain("I will not.");
    else expect(answer.text).toBe("I will not.");
  },

  async refused(talk, holding) {
    await expectRefusal(talk, "[[demo error 400]]", holding);
  },

  async limited(talk, holding) {
    const headers = await expectRefusal(talk, "[[demo error 429 retry-after=7]]", holding);
    expect(Number(headers?.get("retry-after"))).toBeGreaterThan(0);
  },

  async broken(talk, holding) {
    if (isStream(talk.asker)) {
      const broken = await failureOf(() => talk.put([{ user: brokenOff }]));
      expect(broken).toBeInstanceOf(Error);
      expect(talk.bench.traffic.last().status).toBe(200);
    } else await expectRefusal(talk, brokenOff, holding);
  },
};

const brokenOff = "[[demo text 5]] [[demo fail at=2]]";

const isStream = ({ name }: Asker): boolean => name.includes("stream");

/** The helper of OpenAI's SDK drops what it does not know. */
function expectThought(reasoning: string | undefined): void {
  if (reasoning !== undefined) expect(reasoning).toBe("Hm, well.");
}

async function expectRefusal(talk: Talk, user: string, holding: Holding): Promise<Headers | undefined> {
  if (holding.holds !== "refused") throw new Error("The table has to say what this fails with.");
  const refusal = await failureOf(() => talk.put([{ user }]));
  const { APIError } = talk.asker.format === "anthropic-messages" ? Anthropic : OpenAI;
  if (!(refusal instanceof APIError)) throw new Error("This is no error of the SDK.", { cause: refusal });
  const { status, message, headers } = refusal;
  expect({ status, message }).toEqual({ status: holding.status, message: expect.stringMatching(holding.words) });
  talk.bench.expectRow(talk.bench.traffic.last().requestId, {
    status: holding.status,
    backend: talk.backend,
    finishReason: null,
  });
  return headers;
}
