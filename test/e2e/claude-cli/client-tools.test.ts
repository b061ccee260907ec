/** The client's own tools on a live turn: a bare model gets them in its request, an agent beside its own. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { ModelEvent } from "#core/events.ts";
import type { Message, ModelRequest, Part, ToolDefinition, ToolResultPart } from "#core/request.ts";

import { claudes } from "../support/proxy.ts";
import { asked, type Answer, type Bench, lastAsked, openBench, request, says } from "./support.ts";

setDefaultTimeout(60_000);

const weather: ToolDefinition = {
  name: "get_weather",
  description: "The weather somewhere.",
  inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const lamp: ToolDefinition = { name: "set_lamp", inputSchema: { type: "object", properties: {} } };

/** The client's calls of an answer, as it would run them. */
function callsOf({ events }: Answer) {
  return events
    .filter((event) => event.type === "tool-input-start")
    .filter(({ executedBy }) => executedBy === "client")
    .map(({ id, toolName }) => ({ id, toolName, input: JSON.parse(inputOf(events, id) || "{}") as unknown })); // The model's own JSON.
}

function inputOf(events: readonly ModelEvent[], id: string): string {
  return events.map((event) => (event.type === "tool-input-delta" && event.id === id ? event.delta : "")).join("");
}

function result(callId: string, text: string, ...more: readonly Part[]): ToolResultPart {
  return { type: "tool-result", callId, content: [{ type: "text", text }, ...more], isError: false };
}

/** The conversation with an answer's text and calls, and what the client says to them. */
function after(messages: readonly Message[], answer: Answer, ...said: readonly Part[]): readonly Message[] {
  const calls = callsOf(answer).map(
    ({ id, toolName, input }) => ({ type: "tool-call", callId: id, toolName, input }) as const,
  );
  const text = answer.text === "" ? [] : [{ type: "text", text: answer.text } as const];
  return [...messages, { role: "assistant", content: [...text, ...calls] }, { role: "user", content: said }];
}

describe.each([...claudes])("claude $version", ({ path }) => {
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
      bench.ask(request(messages, { features: { tools: [weather, lamp], ...features } }), setup);

    test("ends its answer with the calls, and goes on with their results in the same process", async () => {
      const prompt = [
        says(
          '[[demo say Let me see.]] [[demo tool get_weather {"city": "Zürich"}]] [[demo tool set_lamp]] [[demo then]] [[demo tool get_weather {"city": "B"}]] [[demo then]] [[demo say Done.]]',
        ),
      ];
      const first = await ask(prompt);
      expect(first.finish).toMatchObject({ reason: "tool-calls", rawReason: "tool_use", steps: 1 });
      expect(first.text).toBe("Let me see.");
      const calls = callsOf(first);
      expect(calls.map(({ toolName, input }) => [toolName, input])).toEqual([
        ["get_weather", { city: "Zürich" }],
        ["set_lamp", {}],
      ]);
      const [one = "", two = ""] = calls.map(({ id }) => id);
      const second = after(prompt, first, result(two, "on"), result(one, "sunny"));
      const more = await ask(second);
      expect(more.facts.start).toBe("live");
      expect(callsOf(more).map(({ toolName, input }) => [toolName, input])).toEqual([["get_weather", { city: "B" }]]);
      const last = await ask(after(second, more, result(callsOf(more)[0]?.id ?? "", "rain")));
      expect(last.facts.start).toBe("live");
      expect(last.text).toBe("Done.");
      expect(last.finish).toMatchObject({ reason: "stop" });
      expect(asked(bench.upstream)).toHaveLength(3);
      const told = JSON.stringify(lastAsked(bench.upstream).messages);
      for (const word of ["sunny", "rain", '"on"', "Zürich"]) expect(told).toContain(word);
    });
  });
});
