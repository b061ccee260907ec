import type { Effort, ReasoningSetting, RequestFeature, RequestFeatures } from "#core/request.ts";

import { refusedFeatures } from "./model-limits.ts";
import type { FlagSettings, WireMessage } from "./protocol.ts";

/** What this backend cannot honour yet. */
const UNSUPPORTED: readonly RequestFeature[] = ["tools", "toolChoice", "parallelToolCalls", "user"];

/** `model`: the full name where it is known, else as it was asked for. */
export function unsupportedFeatures(features: RequestFeatures, model: string): readonly RequestFeature[] {
  const { responseFormat } = features;
  const structured = responseFormat !== undefined && responseFormat.type !== "text";
  const refused: readonly RequestFeature[] = [...UNSUPPORTED, ...refusedFeatures(model)];
  const unsupported = refused.filter((feature) => features[feature] !== undefined);
  return structured ? [...unsupported, "responseFormat"] : unsupported;
}

export function supportedFeatures(features: RequestFeatures, model: string): RequestFeatures {
  const unsupported = new Set<string>(unsupportedFeatures(features, model));
  return Object.fromEntries(Object.entries(features).filter(([feature]) => !unsupported.has(feature)));
}

interface TurnSettings {
  /** undefined: what the process was started with. */
  readonly model: string | undefined;
  readonly features: RequestFeatures;
  /** The whole conversation, where it travels in the request body instead of the CLI's own history. */
  readonly messages: readonly WireMessage[] | undefined;
}

/**
 * Every setting a turn can make, set or reset, so that nothing of an earlier turn is left on a reused process; but for
 * the model, which is the same in all turns of a conversation.
 */
export function flagSettings({ model, features, messages }: TurnSettings): FlagSettings {
  const body = { ...requestBody(features), ...(messages !== undefined && { messages }) };
  return {
    ...(model !== undefined && { model }),
    effortLevel: features.effort ?? null,
    env: {
      CLAUDE_CODE_EXTRA_BODY: Object.keys(body).length === 0 ? "" : JSON.stringify(body),
      CLAUDE_CODE_MAX_OUTPUT_TOKENS: features.maxOutputTokens === undefined ? "" : String(features.maxOutputTokens),
    },
  };
}

/** Keys the CLI puts over those of its own request to the model. */
function requestBody(features: RequestFeatures): Readonly<Record<string, unknown>> {
  const { maxOutputTokens, temperature, topP, topK, stopSequences, reasoning, effort, serviceTier } = features;
  const samples = temperature !== undefined || topP !== undefined || topK !== undefined;
  return {
    // Beside the environment variable, which bounds the thinking budget but is clamped and may not be 0.
    ...(maxOutputTokens !== undefined && { max_tokens: maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(topK !== undefined && { top_k: topK }),
    ...(stopSequences !== undefined && { stop_sequences: stopSequences }),
    ...(reasoning !== undefined && { thinking: thinkingOf(reasoning) }),
    // The API refuses sampling parameters while the model thinks, and the CLI makes it think unless told otherwise.
    ...(reasoning === undefined && samples && { thinking: { type: "disabled" } }),
    ...(effort !== undefined && { output_config: { effort: effort satisfies Effort } }),
    ...(serviceTier !== undefined && { service_tier: serviceTier }),
  };
}

const THINKING_TYPES = {
  adaptive: "adaptive",
  budget: "enabled",
  "between-tools": "between_tools",
  disabled: "disabled",
} as const;

function thinkingOf({ mode, budgetTokens, display }: ReasoningSetting): Readonly<Record<string, unknown>> {
  return {
    type: THINKING_TYPES[mode],
    ...(budgetTokens !== undefined && { budget_tokens: budgetTokens }),
    ...(display !== undefined && { display }),
  };
}
