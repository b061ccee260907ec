import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";

import { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import { noUsage } from "#core/usage.ts";

import { startDecoding, type DecodeState } from "./decode-state.ts";
import { abandonTurn, decodeLine } from "./decode.ts";
import { parseLine } from "./lines.ts";

const NOW = 1_795_225_000_000;
const fixtures = `${import.meta.dirname}/fixtures`;

interface Decoded {
  readonly state: DecodeState;
  readonly events: readonly ModelEvent[];
  /** Lines read when the CLI had to be interrupted. */
  readonly interruptedAt: number | undefined;
}

function decode(lines: readonly string[], from = startDecoding()): Decoded {
  let state = from;
  const events: ModelEvent[] = [];
  let interruptedAt: number | undefined;
  for (const [position, line] of lines.entries()) {
    const [next, produced] = decodeLine(state, parseLine(line), NOW);
    if (next.interrupt && !state.interrupt) interruptedAt = position;
    state = next;
    events.push(...produced);
  }
  return { state, events, interruptedAt };
}

const recording = (name: string): readonly string[] =>
  readFileSync(`${fixtures}/${name}.jsonl`, "utf8")
    .split("\n")
    .filter((line) => line !== "");

const play = (name: string): Decoded => decode(recording(name));

const textOf = (events: readonly ModelEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");

const lastOf = (events: readonly ModelEvent[]): ModelEvent | undefined => events.at(-1);

function errorOf({ events }: Decoded): GatewayError {
  const last = lastOf(events);
  if (last?.type !== "error") throw new Error(`It ended with ${last?.type}.`);
  return last.error;
}

describe("every recording", () => {
  test.each(readdirSync(fixtures).map((name) => name.replace(".jsonl", "")))(
    "%s gives a well-formed stream, wherever it is cut",
    (name) => {
      const lines = recording(name);
      for (let length = 0; length <= lines.length; length += 1) {
        const { state, events } = decode(lines.slice(0, length));
        const [, rest] = abandonTurn(state, new GatewayError("upstream", "cut"));
        expectWellFormed([...events, ...rest]);
      }
    },
  );

  test("holds no line that is not understood", () => {
    const unknown = readdirSync(fixtures)
      .flatMap((name) => recording(name.replace(".jsonl", "")))
      .map(parseLine)
      .filter(({ type }) => type === "unknown" || type === "garbage");
    expect(unknown).toEqual([]);
  });
});

describe("an answer", () => {
  test("comes as blocks with the usage of its step and of the turn, and its cost", () => {
    const { events, interruptedAt } = play("thinking-new");
    const usage = { ...noUsage, inputTokens: 35, outputTokens: 12, cacheReadInputTokens: 7, cacheWriteInputTokens: 3 };
    expect(interruptedAt).toBeUndefined();
    expect(events.filter(({ type }) => !type.endsWith("-delta"))).toEqual([
      { type: "start", responseId: "msg_1475", model: "claude-opus-5-5", usage: { ...usage, outputTokens: 1 } },
      { type: "step-start" },
      { type: "reasoning-start", id: "block-1" },
      { type: "reasoning-end", id: "block-1", signature: "c2lnbmF0dXJl" },
      { type: "text-start", id: "block-2" },
      { type: "text-end", id: "block-2" },
      { type: "step-end", usage },
      { type: "finish", reason: "stop", rawReason: "end_turn", usage, costUsd: 0.0003564, steps: 1 },
    ]);
    expect(textOf(events)).toBe("Hello from the mock!");
  });

  test("of a process that has answered before costs the difference", () => {
    const before = {
      costUsd: 0.0003,
      inputTokens: 10,
      outputTokens: 5,
      cacheReadInputTokens: 0,
      cacheWriteInputTokens: 0,
    };
    let state = startDecoding(before);
    let finish: ModelEvent | undefined;
    for (const line of recording("thinking-new")) {
      const [next, events] = decodeLine(state, parseLine(line), NOW);
      state = next;
      finish = events.at(-1) ?? finish;
    }
    expect(finish?.type === "finish" && finish.costUsd).toBeCloseTo(0.0000564);
  });

  test("leaves out what a sub-agent says, and counts what it cost", () => {
    const { events } = play("subagent-new");
    expect(textOf(events)).not.toContain("SUBPROMPT");
    expect(events.filter(({ type }) => type === "tool-result")).toHaveLength(1);
    expect(lastOf(events)).toMatchObject({
      steps: 2,
      costUsd: 0.0010692,
      usage: { inputTokens: 105, outputTokens: 36 },
    });
  });

  test("ends with the first result, whatever a background task adds", () => {
    const { events } = play("bgtask-new");
    expect(events.filter(({ type }) => type === "finish")).toHaveLength(1);
    expect(lastOf(events)).toMatchObject({ type: "finish" });
  });

  test("stopped by a limit on model calls is cut short, not failed", () => {
    expect(lastOf(play("max-turns-1-old").events)).toMatchObject({ reason: "length", rawReason: "max_turns" });
  });

  test("keeps tool results out of a message that still streams", () => {
    const held = [
      stream({ type: "message_start", message: { id: "m1", model: "claude", usage: null } }),
      stream({ type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "t1", name: "Bash" } }),
      JSON.stringify({
        type: "user",
        message: { content: [{ type: "tool_result", tool_use_id: "t1", content: "out", is_error: false }] },
        parent_tool_use_id: null,
      }),
      stream({ type: "content_block_stop", index: 0 }),
      stream({ type: "message_delta", delta: { stop_reason: "tool_use" }, usage: null }),
      stream({ type: "message_stop" }),
    ];
    expect(decode(held).events.map(({ type }) => type)).toEqual([
      "start",
      "step-start",
      "tool-input-start",
      "tool-input-end",
      "step-end",
      "tool-result",
    ]);
  });

  test("the CLI hands over in one piece is passed on whole", () => {
    const whole = (content: unknown): string =>
      JSON.stringify({ type: "assistant", message: { id: "m1", model: "claude", content, usage: null } });
    const citation = { type: "char_location", cited_text: "x" };
    const { events } = decode([
      whole([{ type: "thinking", thinking: "hm", signature: "s" }]),
      whole([{ type: "text", text: "all at once", citations: [citation] }]),
      JSON.stringify({ subtype: "success", is_error: false, stop_reason: "end_turn", type: "result" }),
    ]);
    expect(events).toEqual([
      { type: "start", responseId: "m1", model: "claude", usage: noUsage },
      { type: "step-start" },
      { type: "reasoning-start", id: "block-1" },
      { type: "reasoning-delta", id: "block-1", text: "hm" },
      { type: "reasoning-end", id: "block-1", signature: "s" },
      { type: "text-start", id: "block-2" },
      { type: "text-delta", id: "block-2", text: "all at once" },
      { type: "text-citation", id: "block-2", citation },
      { type: "text-end", id: "block-2" },
      { type: "step-end", usage: noUsage },
      { type: "finish", reason: "stop", rawReason: "end_turn", usage: noUsage, steps: 1 },
    ]);
  });
});

describe("the CLI is interrupted", () => {
  test.each([
    ["stop-max-tokens-new", "length", "max_tokens"],
    ["stop-max-tokens-old", "length", "max_tokens"],
    ["stop-refusal-new", "content-filter", "refusal"],
    ["stop-refusal-old", "content-filter", "refusal"],
  ] as const)("at the first end of the answer in %s", (name, reason, rawReason) => {
    const { events, interruptedAt } = play(name);
    expect(interruptedAt).toBeLessThan(recording(name).length - 1);
    expect(events.filter(({ type }) => type === "step-start")).toHaveLength(1);
    expect(lastOf(events)).toMatchObject({ type: "finish", reason, rawReason });
  });

  test("when it asks again for an answer the client has begun to read", () => {
    for (const name of ["drop-midstream-new", "mid-stream-error-event-new"]) {
      const decoded = play(name);
      expect(decoded.interruptedAt).toBeDefined();
      expect(errorOf(decoded).kind).toBe("upstream");
      expect(decoded.events.filter(({ type }) => type === "step-start")).toHaveLength(1);
    }
  });

  test("when it is about to have the model go on with an answer that broke off", () => {
    const decoded = play("eof-between-blocks-new");
    expect(decoded.interruptedAt).toBe(
      recording("eof-between-blocks-new").findIndex((line) => line.includes("Resume")),
    );
    expect(errorOf(decoded).kind).toBe("upstream");
    expect(textOf(decoded.events)).toBe("Hi");
  });

  test("when it goes on after its result", () => {
    const lines = recording("thinking-new");
    const once = decode(lines);
    const twice = decode([...lines, lines.at(-1) ?? ""]);
    expect(once.interruptedAt).toBeUndefined();
    expect(twice.interruptedAt).toBe(lines.length);
    expect(twice.events).toEqual(once.events);
  });

  test("when a credential is refused, at the first try", () => {
    const decoded = play("401-new");
    expect(decoded.interruptedAt).toBe(recording("401-new").findIndex((line) => line.includes("api_retry")));
    expect(errorOf(decoded).kind).toBe("authentication");
  });
});

describe("a failure", () => {
  test.each([
    ["400-too-long-new", "context-length", 400],
    ["model-404-old", "model-not-found", 404],
    ["529-max2-old", "overloaded", 529],
    ["no-key-fresh-home-new", "authentication", undefined],
    ["rl-rejected-429-new", "rate-limit", 429],
  ] as const)("%s is %s although the CLI calls it success", (name, kind, upstreamStatus) => {
    const decoded = play(name);
    expect(decoded.events).toHaveLength(1);
    expect(errorOf(decoded)).toMatchObject({ kind, options: { upstreamStatus } });
  });

  test("by a used-up limit says for how long", () => {
    expect(errorOf(play("rl-rejected-429-new")).options.retryAfterSeconds).toBe(1_795_232_431 - NOW / 1000);
  });

  test("in the middle of the answer comes after what was said", () => {
    const decoded = play("miderr-nofallback-old");
    expect(textOf(decoded.events)).not.toBe("");
    expect(errorOf(decoded).kind).toBe("upstream");
  });

  test("between a whole call and the end of its message is one, although the CLI names its limit on model calls", () => {
    const decoded = decode([
      stream({ type: "message_start", message: { id: "m1", model: "claude", usage: null } }),
      stream({ type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "t1", name: "look" } }),
      stream({ type: "content_block_stop", index: 0 }),
      JSON.stringify({ type: "result", subtype: "error_max_turns", is_error: true }),
    ]);
    expect(errorOf(decoded).kind).toBe("upstream");
  });

  test("an answer of the CLI itself is not one of the model", () => {
    const decoded = decode([
      JSON.stringify({ type: "result", subtype: "success", is_error: false, result: "Cleared" }),
    ]);
    expect(errorOf(decoded).kind).toBe("upstream");
  });
});

