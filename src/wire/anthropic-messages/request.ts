import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";
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
import { objectSchemaProblem } from "#lib/json-schema.ts";
import { describeValue, explainIssue } from "#lib/schema-problem.ts";
import { boundNames } from "#lib/unread-fields.ts";
import { withoutNullish } from "#lib/without-nullish.ts";

import { cacheMarks, type MarkedPlaces, noteMark } from "./cache-marks.ts";
import { invalidField } from "./error.ts";
import { unreadFields, unreadToolFields } from "./ignored-fields.ts";
import { decodeMessages, decodeSystem } from "./messages.ts";
import { type CountTokensRequest, countTokensRequestSchema, messagesRequestSchema } from "./schema.ts";

const wireFormat = "anthropic-messages" as const;

export function decodeRequest(body: unknown): ModelRequest {
  return decode(parseRequest(messagesRequestSchema, body));
}

/** The body of `/v1/messages/count_tokens`: a request that need not say `max_tokens`. */
export function decodeCountTokensRequest(body: unknown): ModelRequest {
  return decode(parseRequest(countTokensRequestSchema, body));
}

function decode(request: CountTokensRequest): ModelRequest {
  if (request.thread) throw threadRefusal();
  const ignored = new Set(unreadFields(request));
  const marks: MarkedPlaces = new Map();
  const { system, messages, outOfContext, places } = decodeMessages(request.messages, ignored, marks);
  const features = decodeFeatures(request, marks);
  return {
    wireFormat,
    model: request.model === null || request.model === "" ? undefined : request.model,
    system: [...decodeSystem(request.system, marks), ...system],
    messages,
    stream: request.stream ?? false,
    includeUsage: true,
    features,
    saidDefaults: saidDefaults(request),
    featureFields: featureFields(features, formatField(request)),
    ignoredFields: boundNames(ignored),
    outOfContext,
    places: places.size === 0 ? undefined : places,
    cacheMarks: cacheMarks(request, marks),
    sessionIds: withoutNullish({ named: request.session_id, hint: sessionOfUser(request.metadata?.user_id) }),
  };
}

/** Claude Code packs its session into the user id: as JSON, in versions before 2.1 behind `_session_`. */
export function sessionOfUser(userId: unknown): string | undefined {
  if (typeof userId !== "string") return undefined;
  return /"session_id"\s*:\s*"([\w-]{1,200})"|_session_([\w-]{1,200})$/.exec(userId)?.slice(1).find(Boolean);
}

