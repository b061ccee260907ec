import type { RenamedTool } from "#core/backend.ts";
import { effortFor, loweredEffort, reasons, refusedFeatures } from "#core/model-limits.ts";
import type { DeclaredTool, RequestFeature, RequestFeatures, ResponseFormat, ToolDefinition } from "#core/request.ts";
import type { EncodedRequest, UpstreamRequest } from "#core/upstream-format.ts";
import { plainName, shortText } from "#lib/short-text.ts";
import { isStrictSchema } from "#lib/strict-schema.ts";

import { encodeItems, longestToolName } from "./messages.ts";

type Body = Readonly<Record<string, unknown>>;

export function unsupported({ features, model }: UpstreamRequest): readonly RequestFeature[] {
  const refused: readonly RequestFeature[] = [
    "topK",
    "stopSequences",
    "vendorTools",
    "toolExtras",
    "betas",
    ...refusedFeatures(model, features),
    ...(isTooShort(features) ? (["maxOutputTokens"] as const) : []),
  ];
  return [...new Set(refused)].filter((feature) => features[feature] !== undefined);
}

/** OpenAI's API answers less than this with a 400. */
const leastOutput = 16;

function isTooShort({ maxOutputTokens = leastOutput }: RequestFeatures): boolean {
  return maxOutputTokens < leastOutput;
}

/** Nothing is kept at the upstream: the client brings the whole conversation, with what was sealed of its reasoning. */
export function encodeRequest(request: UpstreamRequest): EncodedRequest {
  const { model, stream, system } = request;
  const said: RequestFeatures = { ...request.saidDefaults, ...request.features };
  const left = new Set<string>(unsupported({ ...request, features: said }));
  const features: RequestFeatures = Object.fromEntries(Object.entries(said).filter(([feature]) => !left.has(feature)));
  const { input, ignoredFields } = encodeItems(request);
  const body: Body = {
    model,
    ...(system.length > 0 && { instructions: system.join("\n\n") }),
    input,
    store: false,
    // A 400 for models that do not think.
    ...(reasons(model) !== false && { include: ["reasoning.encrypted_content"] }),
    ...samplingBody(features),
    ...(isTooShort(said) && { max_output_tokens: leastOutput }),
    ...thinkingBody(features, model),
    ...toolBody(features),
    ...formatBody(features.responseFormat),
    ...(stream && { stream: true }),
  };
  const lowered = loweredEffort(model, { ...request, features });
  return { body, ignoredFields: [...ignoredFields, ...lowered], renamedTools: renamedTools(features) };
}

// ---- settings

/** Claude Code's is longer. */
const longestUser = 64;

function samplingBody({ maxOutputTokens, temperature, topP, serviceTier, user }: RequestFeatures): Body {
  return {
    ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(serviceTier !== undefined && { service_tier: serviceTier === "standard_only" ? "default" : serviceTier }),
    ...(user !== undefined && { user: shortText(user, longestUser) }),
  };
}

/** Without the word for it, this API keeps to itself what a model thinks. */
function thinkingBody(features: RequestFeatures, model: string): Body {
  const { reasoning } = features;
  const effort = effortFor(model, features);
  const isShown = effort !== "none" && reasoning?.display !== "omitted" && (effort ?? reasoning) !== undefined;
  const settings = { ...(effort !== undefined && { effort }), ...(isShown && { summary: "auto" }) };
  return Object.keys(settings).length === 0 ? {} : { reasoning: settings };
}

function formatBody(format: ResponseFormat | undefined): Body {
  if (format === undefined || format.type === "text") return {};
  if (format.type !== "json-schema") return { text: { format: { type: "json_object" } } };
  const { name = "answer", schema } = format;
  const strict = isStrictSchema(schema);
  return { text: { format: { type: "json_schema", name: plainName(name, longestToolName), schema, strict } } };
}

// ---- tools

function toolBody({ tools = [], toolChoice, parallelToolCalls }: RequestFeatures): Body {
  if (tools.length === 0) return {};
  const choice = toolChoice?.type === "tool" ? chosen(tools, toolChoice.name) : toolChoice?.type;
  return {
    tools: inNamespaces(tools),
    ...(choice !== undefined && choice !== "auto" && { tool_choice: choice }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
  };
}

function chosen(tools: readonly ToolDefinition[], name: string): Body {
  const { kind, ...known } = declaredAs(tools.find((tool) => tool.name === name) ?? { name });
  return { type: kind, ...known };
}

/** A tool as its client declared it, which is as this API knows it. */
function declaredAs(tool: Pick<ToolDefinition, "name" | "declaredAs">): DeclaredTool {
  return tool.declaredAs ?? { name: plainName(tool.name, longestToolName), kind: "function" };
}

/** Those of one namespace stand together, where the first of them was. */
function inNamespaces(tools: readonly ToolDefinition[]): readonly Body[] {
  const encoded: (Body & { readonly tools?: Body[] })[] = [];
  for (const tool of tools) {
    const { namespace } = declaredAs(tool);
    const known = encoded.find(({ name, type }) => type === "namespace" && name === namespace);
    if (namespace === undefined) encoded.push(encodeTool(tool));
    else if (known?.tools !== undefined) known.tools.push(encodeTool(tool));
    else encoded.push({ type: "namespace", name: namespace, description: namespace, tools: [encodeTool(tool)] });
  }
  return encoded;
}

function encodeTool(tool: ToolDefinition): Body {
  const { name, kind } = declaredAs(tool);
  const named = { type: kind, name, ...(tool.description !== undefined && { description: tool.description }) };
  // Left out, `strict` would have the API change the schema.
  return kind === "custom" ? named : { ...named, parameters: tool.inputSchema, strict: false };
}

function renamedTools({ tools = [] }: RequestFeatures): readonly RenamedTool[] {
  return tools
    .filter((tool) => tool.declaredAs === undefined)
    .map((tool) => ({ name: tool.name, as: declaredAs(tool).name }))
    .filter(({ name, as }) => name !== as);
}
