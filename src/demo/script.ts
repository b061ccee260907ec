import { readArguments } from "./arguments.ts";
import type { DirectiveArguments } from "./arguments.ts";
import { findDirectives } from "./directives.ts";

/** What the prompt asks the demo to do: one step for each model call of the turn. */
export interface Script {
  /** Never empty. */
  readonly steps: readonly Step[];
  /** The prompt without its directives. */
  readonly prompt: string;
  /** One sentence for each directive that could not be understood. */
  readonly problems: readonly string[];
}

export interface Step {
  readonly content: readonly ContentOrder[];
  /** No content at all, not even the default answer. */
  readonly empty: boolean;
  /** Obey the request's own `max_tokens` and `stop_sequences`, as a model would. */
  readonly obey: boolean;
  readonly stop: StopOrder | undefined;
  readonly usage: UsageOrder;
  /** Milliseconds between two deltas. */
  readonly delayMs: number | undefined;
  /** Cut the stream's bytes so that characters of several bytes fall into two TCP chunks. */
  readonly split: boolean;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly faults: readonly Fault[];
}

export type ContentOrder =
  | { readonly type: "say"; readonly text: string }
  | { readonly type: "text"; readonly chunks: number }
  | { readonly type: "think"; readonly text: string }
  | { readonly type: "tool"; readonly name: string; readonly input: unknown }
  | { readonly type: "big"; readonly bytes: number }
  | { readonly type: "redacted" | "media" | "echo" };

export interface StopOrder {
  readonly reason: StopReason;
  readonly sequence: string | undefined;
}

export const stopReasons = [
  "end_turn",
  "max_tokens",
  "stop_sequence",
  "tool_use",
  "pause_turn",
  "refusal",
  "model_context_window_exceeded",
] as const;
export type StopReason = (typeof stopReasons)[number];

/** Tokens; what is not set is computed. */
export interface UsageOrder {
  readonly input?: number;
  readonly output?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly cacheWrite1h?: number;
  readonly thinking?: number;
}

/** `times`: only the first that many requests of the same conversation are hit. `at`: after that many deltas. */
export type Fault = { readonly times: number } & (
  | ErrorFault
  | { readonly kind: "fail"; readonly errorType: string; readonly at: number }
  | { readonly kind: "drop"; readonly at: number }
  | { readonly kind: "stall"; readonly ms: number; readonly at: "headers" | "start" | number }
);

export interface ErrorFault {
  readonly kind: "error";
  readonly status: number;
  /** An Anthropic error type, or `too-long`; undefined takes the one that belongs to the status. */
  readonly errorType: string | undefined;
  readonly message: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly shouldRetry: string | undefined;
}

type Draft = { -readonly [key in keyof Step]: Step[key] };
type Verb = (step: Draft, args: DirectiveArguments) => string | undefined;

export function parseScript(text: string): Script {
  const { directives, rest, unclosed } = findDirectives(text);
  const steps: [Draft, ...Draft[]] = [emptyStep()];
  const problems = unclosed ? ["a [[demo directive has no closing ]]"] : [];
  for (const { verb, rest: words } of directives) {
    if (verb === "then") {
      steps.push(emptyStep());
      continue;
    }
    const apply = verbs[verb];
    const problem =
      apply === undefined
        ? `it is unknown; known are ${[...Object.keys(verbs), "then"].join(", ")}`
        : apply(steps.at(-1) ?? steps[0], readArguments(words));
    if (problem !== undefined) problems.push(`[[demo ${verb}]]: ${problem}`);
  }
  return { steps, prompt: rest, problems };
}

export function emptyStep(): Step {
  return {
    content: [],
    empty: false,
    obey: false,
    stop: undefined,
    usage: {},
    delayMs: undefined,
    split: false,
    headers: [],
    faults: [],
  };
}

function addContent(step: Draft, order: ContentOrder): undefined {
  step.content = [...step.content, order];
}

function addFault(step: Draft, fault: Fault): undefined {
  step.faults = [...step.faults, fault];
}

const verbs: Readonly<Record<string, Verb>> = {
  say: (step, { raw }) => addContent(step, { type: "say", text: raw }),
  think: (step, { raw }) => addContent(step, { type: "think", text: raw === "" ? "Let me think about that." : raw }),
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
      errorType: args.words[0] ?? "overloaded_error",
      at: args.option("at") ?? 1,
      times: args.option("times") ?? Number.POSITIVE_INFINITY,
    }),
  drop: (step, args) =>
    addFault(step, {
      kind: "drop",
      at: args.option("at") ?? 1,
      times: args.option("times") ?? Number.POSITIVE_INFINITY,
    }),
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
