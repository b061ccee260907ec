/** The client's own tools on a live turn: a bare model gets them in its request, an agent beside its own. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Notice } from "#backends/claude-cli/options.ts";
import type { Message, ModelRequest, Part, ToolDefinition, ToolResultPart } from "#core/request.ts";

import { newestClaude } from "../../../scripts/lib/claude-binaries.ts";
import { changeClaude } from "../../fakes/changed-claude.ts";
import { claudes } from "../support/proxy.ts";
import {
  asked,
  type Answer,
  type Bench,
  callsIn,
  eventually,
  lastAsked,
  openBench,
  PIXEL,
  request,
  says,
} from "./support.ts";

setDefaultTimeout(60_000);

const weather: ToolDefinition = {
  name: "get_weather",
  description: "The weather somewhere.",
  inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const lamp: ToolDefinition = { name: "set_lamp", inputSchema: { type: "object", properties: {} } };

/** A model that takes a forced call: newer ones of the other families refuse it. */
const forceable = "claude-haiku-5-5";

function result(callId: string, text: string, ...more: readonly Part[]): ToolResultPart {
  return { type: "tool-result", callId, content: [{ type: "text", text }, ...more], isError: false };
}

/** The conversation with an answer's text and calls, and what the client says to them. */
function after(messages: readonly Message[], answer: Answer, ...said: readonly Part[]): readonly Message[] {
  const calls = callsIn(answer.events).map((call) => ({ type: "tool-call", ...call }) as const);
  const text = answer.text === "" ? [] : [{ type: "text", text: answer.text } as const];
  return [...messages, { role: "assistant", content: [...text, ...calls] }, { role: "user", content: said }];
}

