/**
 * What models behind OpenAI's two formats refuse, by the rules that @ai-sdk/openai 4.0.118 and @earendil-works/pi-ai 1.5.2
 * ship. A name may stand behind that of its maker (`openai/gpt-5`). Models that are not known here are asked for anything.
 */
import { type Effort, efforts, type ModelRequest, type RequestFeature, type RequestFeatures } from "./request.ts";

/** OpenAI's own, and no `gpt-oss`, which anybody serves. */
const OPENAI = /(?:^|\/)(?:gpt-[3-9]|gpt-\d\d|chatgpt-|codex-|o[1-9](?:-|$))/;
const OPENAI_REASONING = /(?:^|\/)(?:gpt-(?:[5-9]|\d\d)|codex-|o[1-9](?:-|$))/;
const OPENAI_CHAT = /(?:^|\/)gpt-5-chat/;
/** They take sampling parameters while they are told not to think. */
const SAMPLES_WITHOUT_THINKING = /(?:^|\/)gpt-5\.\d/;

const ALWAYS_THINKS =
  /(?:^|\/)(?:o[1-9](?:-|$)|gpt-5(?![.\d])|gpt-5[.\d]*-pro|gpt-6-astra|gpt-6\.1-sol)|gemini-(?:[3-9]|pro-latest)|gpt-oss|kimi-k[3-9]|glm-5\.3|grok-4\.[5-9]/;

/** The others know `max`. */
const highestEfforts: readonly (readonly [RegExp, Effort])[] = [
  [/gemini|gpt-oss|(?:^|\/)(?:o[1-9](?:-|$)|gpt-5(?![.\d])|gpt-5\.1(?!\d))/, "high"],
  [/grok|(?:^|\/)gpt-5\.[2-5](?!\d)/, "xhigh"],
];

export function isOpenaiModel(model: string): boolean {
  return OPENAI.test(model);
}

/** undefined for a model that is not known. */
export function reasons(model: string): boolean | undefined {
  if (!OPENAI.test(model)) return undefined;
  return OPENAI_REASONING.test(model) && !OPENAI_CHAT.test(model);
}

export function refusedFeatures(model: string, { reasoning }: RequestFeatures): readonly RequestFeature[] {
  const isOff = reasoning?.mode === "disabled";
  if (reasons(model) === false) return isOff ? ["effort"] : ["effort", "reasoning"];
  const staysOn = isOff && ALWAYS_THINKS.test(model);
  const samples = reasons(model) === undefined || (isOff && SAMPLES_WITHOUT_THINKING.test(model));
  return [
    // There is no word for thinking between calls alone.
    ...(reasoning?.mode === "between-tools" ? (["reasoning"] as const) : []),
    ...(staysOn ? (["reasoning"] as const) : isOff ? (["effort"] as const) : []),
    ...(samples ? [] : (["temperature", "topP"] as const)),
    ...(reasons(model) === true ? (["stopSequences"] as const) : []),
  ];
}

/** Models that refuse a history of calls without what they thought aloud before them, or at least its place. */
export function thinksAloud(model: string): boolean {
  return /deepseek|kimi|mimo/i.test(model);
}

/** The effort that is asked for, or the nearest below it that the model has; a budget of tokens is another word for one. */
export function effortFor(model: string, { effort, reasoning }: RequestFeatures): Effort | "none" | undefined {
  if (reasoning?.mode === "disabled") return reasons(model) === false ? undefined : "none";
  const asked = effort ?? effortOfBudget(reasoning?.budgetTokens);
  const highest = highestEfforts.find(([models]) => models.test(model))?.[1] ?? "max";
  return asked !== undefined && efforts.indexOf(asked) > efforts.indexOf(highest) ? highest : asked;
}

/** What asked for more effort than `effortFor` gives, as the client called it; nothing where that is what was asked for. */
export function loweredEffort(
  model: string,
  { features, featureFields }: Pick<ModelRequest, "features" | "featureFields">,
): readonly string[] {
  const { effort } = features;
  if (effort === undefined || effortFor(model, features) === effort) return [];
  return [featureFields.effort ?? "effort"].flat();
}

function effortOfBudget(tokens: number | undefined): Effort | undefined {
  if (tokens === undefined) return undefined;
  return tokens < 4096 ? "low" : tokens < 16_384 ? "medium" : "high";
}
