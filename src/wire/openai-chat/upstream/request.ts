import type { RenamedTool } from "#core/backend.ts";
import { effortFor, loweredEffort, reasons, refusedFeatures } from "#core/model-limits.ts";
import type { RequestFeature, RequestFeatures, ResponseFormat, ToolChoice, ToolDefinition } from "#core/request.ts";
import type { EncodedRequest, UpstreamRequest } from "#core/upstream-format.ts";
import { isRecord } from "#lib/is-record.ts";
import { plainName, shortText } from "#lib/short-text.ts";
import { isStrictSchema } from "#lib/strict-schema.ts";

import { encodeMessages, longestToolName } from "./messages.ts";

type Body = Readonly<Record<string, unknown>>;

const mostStopSequences = 4;

/** `top_k` is known to some servers only, and an error with the others. */
export function unsupported({ features, model }: UpstreamRequest): readonly RequestFeature[] {
  const tooManyStops = (features.stopSequences ?? []).length > mostStopSequences;
  const refused: readonly RequestFeature[] = [
    "topK",
    "vendorTools",
    "toolExtras",
    "betas",
    ...(tooManyStops ? (["stopSequences"] as const) : []),
    ...refusedFeatures(model, features),
  ];
  return [...new Set(refused)].filter((feature) => features[feature] !== undefined);
}

export function encodeRequest(request: UpstreamRequest): EncodedRequest {
  const { model, stream } = request;
  const said: RequestFeatures = { ...request.saidDefaults, ...request.features };
  const left = new Set<string>(unsupported({ ...request, features: said }));
  const features: RequestFeatures = Object.fromEntries(Object.entries(said).filter(([feature]) => !left.has(feature)));
  const { messages, ignoredFields } = encodeMessages(request);
  const body: Body = {
    model,
    messages,
    ...samplingBody(features, model),
    ...thinkingBody(features, model),
    ...toolBody(features),
    ...formatBody(features.responseFormat),
    ...(stream && { stream: true, stream_options: { include_usage: true } }),
  };
  // Whoever thinks in this format is heard, or is not.
  const display = features.reasoning?.display === undefined ? [] : ["thinking.display"];
  const lessened = [...display, ...loweredEffort(model, { ...request, features })];
  return { body, ignoredFields: [...ignoredFields, ...lessened], renamedTools: renamedTools(features) };
}

// ---- settings

/** Claude Code's is longer. */
const longestUser = 64;

function samplingBody(features: RequestFeatures, model: string): Body {
  const { maxOutputTokens, temperature, topP, stopSequences, serviceTier, user } = features;
  // OpenAI's newer models refuse the old word, and most other servers know no other.
  const limit = reasons(model) === true ? "max_completion_tokens" : "max_tokens";
  return {
    ...(maxOutputTokens !== undefined && { [limit]: maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(stopSequences !== undefined && { stop: stopSequences }),
    ...(serviceTier !== undefined && { service_tier: serviceTier === "standard_only" ? "default" : serviceTier }),
    ...(user !== undefined && { user: shortText(user, longestUser) }),
  };
}

/** Vendors with a switch of their own for it; where others serve their models, the maker stands before the name. */
const HAS_SWITCH = /^(?:deepseek|kimi|glm)-/i;

function thinkingBody(features: RequestFeatures, model: string): Body {
  const effort = effortFor(model, features);
  if (effort === undefined) return {};
  return effort === "none" && HAS_SWITCH.test(model)
    ? { thinking: { type: "disabled" } }
    : { reasoning_effort: effort };
}

function formatBody(format: ResponseFormat | undefined): Body {
  if (format === undefined || format.type === "text") return {};
  if (format.type !== "json-schema") return { response_format: { type: "json_object" } };
  const { name = "answer", schema } = format;
  const strict = isStrictSchema(schema) && { strict: true };
  return {
    response_format: {
      type: "json_schema",
      json_schema: { name: plainName(name, longestToolName), schema, ...strict },
    },
  };
}

// ---- tools

function toolBody({ tools = [], toolChoice, parallelToolCalls }: RequestFeatures): Body {
  if (tools.length === 0) return {};
  const choice = choiceOf(toolChoice);
  return {
    tools: tools.map(encodeTool),
    ...(choice !== undefined && { tool_choice: choice }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
  };
}

function encodeTool({ name, description, inputSchema }: ToolDefinition): Body {
  return {
    type: "function",
    function: {
      name: plainName(name, longestToolName),
      ...(description !== undefined && { description }),
      parameters: withProperties(inputSchema),
    },
  };
}

/** OpenAI refuses an object that does not say what is in it. */
function withProperties(schema: unknown): unknown {
  return isRecord(schema) && schema["properties"] === undefined ? { ...schema, properties: {} } : schema;
}

function choiceOf(choice: ToolChoice | undefined): unknown {
  if (choice === undefined || choice.type === "auto") return undefined;
  if (choice.type !== "tool") return choice.type;
  return { type: "function", function: { name: plainName(choice.name, longestToolName) } };
}

function renamedTools({ tools = [] }: RequestFeatures): readonly RenamedTool[] {
  return tools
    .map(({ name }) => ({ name, as: plainName(name, longestToolName) }))
    .filter(({ name, as }) => name !== as);
}