function parseRequest(
  schema: typeof messagesRequestSchema | typeof countTokensRequestSchema,
  body: unknown,
): CountTokensRequest {
  const parsed = v.safeParse(schema, body, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const { path, explanation } = explainIssue(parsed.issues[0]);
  throw invalidField(path, explanation, hints.get(path));
}

/**
 * A conversation that the server keeps, of which requests bring only what is new (beta of 2026-08-12). Told so, the tool
 * runner of @anthropic-ai/sdk 1.11 sends the whole conversation instead.
 */
function threadRefusal(): GatewayError {
  return new GatewayError("invalid-request", "thread: conversations are not kept by message id here.", {
    param: "thread",
    hint: "Leave it out, and send the whole conversation.",
    details: { error_code: "thread_unsupported_request", unsupported: ["thread"] },
  });
}

const hints: ReadonlyMap<string, string> = new Map([
  ["messages", "Send the conversation as an array of messages with `role` and `content`."],
  ["max_tokens", "The messages API needs a limit in every request, for example 4096."],
]);

// ---- features

/** Values equal to the API's default are left out: they ask for nothing a backend could fail to do. */
function decodeFeatures(request: CountTokensRequest, marks: MarkedPlaces): RequestFeatures {
  const field = formatField(request);
  const format = request.output_config?.format ?? request.output_format;
  return {
    ...decodeSampling(request),
    ...withoutNullish({
      reasoning: decodeThinking(request.thinking),
      effort: request.output_config?.effort,
      responseFormat: format ? decodeFormat(format, field) : undefined,
      serviceTier: request.service_tier === "auto" ? undefined : request.service_tier,
      user: request.metadata?.user_id,
    }),
    ...decodeTools(request, marks),
  };
}

function decodeFormat(
  { schema }: { readonly schema: Readonly<Record<string, unknown>> },
  field: string,
): ResponseFormat {
  return { type: "json-schema", schema: decodeSchema(schema, `${field}.schema`, "the answer") };
}

function formatField({ output_config: config, output_format: old }: CountTokensRequest): string {
  return old && !config?.format ? "output_format" : fieldOf.responseFormat;
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

function decodeTools(request: CountTokensRequest, marks: MarkedPlaces): RequestFeatures {
  const declared = request.tools ?? [];
  const choice = request.tool_choice;
  const toolChoice = decodeToolChoice(choice);
  if (declared.length === 0) {
    if (toolChoice === undefined || toolChoice.type === "none") return {};
    throw invalidField("tool_choice", "expected tools to choose from, got none");
  }
  const tools = toolsOf(declared, marks);
  const vendorTools = declared.filter(isVendorTool).map((value) => ({ wireFormat, value }));
  checkChoice(toolChoice, declared);
  const toolExtras = [...new Set(tools.flatMap(({ extra = {} }) => unreadToolFields(extra)))];
  return withoutNullish({
    tools: tools.length === 0 ? undefined : tools,
    vendorTools: vendorTools.length === 0 ? undefined : vendorTools,
    toolExtras: toolExtras.length === 0 ? undefined : boundNames(new Set(toolExtras)),
    toolChoice,
    parallelToolCalls: choice?.disable_parallel_tool_use === true ? false : undefined,
  });
}

type Tool = NonNullable<CountTokensRequest["tools"]>[number];

function checkChoice(choice: ToolChoice | undefined, declared: readonly Tool[]): void {
  if (choice?.type !== "tool" || declared.some(({ name }) => name === choice.name)) return;
  throw invalidField("tool_choice.name", `expected the name of one of the tools, got ${describeValue(choice.name)}`);
}

/** A tool that Anthropic runs itself has a versioned type, and no schema. */
function isVendorTool({ type }: Tool): boolean {
  return typeof type === "string" && type !== "custom";
}

function toolsOf(declared: readonly Tool[], marks: MarkedPlaces): readonly ToolDefinition[] {
  const names = new Set<string>();
  return declared.flatMap((tool, index) => {
    const path = `tools[${index}]`;
    const { type: _type, name, description, input_schema: schema, cache_control: _cache, ...extra } = tool;
    if (isVendorTool(tool)) return [];
    if (!name) throw invalidField(`${path}.name`, "required, but missing");
    if (names.has(name)) throw invalidField(`${path}.name`, `expected a name that no other tool has, got "${name}"`);
    names.add(name);
    if (!schema) throw invalidField(`${path}.input_schema`, "required, but missing", `The tool "${name}" needs one.`);
    const inputSchema = decodeSchema(schema, `${path}.input_schema`, `the tool "${name}"`);
    const more = Object.keys(extra).length === 0 ? undefined : extra;
    const decoded = { name, inputSchema, ...withoutNullish({ description, extra: more }) };
    noteMark(marks, tool, decoded);
    return [decoded];
  });
}

/** `owner`: what a reader of the error has to mend. */
function decodeSchema(schema: Readonly<Record<string, unknown>>, path: string, owner: string): object {
  const problem = objectSchemaProblem(schema);
  if (problem !== undefined)
    throw invalidField(`${path}.${problem.path}`, problem.explanation, `The JSON Schema of ${owner} is not valid.`);
  return schema["type"] === undefined ? { type: "object", ...schema } : schema;
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

const fieldOf: Readonly<Record<Exclude<RequestFeature, "toolExtras">, string>> = {
  maxOutputTokens: "max_tokens",
  temperature: "temperature",
  topP: "top_p",
  topK: "top_k",
  stopSequences: "stop_sequences",
  reasoning: "thinking",
  effort: "output_config.effort",
  serviceTier: "service_tier",
  tools: "tools",
  vendorTools: "tools[].type",
  toolChoice: "tool_choice",
  parallelToolCalls: "tool_choice.disable_parallel_tool_use",
  responseFormat: "output_config.format",
  user: "metadata.user_id",
  betas: "anthropic-beta",
};

function featureFields(features: RequestFeatures, responseFormat: string): ModelRequest["featureFields"] {
  const fields = { ...fieldOf, responseFormat, toolExtras: features.toolExtras ?? [] };
  return Object.fromEntries(Object.entries(fields).filter(([feature]) => feature in features));
}
