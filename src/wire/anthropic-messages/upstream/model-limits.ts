/**
 * What Claude models refuse, by the rules that @ai-sdk/anthropic 4.0.105 and @earendil-works/pi-ai 1.5.2 ship. The name may
 * stand inside another (`us.anthropic.claude-opus-4-8-v1:0`).
 */
import type { RequestFeature, RequestFeatures } from "#core/request.ts";

/** Everything after Opus and Sonnet 4.6 and Haiku 4.5 answers a sampling parameter with a 400. */
const REFUSES_SAMPLING = /claude-(?:fable|mythos)-|claude-(?:opus|sonnet|haiku)-5|claude-opus-4-[78]/;
/** Names for whatever model is current; taken for one of those until the CLI has said which. */
const CURRENT: ReadonlySet<string> = new Set(["default", "best", "opus", "opusplan", "sonnet", "haiku", "fable"]);

const REFUSES_FORCED_CALLS = /claude-(?:(?:opus|sonnet)-5-5|fable-5-[12])/;

/** They think as much as they see fit, or as an effort says; the others by a budget. */
const THINKS_ADAPTIVELY = /claude-(?:fable|mythos)-|claude-(?:opus|sonnet|haiku)-5|claude-(?:opus|sonnet)-4-[678]/;
const ALWAYS_THINKS = /claude-(?:fable|mythos)-5|claude-(?:opus|sonnet)-5-5/;
const HAS_SCHEMAS = /claude-(?:fable|mythos)-|claude-(?:opus|sonnet|haiku)-5|claude-(?:opus|sonnet|haiku)-4-[15678]/;

const SAMPLING: readonly RequestFeature[] = ["temperature", "topP", "topK"];

/** The features a model refuses, by its full name or, where that is not known yet, by its alias. */
export function refusedFeatures(model: string): readonly RequestFeature[] {
  return REFUSES_SAMPLING.test(model) || isCurrent(model) ? SAMPLING : [];
}

/** A stop sequence of white space alone is a 400, with any model. */
const isTaken = (sequence: string): boolean => sequence.trim() !== "";

export function refusedStops({ stopSequences = [] }: RequestFeatures): readonly RequestFeature[] {
  return stopSequences.every(isTaken) ? [] : ["stopSequences"];
}

/** The others, where there are some. */
export function takenStops({ stopSequences = [] }: RequestFeatures): Pick<RequestFeatures, "stopSequences"> {
  const taken = stopSequences.filter(isTaken);
  return taken.length === 0 ? {} : { stopSequences: taken };
}

/** Whether a `tool_choice` may force a call; of the aliases, `haiku` alone stands for nothing that answers it with a 400. */
export function obeysForcedCalls(model: string): boolean {
  return !REFUSES_FORCED_CALLS.test(model) && (!isCurrent(model) || model.startsWith("haiku"));
}

export function refusedChoice({ toolChoice }: RequestFeatures, model: string): readonly RequestFeature[] {
  const isForced = toolChoice?.type === "required" || toolChoice?.type === "tool";
  return isForced && !obeysForcedCalls(model) ? ["toolChoice"] : [];
}

export function thinksAdaptively(model: string): boolean {
  return THINKS_ADAPTIVELY.test(model);
}

/** Whether `thinking: disabled` is a 400. */
export function alwaysThinks(model: string): boolean {
  return ALWAYS_THINKS.test(model);
}

/** Whether an answer can be made to fit a schema. */
export function hasSchemas(model: string): boolean {
  return HAS_SCHEMAS.test(model);
}

const longestAnswers: readonly (readonly [RegExp, number])[] = [
  [/claude-(?:fable|mythos)-|claude-(?:opus|sonnet|haiku)-5|claude-(?:opus|sonnet)-4-[678]/, 128_000],
  [/claude-(?:opus|sonnet|haiku)-4-5|claude-sonnet-4/, 64_000],
  [/claude-opus-4/, 32_000],
];

/** Tokens an answer may have; a number that any model takes where this one is not known. */
export function longestAnswer(model: string): number {
  return longestAnswers.find(([models]) => models.test(model))?.[1] ?? 8192;
}

function isCurrent(model: string): boolean {
  return CURRENT.has(model.replace(/\[1m\]$/, ""));
}
