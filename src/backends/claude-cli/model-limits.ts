import type { RequestFeature } from "#core/request.ts";

/**
 * Models that answer a sampling parameter with a 400: everything after Opus and Sonnet 4.6 and Haiku 4.5, by the rules
 * that @ai-sdk/anthropic 4.0.105 ships. The name may stand inside another (`us.anthropic.claude-opus-4-8-v1:0`).
 */
const REFUSES_SAMPLING = /claude-(?:fable|mythos)-|claude-(?:opus|sonnet|haiku)-5|claude-opus-4-[78]/;
/** Names for whatever model is current; taken for one of those until the CLI has said which. */
const CURRENT: ReadonlySet<string> = new Set(["default", "best", "opus", "opusplan", "sonnet", "haiku", "fable"]);

/** Models that answer a `tool_choice` which forces a call with a 400, by the same rules. */
const REFUSES_FORCED_CALLS = /claude-(?:(?:opus|sonnet)-5-5|fable-5-[12])/;

const SAMPLING: readonly RequestFeature[] = ["temperature", "topP", "topK"];

/** The features a model refuses, by its full name or, where that is not known yet, by its alias. */
export function refusedFeatures(model: string): readonly RequestFeature[] {
  return REFUSES_SAMPLING.test(model) || isCurrent(model) ? SAMPLING : [];
}

/** What a model does with a `tool_choice` that forces a call; `unknown` for an alias that the CLI has not resolved yet. */
export function forcedCalls(model: string): "obeyed" | "refused" | "unknown" {
  if (REFUSES_FORCED_CALLS.test(model)) return "refused";
  return isCurrent(model) ? "unknown" : "obeyed";
}

function isCurrent(model: string): boolean {
  return CURRENT.has(model.replace(/\[1m\]$/, ""));
}