function stream(event: unknown): string {
  return JSON.stringify({ type: "stream_event", event, parent_tool_use_id: null });
}

/** One start, blocks that do not overlap, unique ids, exactly one terminal event, nothing after it. */
function expectWellFormed(events: readonly ModelEvent[]): void {
  const terminals = events.filter(({ type }) => type === "finish" || type === "error");
  expect(terminals).toHaveLength(1);
  expect(terminals[0]).toBe(lastOf(events) ?? events[0]);
  if (events.length === 1) return;
  expect(events[0]?.type).toBe("start");
  expect(events.filter(({ type }) => type === "start")).toHaveLength(1);
  const ids = events.flatMap((event) => (event.type.endsWith("-start") && "id" in event ? [event.id] : []));
  expect(new Set(ids).size).toBe(ids.length);
  let open: string | undefined;
  for (const event of events) {
    if (!("id" in event) || event.type === "tool-result") continue;
    if (event.type.endsWith("-start")) {
      expect(open).toBeUndefined();
      open = event.id;
    } else expect(event.id).toBe(open ?? "none");
    if (event.type.endsWith("-end")) open = undefined;
  }
  if (lastOf(events)?.type === "finish") expect(open).toBeUndefined();
}

describe("an answer that may be any object", () => {
  const line = (event: object) => JSON.stringify({ type: "stream_event", event });
  const written = (...texts: readonly string[]) => [
    line({ type: "message_start", message: { id: "msg_1", model: "m", usage: null } }),
    line({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
    ...texts.map((text) => line({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })),
    line({ type: "content_block_stop", index: 0 }),
    line({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } }),
    line({ type: "message_stop" }),
  ];
  const reading = { ...startDecoding().reading, structured: "streamed", takesWrittenObject: true } as const;

  test.each([[['{"a"', ":1}\n"]], [["```json\n", '{"a":1}', "\n```"]]])(
    "is taken where the model writes it down (%j), and it is not asked again",
    (texts) => {
      const { state, events } = decode(written(...texts), startDecoding(undefined, reading));
      expect(textOf(events)).toBe('{"a":1}');
      expect(state).toMatchObject({ phase: "stopping", interrupt: true, ending: { reason: "stop" } });
    },
  );

  test.each([["Here it is: {}"], ["[1]"], ["null"]])("is not %s", (text) => {
    const { state, events } = decode(written(text), startDecoding(undefined, reading));
    expect(textOf(events)).toBe("");
    expect(state).toMatchObject({ phase: "answering", interrupt: false });
  });

  test("has to be given by the call where it has to fit a schema", () => {
    const strict = { ...reading, takesWrittenObject: false };
    expect(decode(written('{"a":1}'), startDecoding(undefined, strict)).state.phase).toBe("answering");
  });
});
