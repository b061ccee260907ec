/** Every API that clients speak on the agents' own programs as bare models, as `providers/pairs` has it for providers. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { installedCodex } from "../../scripts/lib/codex-binary.ts";
import { providerConfig } from "./codex-cli/support.ts";
import { failureOf } from "./support/clients.ts";
import { pixel } from "./support/media.ts";
import { type Answer, type Asker, askers, type Question } from "./support/pair-clients.ts";
import { conversationIn } from "./support/pair-upstreams.ts";
import { openProviderBench, type ProviderBench } from "./support/provider-bench.ts";
import type { Format } from "./support/provider-ways.ts";
import { newestClaude } from "./support/proxy.ts";

setDefaultTimeout(30_000);

interface Program {
  readonly id: string;
  readonly at: string;
  readonly model: string;
  /** What it speaks itself. */
  readonly format: Format;
  readonly path: string | undefined;
}

const claude: Program = {
  id: "claude-cli",
  at: "/cc",
  model: "claude-sonnet-5-5",
  format: "anthropic-messages",
  path: newestClaude[0]?.path,
};
const codex: Program = {
  id: "codex-cli",
  at: "/codex",
  model: "gpt-demo",
  format: "openai-responses",
  path: installedCodex(),
};
const programs = [claude, codex].filter(({ path }) => path !== undefined);
if (programs.length < 2) console.log("ABSENT not every agent is installed: the pairs of the others alone are tested");

let bench: ProviderBench;
beforeAll(async () => {
  bench = await openProviderBench({
    config: () => ({ claude: { path: claude.path }, codex: { enabled: codex.path !== undefined, path: codex.path } }),
  });
  const home = join(bench.proxy.home, ".codex");
  mkdirSync(home);
  writeFileSync(join(home, "config.toml"), providerConfig(bench.demo.url));
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => bench.forget());

const effortIn: Readonly<Record<Format, object>> = {
  "anthropic-messages": { thinking: { type: "adaptive" } },
  "openai-chat": { reasoning_effort: "low" },
  "openai-responses": { reasoning: { effort: "low", summary: "auto" } },
};
const finishes: Readonly<Record<Format, { readonly calls: string; readonly stop: string }>> = {
  "anthropic-messages": { calls: "tool_use", stop: "end_turn" },
  "openai-chat": { calls: "tool_calls", stop: "stop" },
  "openai-responses": { calls: "completed", stop: "completed" },
};
const tools = [{ name: "weather", schema: { type: "object", properties: { city: { type: "string" } } } }];

const put = ({ at, model }: Program, { ask }: Asker, question: Omit<Question, "model">): Promise<Answer> =>
  ask(bench.clients(at, { "x-ccproxy-mode": "chat" }), { model, ...question });

const pairs = programs.flatMap((program) => askers.map((asker) => [asker.name, program.id, asker, program] as const));

// proves("upstream-transform", "upstream-codex")
describe.each(pairs)("%s on %s", (_name, id, asker, program) => {
  const { format } = asker;

  test("instructions, an image and thoughts; words and two calls; their results; and what it cost", async () => {
    const system = "Be brief. ü";
    const user =
      '[[demo think Hm, well.]] [[demo say “I look” 😀]] [[demo tool weather {"city": "A"}]] [[demo tool weather {"city": "“B”"}]] [[demo then]] [[demo say Done.]] [[demo usage in=100 out=20 read=50]]';
    const turns = [{ user, png: pixel }];
    const first = await put(program, asker, { system, turns, tools, more: effortIn[format] });
    expect(first).toMatchObject({ model: program.model, text: "“I look” 😀", finish: finishes[format].calls });
    // The helper of OpenAI's SDK drops what it does not know.
    if (first.reasoning !== undefined) expect(first.reasoning).toBe("Hm, well.");
    expect(first.calls.map(({ name, input }) => [name, input])).toEqual([
      ["weather", { city: "A" }],
      ["weather", { city: "“B”" }],
    ]);
    const asked = conversationIn(program.format, bench.lastAsked().body);
    expect(asked).toContainEqual(["user", "image"]);
    expect(JSON.stringify(asked)).toContain(system);

    const results = first.calls.map(({ id: call }, index) => ({ id: call, text: `Result ${index}` }));
    const history = [...turns, { assistant: first.text, calls: first.calls }, { results }];
    const last = await put(program, asker, { system, turns: history, tools, more: effortIn[format] });
    expect(last).toMatchObject({
      text: "Done.",
      calls: [],
      finish: finishes[format].stop,
      usage: { input: 150, output: 20, cacheRead: 50 },
    });
    const told = conversationIn(program.format, bench.lastAsked().body).filter(([kind]) => kind === "result");
    expect(told.map(([, , text]) => text)).toEqual(["Result 0", "Result 1"]);
    bench.expectRow(bench.traffic.last().requestId, {
      status: 200,
      backend: id,
      finishReason: "stop",
      errorKind: null,
    });
  });

  test("an error is one of the SDK", async () => {
    const refused = await failureOf(() => put(program, asker, { turns: [{ user: "[[demo error 400]]" }] }));
    expect(refused).toBeInstanceOf(format === "anthropic-messages" ? Anthropic.APIError : OpenAI.APIError);
    expect(refused).toMatchObject({ status: 400 });
  });
});

test('each is one row; proves("log-access")', () => bench.checkRows());