describe.each([...claudes])("claude $version", ({ path, version }) => {
  const isNewest = version === claudes[0]?.version;
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(path, { allowedTools: ["Read"], maxParkedTurns: 32, maxSessions: 8 });
  });
  afterAll(() => bench.close());
  beforeEach(async () => void (await fetch(`${bench.upstream.url}/__demo/reset`, { method: "POST" })));

  describe.each([
    ["a bare model", { mode: "chat", tools: "client" }],
    ["an agent", { mode: "agent", tools: "both" }],
  ] as const)("%s", (_who, setup) => {
    const ask = (messages: readonly Message[], features: ModelRequest["features"] = {}): Promise<Answer> =>
      bench.ask(request(messages, { model: forceable, features: { tools: [weather, lamp], ...features } }), setup);

    test("ends its answer with the calls, and goes on with their results in the same process", async () => {
      const prompt = [
        says(
          '[[demo say Let me see.]] [[demo tool get_weather {"city": "Zürich"}]] [[demo tool set_lamp]] [[demo then]] [[demo tool get_weather {"city": "B"}]] [[demo then]] [[demo say Done.]]',
        ),
      ];
      const first = await ask(prompt);
      expect(first.finish).toMatchObject({ reason: "tool-calls", rawReason: "tool_use", steps: 1 });
      expect(first.text).toBe("Let me see.");
      const calls = callsIn(first.events);
      expect(calls.map(({ toolName, input }) => [toolName, input])).toEqual([
        ["get_weather", { city: "Zürich" }],
        ["set_lamp", {}],
      ]);
      const [one = "", two = ""] = calls.map(({ callId }) => callId);
      const second = after(prompt, first, result(two, "on"), result(one, "sunny"));
      const more = await ask(second);
      expect(more.facts.start).toBe("live");
      expect(callsIn(more.events).map(({ toolName, input }) => [toolName, input])).toEqual([
        ["get_weather", { city: "B" }],
      ]);
      const last = await ask(after(second, more, result(callsIn(more.events)[0]?.callId ?? "", "rain")));
      expect(last.facts.start).toBe("live");
      expect(last.text).toBe("Done.");
      expect(last.finish).toMatchObject({ reason: "stop" });
      expect(asked(bench.upstream)).toHaveLength(3);
      const told = JSON.stringify(lastAsked(bench.upstream).messages);
      for (const word of ["sunny", "rain", '"on"', "Zürich"]) expect(told).toContain(word);
    });

    test("ends a turn whose calls the client drops, and tells the model they were not run", async () => {
      const prompt = [says("[[demo tool get_weather]] [[demo then]] [[demo say Done.]]")];
      const first = await ask(prompt);
      const { waiting } = bench.backend.stats();
      const other = await ask(after(prompt, first, { type: "text", text: "Never mind. [[demo say Fine.]]" }));
      expect(other.text).toBe("Fine.");
      expect(bench.backend.stats().waiting).toBe(setup.mode === "agent" ? waiting - 1 : 0);
      expect(JSON.stringify(lastAsked(bench.upstream).messages)).toContain("This tool was not run.");
      expect(asked(bench.upstream)).toHaveLength(2);
    });

    test("takes images, empty results and failures", async () => {
      const prompt = [says("[[demo tool get_weather]] [[demo tool set_lamp]] [[demo then]] [[demo media]]")];
      const first = await ask(prompt);
      const [one = "", two = ""] = callsIn(first.events).map(({ callId }) => callId);
      const image = { type: "image", source: { type: "base64", mediaType: "image/png", data: PIXEL } } as const;
      const failed = { ...result(two, "It burnt out."), isError: true };
      const second = await ask(after(prompt, first, { ...result(one, ""), content: [image] }, failed));
      expect(second.facts.start).toBe("live");
      expect(second.text).toContain("image/png");
      expect(JSON.stringify(lastAsked(bench.upstream).messages)).toMatch(/It burnt out[^}]*}?[^}]*"is_error":true/);
    });

    test("takes a result of any length", async () => {
      const prompt = [says("[[demo tool get_weather]] [[demo then]] [[demo say Done.]]")];
      const first = await ask(prompt);
      const long = "word ".repeat(60_000);
      const second = await ask(after(prompt, first, result(callsIn(first.events)[0]?.callId ?? "", long)));
      expect(second.text).toBe("Done.");
      expect(JSON.stringify(lastAsked(bench.upstream).messages)).toContain(long);
      expect(asked(bench.upstream)).toHaveLength(2);
    });

    test("offers a hundred and more tools of any name and schema, and gives their own names back", async () => {
      const nested = {
        type: "object",
        properties: { a: { type: "array", items: { $ref: "#/$defs/b" } } },
        $defs: { b: {} },
      };
      const many = Array.from({ length: 126 }, (_, index) => ({ name: `tool_${index}`, inputSchema: nested }));
      const odd = ["wetter.für/zürich", "Bash", "StructuredOutput", "x".repeat(200)];
      const tools = [...many, ...odd.map((name) => ({ name, inputSchema: nested }))];
      for (const name of odd) {
        const answer = await ask([says(`Call it: ${name.length}`)], { tools, toolChoice: { type: "tool", name } });
        expect(callsIn(answer.events).map(({ toolName }) => toolName)).toEqual([name]);
        const renamed = odd.filter((one) => setup.mode === "agent" || one !== "Bash");
        expect(answer.facts.renamedTools?.map((one) => one.name)).toEqual(renamed);
      }
      const offered = toolsOf(bench);
      expect(offered.map(({ name }) => name)).toContain("tool_125");
      expect(offered.find(({ name }) => name === "tool_125")?.input_schema).toEqual(nested);
      for (const { name } of offered) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,128}$/);
      expect(new Set(offered.map(({ name }) => name)).size).toBe(offered.length);
    });

    test("a forced call is forced once, and a choice of none leaves the tools alone", async () => {
      const choice = { toolChoice: { type: "tool", name: "set_lamp" }, parallelToolCalls: false } as const;
      const prompt = [says("Light, please.")];
      const first = await ask(prompt, choice);
      expect(callsIn(first.events).map(({ toolName }) => toolName)).toEqual(["set_lamp"]);
      expect(lastAsked(bench.upstream)["tool_choice"]).toEqual({
        type: "tool",
        name: "set_lamp",
        disable_parallel_tool_use: true,
      });
      const second = await ask(after(prompt, first, result(callsIn(first.events)[0]?.callId ?? "", "on")));
      expect(second.finish).toMatchObject({ reason: "stop" });
      expect(lastAsked(bench.upstream)["tool_choice"]).toBeUndefined();
      const none = await ask([says("[[demo say No tools.]]")], { toolChoice: { type: "none" } });
      expect(none.text).toBe("No tools.");
      if (setup.mode === "chat") expect(lastAsked(bench.upstream)["tool_choice"]).toEqual({ type: "none" });
      else expect(toolsOf(bench).map(({ name }) => name)).not.toContain("set_lamp");
    });

    // What follows depends on us alone.
    if (!isNewest) return;

    test("is asked nothing, and started for nothing, when a result is missing", async () => {
      const prompt = [says("[[demo tool get_weather]] [[demo tool set_lamp]] [[demo then]] [[demo say Done.]]")];
      const first = await ask(prompt);
      const [one, two] = callsIn(first.events);
      const half = await ask(after(prompt, first, result(one?.callId ?? "", "sunny")));
      expect(half.error).toMatchObject({ kind: "invalid-request", options: { param: "messages" } });
      expect(half.error?.message).toContain(two?.callId ?? "?");
      // The turn still waits: the client may do better.
      const whole = await ask(
        after(prompt, first, result(one?.callId ?? "", "sunny"), result(two?.callId ?? "", "on")),
      );
      expect(whole).toMatchObject({ text: "Done.", facts: { start: "live" } });
      expect(asked(bench.upstream)).toHaveLength(2);
    });

    test("lets nobody else bring the results", async () => {
      const prompt = [says("[[demo tool get_weather]] [[demo then]] [[demo say Done.]]")];
      const first = await ask(prompt);
      const second = after(prompt, first, result(callsIn(first.events)[0]?.callId ?? "", "sunny"));
      const features = { tools: [weather, lamp] };
      const stranger = await bench.ask(request(second, { features }), { ...setup, principal: "stranger" });
      expect(stranger.facts.start).not.toBe("live");
      expect((await ask(second)).facts.start).toBe("live");
    });

    test("goes on from the conversation when the proxy was started anew", async () => {
      const prompt = [says("[[demo say Wait.]] [[demo tool get_weather]] [[demo then]] [[demo say Done.]]")];
      const first = await ask(prompt);
      const restarted = await openBench(path, { pool: { size: 0, maxAgeMs: 600_000, maxTurns: 50 } });
      try {
        const told = after(prompt, first, result(callsIn(first.events)[0]?.callId ?? "", "sunny"));
        const second = await restarted.ask(request(told, { features: { tools: [weather, lamp] } }), setup);
        expect(second).toMatchObject({ text: "Done.", facts: { start: "cold" } });
        const roles = lastAsked(restarted.upstream).messages.map(({ role }) => role);
        expect(roles.filter((role) => role !== "system")).toEqual(["user", "assistant", "user"]);
        expect(asked(restarted.upstream)).toHaveLength(1);
      } finally {
        await restarted.close();
      }
    });
  });

  describe("a bare model", () => {
    const setup = { mode: "chat", tools: "client" } as const;
    const schema = {
      type: "object",
      properties: { n: { type: "integer" } },
      required: ["n"],
      additionalProperties: false,
    };
    const responseFormat = { type: "json-schema", schema } as const;

    test("gets Anthropic's own tools, and what else a tool says of itself, as they came", async () => {
      const search = { type: "web_search_20250305", name: "web_search", max_uses: 3 };
      const features = {
        tools: [{ ...weather, extra: { strict: true } }],
        vendorTools: [{ wireFormat: "anthropic-messages", value: search }],
      } as const;
      await bench.ask(request([says("hi")], { features }), setup);
      expect(lastAsked(bench.upstream)["tools"]).toEqual([
        { strict: true, name: "get_weather", description: weather.description, input_schema: weather.inputSchema },
        search,
      ]);
    });

    test("answers in the form of a schema, as it is written, without a further question", async () => {
      const answer = await bench.ask(
        request([says("Any number.")], { model: forceable, features: { responseFormat } }),
        setup,
      );
      expect(JSON.parse(answer.text)).toEqual({ n: 1 });
      expect(answer.events.filter(({ type }) => type === "tool-input-start")).toEqual([]);
      expect(answer.finish).toMatchObject({ reason: "stop" });
      expect(lastAsked(bench.upstream)["tool_choice"]).toEqual({ type: "tool", name: "StructuredOutput" });
      expect(asked(bench.upstream)).toHaveLength(1);
    });

    test.each([
      ["prose", "[[demo say Just words.]]"],
      ["what does not fit", '[[demo tool StructuredOutput {"n": "x"}]]'],
    ])("that answers %s where a schema was asked for has failed", async (_what, prompt) => {
      const answer = await bench.ask(request([says(prompt)], { features: { responseFormat } }), setup);
      expect(answer.error?.message).toContain("did not fit the schema");
      expect(answer.text).not.toContain("words");
      expect(asked(bench.upstream)).toHaveLength(1);
    });

    test("may call the client's tools on the way to such an answer", async () => {
      const features = { tools: [weather], responseFormat };
      const prompt = [says('[[demo tool get_weather]] [[demo then]] [[demo tool StructuredOutput {"n": 7}]]')];
      const first = await bench.ask(request(prompt, { features }), setup);
      expect(callsIn(first.events).map(({ toolName }) => toolName)).toEqual(["get_weather"]);
      const told = after(prompt, first, result(callsIn(first.events)[0]?.callId ?? "", "sunny"));
      const second = await bench.ask(request(told, { features }), setup);
      expect(second).toMatchObject({ text: '{"n":7}', facts: { start: "live" } });
    });
  });

  describe("an agent", () => {
    const setup = { mode: "agent", tools: "both" } as const;

    test("goes on with its own tools of the same answer while the client runs its own", async () => {
      await Bun.write(join(bench.workspace, "note.txt"), "a secret word");
      const file = JSON.stringify({ file_path: join(bench.workspace, "note.txt") });
      const prompt = [
        says(
          `[[demo tool get_weather]] [[demo tool Read ${file}]] [[demo tool set_lamp]] [[demo then]] [[demo say Done.]]`,
        ),
      ];
      const features = { tools: [weather, lamp] };
      const first = await bench.ask(request(prompt, { features }), setup);
      expect(callsIn(first.events).map(({ toolName }) => toolName)).toEqual(["get_weather", "set_lamp"]);
      const [one = "", two = ""] = callsIn(first.events).map(({ callId }) => callId);
      const second = await bench.ask(
        request(after(prompt, first, result(one, "sunny"), result(two, "on")), { features }),
        setup,
      );
      expect(second).toMatchObject({ text: "Done.", facts: { start: "live" } });
      expect(second.events[0]?.type).toBe("start");
      expect(second.events.filter(({ type }) => type === "tool-result")).toHaveLength(1);
      expect(JSON.stringify(lastAsked(bench.upstream).messages)).toContain("a secret word");
      expect(asked(bench.upstream)).toHaveLength(2);
    });

    test("counts what both answers of a turn used, and its cost, once", async () => {
      const usage = "[[demo usage in=10 out=2]]";
      const prompt = [says(`${usage} [[demo tool get_weather]] [[demo then]] ${usage} [[demo say Done.]]`)];
      const features = { tools: [weather] };
      const first = await bench.ask(request(prompt, { features }), setup);
      const second = await bench.ask(
        request(after(prompt, first, result(callsIn(first.events)[0]?.callId ?? "", "sunny")), { features }),
        setup,
      );
      for (const { finish } of [first, second])
        expect(finish?.usage).toMatchObject({ inputTokens: 10, outputTokens: 2 });
      expect(second.finish?.costUsd).toBeGreaterThan(0);
    });

    test("its sub-agents cannot reach the client", async () => {
      const task = {
        description: "d",
        prompt: "[[demo tool get_weather]] [[demo then]] [[demo say Sub done.]]",
        subagent_type: "general-purpose",
      };
      const prompt = [says(`[[demo tool Agent ${JSON.stringify(task)}]] [[demo then]] [[demo say Done.]]`)];
      const answer = await bench.ask(request(prompt, { features: { tools: [weather] } }), setup);
      expect(answer.text).toBe("Done.");
      expect(callsIn(answer.events)).toEqual([]);
    });

    test("answers in the form of a schema, after the CLI had the model try again", async () => {
      const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
      const prompt =
        '[[demo say Hm.]] [[demo tool StructuredOutput {"n": "x"}]] [[demo then]] [[demo tool StructuredOutput {"n": 7}]]';
      const features = { responseFormat: { type: "json-schema", schema } } as const;
      const answer = await bench.ask(request([says(prompt)], { features }), { mode: "agent", tools: "agent" });
      expect(answer.text).toBe('{"n":7}');
      expect(answer.finish).toMatchObject({ reason: "stop" });
    });

    test("cannot be made to call just any tool", async () => {
      const features = { tools: [weather], toolChoice: { type: "required" } } as const;
      const answer = await bench.ask(request([says("hi")], { features }), setup);
      expect(answer.error).toMatchObject({ kind: "invalid-request", options: { param: "tool_choice" } });
      expect(asked(bench.upstream)).toEqual([]);
    });

    // What follows depends on us alone.
    if (!isNewest) return;

    test.each([
      ["another model", { model: forceable }],
      ["other instructions", { system: ["Be brief."] }],
      ["other tools", { features: { tools: [weather, lamp] } }],
    ] as const)(
      "that is asked with %s for what its turn waits for begins anew, and leaves no turn",
      async (_, other) => {
        const prompt = [says("[[demo tool get_weather]] [[demo then]] [[demo say Done.]]")];
        const features = { tools: [weather] };
        const first = await bench.ask(request(prompt, { features }), setup);
        const { waiting } = bench.backend.stats();
        const told = after(prompt, first, result(callsIn(first.events)[0]?.callId ?? "", "sunny"));
        const second = await bench.ask(request(told, { features, ...other }), setup);
        expect(second.text).toBe("Done.");
        expect(second.facts.start).not.toBe("live");
        expect(bench.backend.stats().waiting).toBe(waiting - 1);
        expect(asked(bench.upstream)).toHaveLength(2);
      },
    );

    test("leaves no turn that its client drops with other instructions", async () => {
      const prompt = [says("[[demo tool get_weather]] [[demo then]] [[demo say Done.]]")];
      const features = { tools: [weather] };
      const first = await bench.ask(request(prompt, { features }), setup);
      const { waiting } = bench.backend.stats();
      const told = after(prompt, first, { type: "text", text: "Never mind. [[demo say Fine.]]" });
      const second = await bench.ask(request(told, { features, system: ["Be brief."] }), setup);
      expect(second.text).toBe("Fine.");
      expect(bench.backend.stats().waiting).toBe(waiting - 1);
    });
  });
});

