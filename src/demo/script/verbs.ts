import type { DirectiveArguments } from "./arguments.ts";
import { isQuirk, problemOfQuirks } from "./quirks.ts";
import { stopReasons } from "./script-types.ts";
import type { ContentOrder, Fault, Step } from "./script-types.ts";

/** A step while its directives are being read. */
export type StepDraft = { -readonly [key in keyof Step]: Step[key] };
type Verb = (step: StepDraft, args: DirectiveArguments) => string | undefined;

function addContent(step: StepDraft, order: ContentOrder): undefined {
  step.content = [...step.content, order];
}

function addFault(step: StepDraft, fault: Fault): undefined {
  step.faults = [...step.faults, fault];
}

function addBreak(step: StepDraft, kind: "drop" | "cut", { option }: DirectiveArguments): undefined {
  return addFault(step, { kind, at: option("at") ?? 1, times: option("times") ?? Number.POSITIVE_INFINITY });
}

/** One line or two for each directive; the answer is what was wrong with its words, if anything. */
export const verbs: Readonly<Record<string, Verb>> = {
  say: (step, { raw }) => addContent(step, { type: "say", text: raw }),
  think: (step, { raw }) => addContent(step, { type: "think", text: raw === "" ? "Let me think about that." : raw }),
  refuse: (step, { raw }) => addContent(step, { type: "refuse", text: raw === "" ? "I cannot help with that." : raw }),
  redacted: (step) => addContent(step, { type: "redacted" }),
  media: (step) => addContent(step, { type: "media" }),
  echo: (step) => addContent(step, { type: "echo" }),
  text: (step, args) => {
    const chunks = args.count(0);
    if (chunks === undefined) return "say how many chunks, as in [[demo text 20 delay=50]]";
    const delay = args.option("delay");
    if (delay !== undefined) step.delayMs = delay;
    return addContent(step, { type: "text", chunks });
  },
  big: (step, args) => {
    const bytes = args.count(0);
    return bytes === undefined ? "say how many bytes" : addContent(step, { type: "big", bytes });
  },
  tool: (step, { raw }) => {
    const [, name, json] = /^(\S+)\s*([^]*)$/.exec(raw) ?? [];
    if (name === undefined) return 'name the tool and its input, as in [[demo tool Write {"file_path": "a.txt"}]]';
    const input = parseJson(json === undefined || json === "" ? "{}" : json);
    return input === undefined ? "the input is not JSON" : addContent(step, { type: "tool", name, input: input.value });
  },
  empty: (step) => void (step.empty = true),
  obey: (step) => void (step.obey = true),
  split: (step) => void (step.split = true),
  delay: (step, args) => {
    const delay = args.count(0);
    if (delay === undefined) return "say how many milliseconds";
    step.delayMs = delay;
    return undefined;
  },
  stop: (step, { words, after }) => {
    const reason = stopReasons.find((known) => known === words[0]);
    if (reason === undefined) return `the reasons are ${stopReasons.join(", ")}`;
    step.stop = { reason, sequence: reason === "stop_sequence" ? after(1) : undefined };
    return undefined;
  },
  usage: (step, { option }) => {
    const asked = {
      input: option("in"),
      output: option("out"),
      cacheRead: option("read"),
      cacheWrite: option("write"),
      cacheWrite1h: option("write-1h"),
      thinking: option("thinking"),
    };
    step.usage = Object.fromEntries(Object.entries(asked).filter(([, tokens]) => tokens !== undefined));
    return undefined;
  },
  header: (step, { raw }) => {
    const [, name, value] = /^([\w-]+)\s*[=:]\s*([\x20-\x7e]*)$/.exec(raw) ?? [];
    if (name === undefined || value === undefined) return "write it as name=value";
    step.headers = [...step.headers, [name, value]];
    return undefined;
  },
  error: (step, args) => {
    const status = args.count(0);
    if (status === undefined || status < 400 || status > 599) return "say a status from 400 to 599";
    return addFault(step, {
      kind: "error",
      status,
      errorType: args.words[1],
      message: args.text("message"),
      retryAfterSeconds: args.option("retry-after"),
      shouldRetry: args.text("should-retry"),
      times: args.option("times") ?? Number.POSITIVE_INFINITY,
    });
  },
  fail: (step, args) =>
    addFault(step, {
      kind: "fail",
      errorType: args.words[0],
      at: args.option("at") ?? 1,
      times: args.option("times") ?? Number.POSITIVE_INFINITY,
    }),
  drop: (step, args) => addBreak(step, "drop", args),
  cut: (step, args) => addBreak(step, "cut", args),
  quirk: (step, { words }) => {
    if (words.length === 0) return "name at least one";
    step.quirks = [...step.quirks, ...words.filter(isQuirk)];
    return problemOfQuirks(words);
  },
  stall: (step, args) => {
    const ms = args.count(0);
    if (ms === undefined) return "say how many milliseconds";
    const place = args.text("at");
    const at = place === "headers" || place === "start" ? place : (args.option("at") ?? "start");
    return addFault(step, { kind: "stall", ms, at, times: args.option("times") ?? Number.POSITIVE_INFINITY });
  },
};

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
