import * as v from "valibot";

import type {
  ModelRequest,
  ReasoningSetting,
  RequestFeature,
  RequestFeatures,
  ResponseFormat,
  ToolChoice,
  ToolDefinition,
} from "#core/request.ts";
import { saidDefaults } from "#core/said-defaults.ts";
import { describedSchema } from "#lib/described-schema.ts";
import { objectSchemaProblem } from "#lib/json-schema.ts";
import { describeValue, explainIssue } from "#lib/schema-problem.ts";
import { boundNames } from "#lib/unread-fields.ts";
import { withoutNullish } from "#lib/without-nullish.ts";

import { invalidField } from "./error.ts";
import { unreadFields } from "./ignored-fields.ts";
import { decodeMessages } from "./messages.ts";
import { type ChatCompletionRequest, chatCompletionRequestSchema } from "./schema.ts";

export function decodeRequest(body: unknown): ModelRequest {
  const request = parseRequest(body);
  const ignored = new Set(unreadFields(request));
  const { system, messages, outOfContext, places } = decodeMessages(request.messages, ignored);
  const features = decodeFeatures(request, ignored);
  return {
    wireFormat: "openai-chat",
    model: request.model === null || request.model === "" ? undefined : request.model,
    system,
    messages,
    stream: request.stream ?? false,
    includeUsage: request.stream_options?.include_usage ?? false,
    features,
    saidDefaults: saidDefaults(request),
    featureFields: featureFields(features, request),
    ignoredFields: boundNames(ignored),
    outOfContext,
    places: places.size === 0 ? undefined : places,
    sessionIds: withoutNullish({ named: request.session_id, hint: request.prompt_cache_key }),
  };
}

function parseRequest(body: unknown): ChatCompletionRequest {
  const parsed = v.safeParse(chatCompletionRequestSchema, body, { abortEarly: true });
  if (!parsed.success) {
    const { path, explanation } = explainIssue(parsed.issues[0]);
    throw invalidField(path, explanation, hints.get(path));
  }
  const { n } = parsed.output;
  if (typeof n === "number" && n > 1)
    throw invalidField("n", `expected 1, got ${n}`, "Send the request once for each answer you want.");
  return parsed.output;
}

const hints: ReadonlyMap<string, string> = new Map([
  ["messages", "Send the conversation as an array of messages with `role` and `content`."],
]);

// ---- features

/** Values equal to the API's default are left out: they ask for nothing a backend could fail to do. */
function decodeFeatures(request: ChatCompletionRequest, ignored: Set<string>): RequestFeatures {
  return {
    ...decodeSampling(request, ignored),
    ...decodeReasoning(request, ignored),
    ...decodeTools(request, ignored),
    ...withoutNullish({
      responseFormat: decodeResponseFormat(request),
      serviceTier: decodeServiceTier(request, ignored),
      user: request.user ?? request.safety_identifier,
    }),
  };
}

/**
 * This API's temperature goes to 2, Claude's to 1. A hotter request is answered at 1 and the
 * client told so: clients written for OpenAI use such values, and a 400 would lock them out.
 */
function decodeSampling(request: ChatCompletionRequest, ignored: Set<string>): RequestFeatures {
  const { max_completion_tokens, max_tokens, temperature, stop } = request;
  const stopSequences = (typeof stop === "string" ? [stop] : (stop ?? [])).filter((sequence) => sequence !== "");
  if (typeof temperature === "number" && temperature > 1) ignored.add("temperature>1");
  if (typeof max_completion_tokens === "number" && (max_tokens ?? max_completion_tokens) !== max_completion_tokens)
    ignored.add("max_tokens");
  return withoutNullish({
    maxOutputTokens: max_completion_tokens ?? max_tokens,
    temperature: typeof temperature === "number" && temperature >= 1 ? undefined : temperature,
    topP: request.top_p === 1 ? undefined : request.top_p,
    topK: request.top_k,
    stopSequences: stopSequences.length === 0 ? undefined : stopSequences,
  });
}

/** This API's `default` is what Anthropic calls `standard_only`; its other tiers are OpenAI's own offers. */
function decodeServiceTier({ service_tier: tier }: ChatCompletionRequest, ignored: Set<string>): string | undefined {
  if (tier === null || tier === undefined || tier === "auto") return undefined;
  if (tier === "default" || tier === "standard_only") return "standard_only";
  ignored.add("service_tier");
  return undefined;
}

/** Claude has no effort below low, so `minimal` is answered with that and the client told so. */
function decodeReasoning(
  { reasoning_effort: effort, thinking }: ChatCompletionRequest,
  ignored: Set<string>,
): RequestFeatures {
  if (effort === "minimal") ignored.add("reasoning_effort");
  const disabled: ReasoningSetting = { mode: "disabled" };
  return withoutNullish({
    reasoning: decodeThinking(thinking) ?? (effort === "none" ? disabled : undefined),
    effort: effort === "none" ? undefined : effort === "minimal" ? ("low" as const) : effort,
  });
}

function decodeThinking(thinking: ChatCompletionRequest["thinking"]): ReasoningSetting | undefined {
  if (thinking === null || thinking === undefined) return undefined;
  return thinking.type === "enabled"
    ? { mode: "budget", budgetTokens: thinking.budget_tokens }
    : { mode: thinking.type };
}

