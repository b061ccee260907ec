import type { Quirk } from "./quirks.ts";

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
  readonly quirks: readonly Quirk[];
}

export type ContentOrder =
  | { readonly type: "say"; readonly text: string }
  | { readonly type: "text"; readonly chunks: number }
  | { readonly type: "think"; readonly text: string }
  | { readonly type: "refuse"; readonly text: string }
  | { readonly type: "tool"; readonly name: string; readonly input: unknown }
  | { readonly type: "big"; readonly bytes: number }
  | { readonly type: "redacted" | "media" | "echo" }
  /** What the tools answered: the script has nothing left to say. */
  | { readonly type: "results" };

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
  /** Undefined takes what the API would say of a server in trouble. */
  | { readonly kind: "fail"; readonly errorType: string | undefined; readonly at: number }
  /** Reset, or ended as if the answer were complete. */
  | { readonly kind: "drop" | "cut"; readonly at: number }
  | { readonly kind: "stall"; readonly ms: number; readonly at: "headers" | "start" | number }
);

export interface ErrorFault {
  readonly kind: "error";
  readonly status: number;
  /** Anthropic's `type` or OpenAI's `code`, or `too-long`; undefined takes what belongs to the status. */
  readonly errorType: string | undefined;
  readonly message: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly shouldRetry: string | undefined;
}