test("a version that keeps its own messages offers a bare model no tools, and keeps no process for it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "ccproxy-newer-"));
  const bench = await openBench(changeClaude(newestClaude(), "keeps-its-messages", directory));
  try {
    const asking = request([says("hi")], { features: { tools: [weather] } });
    for (let again = 0; again < 2; again += 1) {
      const { error } = await bench.ask(asking, { mode: "chat", tools: "client" });
      expect(error).toMatchObject({ kind: "invalid-request", options: { param: "tools" } });
    }
    expect(bench.backend.stats()).toMatchObject({ busy: 0, live: 0, waiting: 0 });
    expect(await eventually(() => runningIn(bench.directory) <= bench.backend.stats().parked)).toBe(true);
  } finally {
    await bench.close();
    rmSync(directory, { recursive: true });
  }
});

test("a result that comes after its turn has expired, or was put out for another, is answered all the same", async () => {
  const notices: string[] = [];
  const onNotice = ({ level, message }: Notice) => level === "info" && notices.push(message);
  const bench = await openBench(newestClaude().path, { maxParkedTurns: 1, parkedTtlMs: 3000, onNotice });
  const ask = (messages: readonly Message[]): Promise<Answer> =>
    bench.ask(request(messages, { features: { tools: [weather] } }), { mode: "agent", tools: "both" });
  const prompt = (name: string) => [says(`${name} [[demo tool get_weather]] [[demo then]] [[demo say ${name} done.]]`)];
  try {
    const [one, two] = [await ask(prompt("One")), await ask(prompt("Two"))];
    expect(bench.backend.stats().waiting).toBe(1);
    const late = await ask(after(prompt("One"), one, result(callsIn(one.events)[0]?.callId ?? "", "sunny")));
    expect(late).toMatchObject({ text: "One done." });
    expect(late.facts.start).not.toBe("live");
    expect(await eventually(() => bench.backend.stats().waiting === 0)).toBe(true);
    const later = await ask(after(prompt("Two"), two, result(callsIn(two.events)[0]?.callId ?? "", "sunny")));
    expect(later).toMatchObject({ text: "Two done." });
    expect(later.facts.start).not.toBe("live");
    expect(asked(bench.upstream)).toHaveLength(4);
    expect(notices).toEqual(["max_parked_turns", "parked_ttl"].map((name) => expect.stringContaining(`pool.${name}`)));
  } finally {
    await bench.close();
  }
});

/** Processes of the CLI that run with this directory for their own. */
function runningIn(directory: string): number {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isOf(pid, directory)).length;
}

function isOf(pid: string, directory: string): boolean {
  try {
    const isClaude = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0]?.endsWith("/claude") === true;
    return isClaude && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`HOME=${directory}`);
  } catch {
    return false;
  }
}

/** What the model was offered last. */
function toolsOf({ upstream }: Bench): readonly { readonly name: string; readonly input_schema: unknown }[] {
  return lastAsked(upstream)["tools"] as ReturnType<typeof toolsOf>; // The demo keeps bodies as they came.
}