function decodeTools(request: ChatCompletionRequest, ignored: Set<string>): RequestFeatures {
  const { tools, tool_choice: choice, parallel_tool_calls: parallel } = request;
  if (tools === null || tools === undefined || tools.length === 0) return withoutTools(choice);
  checkChoice(choice, tools);
  const isAllowed = allowedTools(choice);
  if (tools.some((tool) => tool.function.strict === true)) ignored.add("tools[].function.strict");
  return withoutNullish({
    tools: toolsOf(tools).filter(({ name }) => isAllowed(name)),
    toolChoice: decodeToolChoice(choice),
    parallelToolCalls: parallel === true ? undefined : parallel,
  });
}

function withoutTools(choice: ChatCompletionRequest["tool_choice"]): RequestFeatures {
  const { type } = decodeToolChoice(choice) ?? { type: "none" };
  if (type === "none") return {};
  throw invalidField("tool_choice", "expected tools to choose from, got none");
}

type Tools = NonNullable<ChatCompletionRequest["tools"]>;

/** Every name that the choice gives is one of the tools. */
function checkChoice(choice: ChatCompletionRequest["tool_choice"], tools: Tools): void {
  if (typeof choice !== "object" || choice === null) return;
  const isOne = choice.type === "function";
  const chosen = isOne ? [choice] : choice.allowed_tools.tools;
  for (const [index, { function: named }] of chosen.entries()) {
    if (tools.some((tool) => tool.function.name === named.name)) continue;
    const path = isOne ? "tool_choice" : `tool_choice.allowed_tools.tools[${index}]`;
    throw invalidField(
      `${path}.function.name`,
      `expected the name of one of the tools, got ${describeValue(named.name)}`,
    );
  }
}

function toolsOf(tools: Tools): readonly ToolDefinition[] {
  const names = new Set<string>();
  return tools.map(({ function: declared }, index) => {
    const { name, parameters } = declared;
    const path = `tools[${index}].function`;
    if (names.has(name)) throw invalidField(`${path}.name`, `expected a name that no other tool has, got "${name}"`);
    names.add(name);
    const inputSchema = decodeSchema(parameters ?? { properties: {} }, `${path}.parameters`, `the tool "${name}"`);
    return { name, inputSchema, ...withoutNullish({ description: declared.description }) };
  });
}

/** `owner`: what a reader of the error has to mend. */
function decodeSchema(schema: Readonly<Record<string, unknown>>, path: string, owner: string): object {
  const problem = objectSchemaProblem(schema);
  if (problem !== undefined)
    throw invalidField(`${path}.${problem.path}`, problem.explanation, `The JSON Schema of ${owner} is not valid.`);
  return schema["type"] === undefined ? { type: "object", ...schema } : schema;
}

/** `allowed_tools` narrows the list for one request; leaving the others out says the same to any backend. */
function allowedTools(choice: ChatCompletionRequest["tool_choice"]): (name: string) => boolean {
  if (typeof choice !== "object" || choice?.type !== "allowed_tools") return () => true;
  const names = new Set(choice.allowed_tools.tools.map((tool) => tool.function.name));
  return (name) => names.has(name);
}

function decodeToolChoice(choice: ChatCompletionRequest["tool_choice"]): ToolChoice | undefined {
  if (choice === null || choice === undefined || choice === "auto") return undefined;
  if (typeof choice === "string") return { type: choice };
  if (choice.type === "function") return { type: "tool", name: choice.function.name };
  return choice.allowed_tools.mode === "required" ? { type: "required" } : undefined;
}

function decodeResponseFormat({ response_format: format }: ChatCompletionRequest): ResponseFormat | undefined {
  if (format?.type === "json_object") return { type: "json-object" };
  if (format?.type !== "json_schema") return undefined;
  const { schema, name, description } = format.json_schema;
  const decoded = decodeSchema(
    describedSchema(schema ?? {}, description),
    "response_format.json_schema.schema",
    "the answer",
  );
  return { type: "json-schema", schema: decoded, ...withoutNullish({ name }) };
}

// ---- names of the features' fields

function featureFields(features: RequestFeatures, request: ChatCompletionRequest): ModelRequest["featureFields"] {
  const fieldOf: Readonly<Record<RequestFeature, string>> = {
    maxOutputTokens: typeof request.max_completion_tokens === "number" ? "max_completion_tokens" : "max_tokens",
    temperature: "temperature",
    topP: "top_p",
    topK: "top_k",
    stopSequences: "stop",
    reasoning: request.thinking ? "thinking" : "reasoning_effort",
    effort: "reasoning_effort",
    serviceTier: "service_tier",
    tools: "tools",
    toolExtras: "tools",
    vendorTools: "tools",
    toolChoice: "tool_choice",
    parallelToolCalls: "parallel_tool_calls",
    responseFormat: "response_format",
    user: typeof request.user === "string" ? "user" : "safety_identifier",
    betas: "anthropic-beta",
  };
  const present = Object.entries(fieldOf).filter(([feature]) => feature in features);
  return Object.fromEntries(present);
}
