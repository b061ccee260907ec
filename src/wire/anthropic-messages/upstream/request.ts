import type { RenamedTool } from "#core/backend.ts";
import type { CacheMarks, Effort, RequestFeature, RequestFeatures } from "#core/request.ts";
import type { EncodedRequest, UpstreamRequest } from "#core/upstream-format.ts";
import { isRecord } from "#lib/is-record.ts";

import { encodeMessages, markAt, unsignedReasoning } from "./messages.ts";
import {
  alwaysThinks,
  hasSchemas,
  longestAnswer,
  refusedChoice,
  refusedFeatures,
  refusedStops,
  takenStops,
  thinksAdaptively,
} from "./model-limits.ts";
import { encodeThinking } from "./thinking.ts";
import { isToolName, replaceToolName } from "./tool-names.ts";

type Body = Readonly<Record<string, unknown>>;

const sampling: readonly RequestFeature[] = ["temperature", "topP", "topK"];

export function unsupported(request: UpstreamRequest): readonly RequestFeature[] {
  const { model, wireFormat } = request;
  const features = limited(request);
  const { reasoning, temperature, responseFormat } = features;
  const { thinking } = thinkingBody(features, model);
  const refused: readonly RequestFeature[] = [
    ...refusedFeatures(model),
    ...refusedStops(features),
    ...refusedChoice(features, model),
    // Models that take sampling parameters take them only while they do not think, and not all of them together.
    ...(thinking !== undefined && reasoning?.mode !== "disabled" ? sampling : []),
    ...(temperature === undefined ? [] : (["topP"] as const)),
    ...(reasoning?.mode === "disabled" && alwaysThinks(model) ? (["reasoning"] as const) : []),
    // Elsewhere an effort is but another word for a budget.
    ...(!thinksAdaptively(model) && (reasoning !== undefined || thinking === undefined) ? (["effort"] as const) : []),
    ...(responseFormat?.type === "json-schema" && !hasSchemas(model) ? (["responseFormat"] as const) : []),
    ...(wireFormat === "anthropic-messages" ? [] : (["vendorTools", "toolExtras"] as const)),
  ];
  return [...new Set(refused)].filter((feature) => features[feature] !== undefined);
}

/** The API wants a limit in any case; where the client has none, it is the configuration's. */
function limited({ features, longestAnswer: maxOutputTokens }: UpstreamRequest): RequestFeatures {
  return maxOutputTokens === undefined ? features : { maxOutputTokens, ...features };
}

export function encodeRequest(request: UpstreamRequest): EncodedRequest {
  const { model, stream, system, messages, cacheMarks } = request;
  const left = new Set<string>(unsupported(request));
  const features: RequestFeatures = {
    ...Object.fromEntries(Object.entries(limited(request)).filter(([feature]) => !left.has(feature))),
    ...takenStops(request.features),
  };
  const instructions = [...system, ...(features.responseFormat?.type === "json-object" ? [jsonOnly] : [])];
  const body: Body = {
    model,
    max_tokens: features.maxOutputTokens ?? longestAnswer(model),
    ...(instructions.length > 0 && {
      system: instructions.map((text) => ({ type: "text", text, ...markAt(cacheMarks, text) })),
    }),
    messages: encodeMessages(request, wireName, cacheMarks),
    ...samplingBody(features),
    ...thinkingBody(features, model),
    ...toolBody(features, cacheMarks),
    ...(cacheMarks === undefined ? cachedWhole(model) : cacheMarks.end && { cache_control: cacheMarks.end }),
    ...(stream && { stream: true }),
  };
  const { betas = [] } = features;
  return {
    body,
    headers: betas.length > 0 ? { "anthropic-beta": betas.join(",") } : {},
    ignoredFields: unsignedReasoning(messages),
    renamedTools: renamedTools(features),
  };
}

/** What was said before is read at a tenth of the price; a model of another vendor may not know the word. */
function cachedWhole(model: string): Body {
  return model.includes("claude") ? { cache_control: { type: "ephemeral" } } : {};
}

