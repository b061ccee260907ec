import * as v from "valibot";

import type {
  ModelRequest,
  ReasoningSetting,
  RequestFeature,
  RequestFeatures,
  ToolChoice,
  ToolDefinition,
} from "#core/request.ts";
import { explainIssue } from "#lib/schema-problem.ts";
import { boundNames } from "#lib/unread-fields.ts";
import { withoutNullish } from "#lib/without-nullish.ts";

import { invalidField } from "./error.ts";
import { unreadFields, unreadToolFields } from "./ignored-fields.ts";
import { decodeMessages, decodeSystem } from "./messages.ts";
import { type CountTokensRequest, countTokensRequestSchema, messagesRequestSchema } from "./schema.ts";

export function decodeRequest(body: unknown): ModelRequest {
  return decode(parseRequest(messagesRequestSchema, body));
}

/** The body of `/v1/messages/count_tokens`: a request that need not say `max_tokens`. */
export function decodeCountTokensRequest(body: unknown): ModelRequest {
  return decode(parseRequest(countTokensRequestSchema, body));
}

function decode(request: CountTokensRequest): ModelRequest {
  const ignored = new Set(unreadFields(request));
  const { system, messages } = decodeMessages(request.messages, ignored);
  const features = decodeFeatures(request, ignored);
  return {
    wireFormat: "anthropic-messages",
    model: request.model === null || request.model === "" ? undefined : request.model,
    system: [...decodeSystem(request.system), ...system],
    messages,
    stream: request.stream ?? false,
    includeUsage: true,
    features,
    featureFields: featureFields(features),
    ignoredFields: boundNames(ignored),
  };
}

function parseRequest(
  schema: typeof messagesRequestSchema | typeof countTokensRequestSchema,
  body: unknown,
): CountTokensRequest {
  if (Array.isArray(body)) throw invalidField("", "expected an object, got an array");
  const parsed = v.safeParse(schema, body, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const { path, explanation } = explainIssue(parsed.issues[0]);
  throw invalidField(path, explanation, hints.get(path));
}

const hints: ReadonlyMap<string, string> = new Map([
  ["messages", "Send the conversation as an array of messages with `role` and `content`."],
  ["max_tokens", "The messages API needs a limit in every request, for example 4096."],
]);

// ---- features

/** Values equal to the API's default are left out: they ask for nothing a backend could fail to do. */
function decodeFeatures(request: CountTokensRequest, ignored: Set<string>): RequestFeatures {
  const format = request.output_config?.format;
  return {
    ...decodeSampling(request),
    ...withoutNullish({
      reasoning: decodeThinking(request.thinking),
      effort: request.output_config?.effort,
      responseFormat: format ? { type: "json-schema" as const, schema: format.schema } : undefined,
      serviceTier: request.service_tier === "auto" ? undefined : request.service_tier,
      user: request.metadata?.user_id,
    }),
    ...decodeTools(request, ignored),
  };
}

function decodeSampling(request: CountTokensRequest): RequestFeatures {
  const stopSequences = (request.stop_sequences ?? []).filter((sequence) => sequence !== "");
  return withoutNullish({
    maxOutputTokens: request.max_tokens,
    temperature: request.temperature === 1 ? undefined : request.temperature,
    topP: request.top_p === 1 ? undefined : request.top_p,
    topK: request.top_k,
    stopSequences: stopSequences.length === 0 ? undefined : stopSequences,
  });
}

function decodeThinking(thinking: CountTokensRequest["thinking"]): ReasoningSetting | undefined {
  if (thinking === null || thinking === undefined) return undefined;
  const display = withoutNullish({ display: thinking.display });
  return thinking.type === "enabled"
    ? { mode: "budget", budgetTokens: thinking.budget_tokens, ...display }
    : { mode: thinking.type === "between_tools" ? "between-tools" : thinking.type, ...display };
}

function decodeTools(request: CountTokensRequest, ignored: Set<string>): RequestFeatures {
  const tools = (request.tools ?? []).flatMap((tool, index) => decodeTool(tool, `tools[${index}]`, ignored));
  const choice = request.tool_choice;
  const toolChoice = decodeToolChoice(choice);
  if (tools.length === 0) {
    if (toolChoice === undefined || toolChoice.type === "none") return {};
    if (!request.tools?.length) throw invalidField("tool_choice", "expected tools to choose from, got none");
    ignored.add("tool_choice");
    return {};
  }
  return withoutNullish({
    tools,
    toolChoice,
    parallelToolCalls: choice?.disable_parallel_tool_use === true ? false : undefined,
  });
}

/** A tool that Anthropic runs itself has no schema; nothing here can offer it to the model. */
function decodeTool(
  tool: NonNullable<CountTokensRequest["tools"]>[number],
  path: string,
  ignored: Set<string>,
): ToolDefinition[] {
  const { type, name, description, input_schema: inputSchema } = tool;
  if (typeof type === "string" && type !== "custom") {
    ignored.add(path);
    return [];
  }
  if (!name) throw invalidField(`${path}.name`, "required, but missing");
  if (!inputSchema) throw invalidField(`${path}.input_schema`, "required, but missing");
  for (const field of unreadToolFields(tool)) ignored.add(field);
  return [{ name, inputSchema, ...withoutNullish({ description }) }];
}

function decodeToolChoice(choice: CountTokensRequest["tool_choice"]): ToolChoice | undefined {
  switch (choice?.type) {
    case "tool":
      return { type: "tool", name: choice.name };
    case "any":
      return { type: "required" };
    case "none":
      return { type: "none" };
    default:
      return undefined;
  }
}

// ---- names of the features' fields

const fieldOf: Readonly<Record<RequestFeature, string>> = {
  maxOutputTokens: "max_tokens",
  temperature: "temperature",
  topP: "top_p",
  topK: "top_k",
  stopSequences: "stop_sequences",
  reasoning: "thinking",
  effort: "output_config.effort",
  serviceTier: "service_tier",
  tools: "tools",
  toolChoice: "tool_choice",
  parallelToolCalls: "tool_choice.disable_parallel_tool_use",
  responseFormat: "output_config.format",
  user: "metadata.user_id",
};

function featureFields(features: RequestFeatures): ModelRequest["featureFields"] {
  const present = Object.entries(fieldOf).filter(([feature]) => feature in features);
  return Object.fromEntries(present);
}
