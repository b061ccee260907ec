/** What a routing rule says of how a request is run, and what becomes of the request by it. */
import type { Mode } from "#core/backend.ts";
import type { Effort, ModelRequest, RequestFeature, RequestFeatures } from "#core/request.ts";
import { withoutNullish } from "#lib/without-nullish.ts";

export interface RunOptions {
  /** The next five where the client leaves it open. */
  readonly mode?: Mode | undefined;
  readonly effort?: Effort | undefined;
  /** Tokens; 0: none is thought. */
  readonly thinkingBudget?: number | undefined;
  readonly temperature?: number | undefined;
  readonly serviceTier?: string | undefined;
  /** The most that an answer may have, whatever the client allows. */
  readonly maxOutputTokens?: number | undefined;
  /** Before the client's. */
  readonly systemPrompt?: string | undefined;
}

/** As they are called in the configuration, in the order in which they are told. */
const optionNames = {
  mode: "mode",
  effort: "effort",
  thinkingBudget: "thinking_budget",
  temperature: "temperature",
  serviceTier: "service_tier",
  maxOutputTokens: "max_output_tokens",
  systemPrompt: "system_prompt",
} as const satisfies Record<keyof RunOptions, string>;

/** What is set, by its name in the configuration. */
export function optionsSet(options: RunOptions): readonly (readonly [string, string | number])[] {
  const set: (readonly [string, string | number])[] = [];
  let key: keyof RunOptions;
  for (key in optionNames) {
    const value = options[key];
    if (value !== undefined) set.push([optionNames[key], value]);
  }
  return set;
}

/** Names of those for which a request has to be read: the mode is about who answers it. */
export function optionsToRead(options: RunOptions): readonly string[] {
  return optionsSet(options).flatMap(([name]) => (name === optionNames.mode ? [] : [name]));
}

/** Where a feature was set by the rule, that is told in the rule's word. */
const fields: Partial<Record<RequestFeature, string>> = {
  effort: optionNames.effort,
  reasoning: optionNames.thinkingBudget,
  temperature: optionNames.temperature,
  serviceTier: optionNames.serviceTier,
  maxOutputTokens: optionNames.maxOutputTokens,
};

export function withRule(request: ModelRequest, rule: RunOptions = {}): ModelRequest {
  const { features, featureFields, system } = request;
  const set = featuresSet(features, rule);
  return {
    ...request,
    system: rule.systemPrompt === undefined ? system : [rule.systemPrompt, ...system],
    features:
      rule.maxOutputTokens === undefined && set.reasoning === undefined
        ? { ...features, ...set }
        : fitting({ ...features, ...set }),
    featureFields: {
      ...featureFields,
      ...Object.fromEntries(
        Object.entries(fields).flatMap(([feature, name]) =>
          Object.hasOwn(set, feature) ? [[feature, `routing.rules.${name}`]] : [],
        ),
      ),
    },
  };
}

function featuresSet(
  { effort, reasoning, temperature, serviceTier, maxOutputTokens: most = Number.POSITIVE_INFINITY }: RequestFeatures,
  rule: RunOptions,
): RequestFeatures {
  const { thinkingBudget: budgetTokens, maxOutputTokens = most } = rule;
  const asksToThink = effort !== undefined || reasoning !== undefined;
  return withoutNullish({
    effort: effort === undefined ? rule.effort : undefined,
    reasoning:
      asksToThink || budgetTokens === undefined
        ? undefined
        : budgetTokens === 0
          ? ({ mode: "disabled" } as const)
          : ({ mode: "budget", budgetTokens } as const),
    temperature: temperature === undefined ? rule.temperature : undefined,
    serviceTier: serviceTier === undefined ? rule.serviceTier : undefined,
    maxOutputTokens: maxOutputTokens < most ? maxOutputTokens : undefined,
  });
}

/** The least that can be thought, by Anthropic's API; all of it is part of the answer there. */
const leastBudget = 1024;

/** With a budget for thinking that the answer has room for. */
function fitting(features: RequestFeatures): RequestFeatures {
  const { reasoning, maxOutputTokens: most } = features;
  if (reasoning?.budgetTokens === undefined || most === undefined || reasoning.budgetTokens < most) return features;
  const fits = most > leastBudget;
  return { ...features, reasoning: fits ? { ...reasoning, budgetTokens: most - 1 } : { mode: "disabled" } };
}