/** The API has no word for it. */
const jsonOnly = "Answer with one JSON object and nothing else: no words around it, no code fence.";

// ---- settings

function samplingBody(features: RequestFeatures): Body {
  const { temperature, topP, topK, stopSequences, serviceTier, user } = features;
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(topK !== undefined && { top_k: topK }),
    ...(stopSequences !== undefined && { stop_sequences: stopSequences }),
    ...(serviceTier !== undefined && { service_tier: serviceTier }),
    ...(user !== undefined && { metadata: { user_id: user } }),
  };
}

/** Tokens of thinking, for models that know no effort; the least the API takes is 1024. */
const budgets: Readonly<Record<Effort, number>> = { low: 1024, medium: 8192, high: 24_576, xhigh: 32_768, max: 49_152 };

/** An effort alone asks for thinking: in the other formats it is the only word for it. */
function thinkingBody(
  features: RequestFeatures,
  model: string,
): { readonly thinking?: Body; readonly output_config?: Body } {
  const { reasoning, effort, toolChoice, responseFormat } = features;
  const adaptive = thinksAdaptively(model);
  const config = {
    ...(effort !== undefined && adaptive && { effort }),
    ...(responseFormat?.type === "json-schema" && {
      format: { type: "json_schema", schema: closedSchema(responseFormat.schema) },
    }),
  };
  // A call cannot be forced on a model that thinks.
  const isForced = toolChoice?.type === "required" || toolChoice?.type === "tool";
  const asked =
    reasoning !== undefined
      ? encodeThinking(reasoning)
      : effort === undefined || isForced
        ? undefined
        : thinkingFor(effort, features, model);
  return {
    ...(asked !== undefined && { thinking: asked }),
    ...(Object.keys(config).length > 0 && { output_config: config }),
  };
}

function thinkingFor(effort: Effort, { maxOutputTokens }: RequestFeatures, model: string): Body | undefined {
  if (thinksAdaptively(model)) return { type: "adaptive" };
  const limit = maxOutputTokens ?? longestAnswer(model);
  const budget = Math.min(budgets[effort], limit - 1);
  return budget < budgets.low ? undefined : { type: "enabled", budget_tokens: budget };
}

/** The API refuses an object in a schema that leaves open what else may be in it. */
function closedSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closedSchema);
  if (!isRecord(schema)) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closedSchema(value)]));
  return inner["type"] === "object" && inner["additionalProperties"] === undefined
    ? { ...inner, additionalProperties: false }
    : inner;
}

// ---- tools

function toolBody(features: RequestFeatures, marks: CacheMarks | undefined): Body {
  const { tools = [], vendorTools = [], toolChoice, parallelToolCalls } = features;
  if (tools.length + vendorTools.length === 0) return {};
  const own = tools.map((tool) => ({
    ...tool.extra,
    name: wireName(tool.name),
    ...(tool.description !== undefined && { description: tool.description }),
    input_schema: tool.inputSchema,
    ...markAt(marks, tool),
  }));
  const serial = parallelToolCalls === false && toolChoice?.type !== "none" && { disable_parallel_tool_use: true };
  const choice = choiceBody(toolChoice);
  return {
    tools: [...own, ...vendorTools.map(({ value }) => value)],
    ...((choice !== undefined || serial !== false) && { tool_choice: { ...(choice ?? { type: "auto" }), ...serial } }),
  };
}

function choiceBody(choice: RequestFeatures["toolChoice"]): Body | undefined {
  if (choice === undefined || choice.type === "auto") return undefined;
  if (choice.type === "none") return { type: "none" };
  return choice.type === "tool" ? { type: "tool", name: wireName(choice.name) } : { type: "any" };
}

function wireName(name: string): string {
  return isToolName(name) ? name : replaceToolName(name);
}

function renamedTools({ tools = [] }: RequestFeatures): readonly RenamedTool[] {
  return tools.map(({ name }) => ({ name, as: wireName(name) })).filter(({ name, as }) => name !== as);
}
