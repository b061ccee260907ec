import type { RunSetup } from "#core/backend.ts";
import type { Effort, RequestFeature, RequestFeatures } from "#core/request.ts";
import type { WireMessage } from "#wire/anthropic-messages/upstream/messages.ts";
import {
  refusedChoice,
  refusedFeatures,
  refusedStops,
  takenStops,
} from "#wire/anthropic-messages/upstream/model-limits.ts";
import { encodeThinking } from "#wire/anthropic-messages/upstream/thinking.ts";

import { toolBody } from "./client-tools.ts";
import type { FlagSettings } from "./protocol.ts";

/** An agent's tools reach the model through the CLI, which knows neither. */
const ONLY_IN_A_BODY: readonly RequestFeature[] = ["toolExtras", "vendorTools"];
const OF_CLIENT_TOOLS: readonly RequestFeature[] = ["tools", "toolChoice", "parallelToolCalls"];

/** `model`: the full name where it is known, else as it was asked for. */
export function unsupportedFeatures(
  features: RequestFeatures,
  model: string,
  { mode, tools }: RunSetup,
): readonly RequestFeature[] {
  // In words as well, an agent would take that for one of its own: it is refused (client-tools.ts).
  const anyOfWhich = mode === "agent" && features.toolChoice?.type === "required";
  const refused: readonly RequestFeature[] = [
    "user",
    "betas",
    ...refusedFeatures(model),
    ...refusedStops(features),
    ...(mode === "agent" ? ONLY_IN_A_BODY : []),
    ...(tools === "agent" ? OF_CLIENT_TOOLS : anyOfWhich ? [] : refusedChoice(features, model)),
  ];
  return refused.filter((feature) => features[feature] !== undefined);
}

export function supportedFeatures(features: RequestFeatures, model: string, setup: RunSetup): RequestFeatures {
  const unsupported = new Set<string>(unsupportedFeatures(features, model, setup));
  const supported = Object.entries(features).filter(([feature]) => !unsupported.has(feature));
  return { ...Object.fromEntries(supported), ...takenStops(features) };
}

interface TurnSettings {
  readonly setup: RunSetup;
  /** undefined: what the process was started with. */
  readonly model: string | undefined;
  readonly features: RequestFeatures;
  /** The model can be made to call a tool. */
  readonly canForce?: boolean;
  /** The whole conversation, where it travels in the request body instead of the CLI's own history. */
  readonly messages: readonly WireMessage[] | undefined;
}

/**
 * Every setting a turn can make, set or reset, so that nothing of an earlier turn is left on a reused process; but for
 * the model, which is the same in all turns of a conversation.
 */
export function flagSettings({ setup, model, features, canForce = true, messages }: TurnSettings): FlagSettings {
  const body = { ...requestBody(features, setup, canForce), ...(messages !== undefined && { messages }) };
  return {
    ...(model !== undefined && { model }),
    effortLevel: features.effort ?? null,
    env: {
      CLAUDE_CODE_EXTRA_BODY: Object.keys(body).length === 0 ? "" : JSON.stringify(body),
      CLAUDE_CODE_MAX_OUTPUT_TOKENS: features.maxOutputTokens === undefined ? "" : String(features.maxOutputTokens),
    },
  };
}

/** What a process that was told nothing has. */
export const noSettings = flagSettings({
  setup: { mode: "agent", tools: "agent" },
  model: undefined,
  features: {},
  messages: undefined,
});

/** Keys the CLI puts over those of its own request to the model. */
function requestBody(features: RequestFeatures, setup: RunSetup, canForce: boolean): Readonly<Record<string, unknown>> {
  const { maxOutputTokens, temperature, topP, topK, stopSequences, reasoning, effort, serviceTier } = features;
  const tools = toolBody(features, setup, canForce);
  const samples = temperature !== undefined || topP !== undefined || topK !== undefined;
  return {
    ...tools,
    // Beside the environment variable, which bounds the thinking budget but is clamped and may not be 0.
    ...(maxOutputTokens !== undefined && { max_tokens: maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(topK !== undefined && { top_k: topK }),
    ...(stopSequences !== undefined && { stop_sequences: stopSequences }),
    ...(reasoning !== undefined && { thinking: encodeThinking(reasoning) }),
    // The API takes neither sampling parameters nor a forced call while the model thinks, and the CLI makes it think.
    ...(reasoning === undefined && (samples || isForced(tools)) && { thinking: { type: "disabled" } }),
    ...(effort !== undefined && { output_config: { effort: effort satisfies Effort } }),
    ...(serviceTier !== undefined && { service_tier: serviceTier }),
  };
}

function isForced({ tool_choice: choice }: Readonly<Record<string, unknown>>): boolean {
  return (
    typeof choice === "object" &&
    choice !== null &&
    "type" in choice &&
    choice.type !== "auto" &&
    choice.type !== "none"
  );
}
