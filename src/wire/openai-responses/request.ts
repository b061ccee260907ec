import * as v from "valibot";

import type { ModelRequest, ReasoningSetting, RequestFeature, RequestFeatures, ResponseFormat } from "#core/request.ts";
import { saidDefaults } from "#core/said-defaults.ts";
import { describedSchema } from "#lib/described-schema.ts";
import { explainIssue } from "#lib/schema-problem.ts";
import { boundNames } from "#lib/unread-fields.ts";
import { withoutNullish } from "#lib/without-nullish.ts";

import { invalidField } from "./error.ts";
import { unreadFields } from "./ignored-fields.ts";
import { type Conversation, decodeInput, itemPath } from "./items.ts";
import { type ResponsesRequest, responsesRequestSchema } from "./schema.ts";
import { decodeSchema, decodeTools } from "./tools.ts";

/** `previous_response_id` and item references have to be replaced by what they stand for before. */
export function decodeRequest(body: unknown, kept = 0): ModelRequest {
  const request = parseRequest(body, kept);
  const ignored = new Set(unreadFields(request));
  const { input, instructions, prompt } = request;
  if (prompt !== null && prompt !== undefined)
    throw invalidField(
      "prompt",
      "this server keeps no prompts to refer to",
      "Send its text in instructions and input.",
    );
  if (input === null || input === undefined || input.length === 0)
    throw invalidField("input", "expected a text or a list of items, got none");
  const { system, messages, outOfContext, places, ...said } = decodeInput(input, kept, ignored);
  const features = decodeFeatures(request, said, ignored);
  return {
    wireFormat: "openai-responses",
    model: request.model === null || request.model === "" ? undefined : request.model,
    system: [...(typeof instructions === "string" && instructions !== "" ? [instructions] : []), ...system],
    messages,
    stream: request.stream ?? false,
    includeUsage: true,
    features,
    saidDefaults: saidDefaults(request),
    featureFields: featureFields(features, request),
    ignoredFields: boundNames(ignored),
    outOfContext,
    places: places.size === 0 ? undefined : places,
    compacts: said.compacts,
    sessionIds: withoutNullish({ named: request.session_id, hint: request.prompt_cache_key }),
    repeated: repeatedOf(request),
  };
}

function parseRequest(body: unknown, kept: number): ResponsesRequest {
  const parsed = v.safeParse(responsesRequestSchema, body, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const { path, explanation } = explainIssue(parsed.issues[0]);
  const named = path.replace(/^input\[(\d+)\]/, (_, index) => itemPath(Number(index), kept));
  throw invalidField(named, explanation);
}

// ---- features

/** A summary is asked for with the same tools, for the vendor's cache of them, and calls none. */
function decodeFeatures(
  request: ResponsesRequest,
  { tools: brought, compacts }: Pick<Conversation, "tools" | "compacts">,
  ignored: Set<string>,
): RequestFeatures {
  const tools = decodeTools([{ tools: request.tools ?? [], path: "tools" }, ...brought], request, ignored);
  return {
    ...decodeSampling(request, ignored),
    ...decodeReasoning(request, ignored),
    ...tools,
    ...(compacts && tools.tools !== undefined && { toolChoice: { type: "none" } as const }),
    ...withoutNullish({
      responseFormat: compacts ? undefined : decodeFormat(request),
      serviceTier: decodeServiceTier(request, ignored),
      user: request.user ?? request.safety_identifier,
    }),
  };
}

/**
 * This API's temperature goes to 2, Claude's to 1. A hotter request is answered at 1 and the
 * client told so: clients written for OpenAI use such values, and a 400 would lock them out.
 */
function decodeSampling(request: ResponsesRequest, ignored: Set<string>): RequestFeatures {
  const { max_output_tokens: maxOutputTokens, temperature, top_p: topP } = request;
  if (typeof temperature === "number" && temperature > 1) ignored.add("temperature>1");
  return withoutNullish({
    maxOutputTokens,
    temperature: typeof temperature === "number" && temperature >= 1 ? undefined : temperature,
    topP: topP === 1 ? undefined : topP,
  });
}

/** Claude has no effort below low, so `minimal` is answered with that and the client told so. */
function decodeReasoning({ reasoning }: ResponsesRequest, ignored: Set<string>): RequestFeatures {
  const effort = reasoning?.effort;
  const disabled: ReasoningSetting = { mode: "disabled" };
  if (effort === "minimal") ignored.add("reasoning.effort");
  return withoutNullish({
    reasoning: effort === "none" ? disabled : undefined,
    effort: effort === "none" ? undefined : effort === "minimal" ? ("low" as const) : effort,
  });
}

/** This API's `default` is what Anthropic calls `standard_only`; its other tiers are OpenAI's own offers. */
function decodeServiceTier({ service_tier: tier }: ResponsesRequest, ignored: Set<string>): string | undefined {
  if (tier === null || tier === undefined || tier === "auto") return undefined;
  if (tier === "default" || tier === "standard_only") return "standard_only";
  ignored.add("service_tier");
  return undefined;
}

function decodeFormat({ text }: ResponsesRequest): ResponseFormat | undefined {
  const format = text?.format;
  if (format?.type === "json_object") return { type: "json-object" };
  if (format?.type !== "json_schema") return undefined;
  const described = describedSchema(format.schema, format.description);
  const schema = decodeSchema(described, "text.format.schema", "the answer");
  return { type: "json-schema", schema, ...withoutNullish({ name: format.name }) };
}

// ---- names of the features' fields

function featureFields(features: RequestFeatures, request: ResponsesRequest): ModelRequest["featureFields"] {
  const fieldOf: Readonly<Record<RequestFeature, string>> = {
    maxOutputTokens: "max_output_tokens",
    temperature: "temperature",
    topP: "top_p",
    topK: "top_k",
    stopSequences: "stop",
    reasoning: "reasoning.effort",
    effort: "reasoning.effort",
    serviceTier: "service_tier",
    tools: "tools",
    toolExtras: "tools",
    vendorTools: "tools",
    toolChoice: "tool_choice",
    parallelToolCalls: "parallel_tool_calls",
    responseFormat: "text.format",
    user: typeof request.user === "string" ? "user" : "safety_identifier",
    betas: "anthropic-beta",
  };
  const present = Object.entries(fieldOf).filter(([feature]) => feature in features);
  return Object.fromEntries(present);
}

// ---- what the answer says of its request

function repeatedOf(request: ResponsesRequest): Readonly<Record<string, unknown>> {
  const { reasoning, text } = request;
  return {
    ...defaults,
    ...withoutNullish({
      instructions: request.instructions,
      max_output_tokens: request.max_output_tokens,
      metadata: request.metadata,
      parallel_tool_calls: request.parallel_tool_calls,
      previous_response_id: request.previous_response_id,
      prompt_cache_key: request.prompt_cache_key,
      reasoning: reasoning && { ...defaults.reasoning, ...withoutNullish(reasoning) },
      safety_identifier: request.safety_identifier,
      service_tier: request.service_tier,
      store: request.store,
      temperature: request.temperature,
      text: text?.format && { format: text.format },
      tool_choice: request.tool_choice,
      tools: request.tools,
      top_p: request.top_p,
      user: request.user,
    }),
  };
}

/** What the API says of a request that leaves them out. */
const defaults = {
  background: false,
  instructions: null,
  max_output_tokens: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  service_tier: "default",
  store: true,
  temperature: 1,
  text: { format: { type: "text" } },
  tool_choice: "auto",
  tools: [],
  top_p: 1,
  truncation: "disabled",
  user: null,
};
