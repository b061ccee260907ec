/**
 * The client's own tools on their way to the model. A bare model is offered them in the request body, an agent by an
 * MCP server that we play over the control protocol (see tool-host.ts).
 */
import type { RenamedTool, RunSetup } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { RequestFeatures, ToolDefinition } from "#core/request.ts";

import type { WireTool } from "./protocol.ts";
import { STRUCTURED_OUTPUT, wireToolName } from "./tool-names.ts";

/** The tools of the request that this run offers the model. */
export function offeredTools({ tools, toolChoice }: RequestFeatures, setup: RunSetup): readonly ToolDefinition[] {
  if (tools === undefined || setup.tools === "agent") return [];
  // An agent goes on with its own tools; a bare model is told of the choice, and keeps its cache.
  return setup.mode === "agent" && toolChoice?.type === "none" ? [] : tools;
}

export interface ToolNames {
  /** What the model knows a tool by, in what it is offered and in what was said before. */
  readonly toWire: (name: string) => string;
  /**
   * The client's name for a tool the model calls; undefined for one of the agent's own. Whatever a bare model calls that
   * was offered any is the client's, even a name nobody offered.
   */
  readonly toClient: (wireName: string) => string | undefined;
}

export function toolNames(features: RequestFeatures, setup: RunSetup): ToolNames {
  const beside = setup.mode === "agent" ? "built-in" : "none";
  const wire = new Map(offeredTools(features, setup).map(({ name }) => [name, wireToolName(name, beside)]));
  const client = new Map(Array.from(wire, ([name, wireName]) => [wireName, name]));
  return {
    toWire: (name) => wire.get(name) ?? wireToolName(name, "none"),
    toClient: (wireName) =>
      client.get(wireName) ?? (setup.mode === "agent" || client.size === 0 ? undefined : wireName),
  };
}

/** What the client would not find by its own names in what the model thinks and says. */
export function renamedTools(features: RequestFeatures, setup: RunSetup): readonly RenamedTool[] {
  const { toWire } = toolNames(features, setup);
  const known = offeredTools(features, setup).map(({ name }) => ({ name, as: toWire(name) }));
  return known.filter(({ name, as }) => as !== name);
}

/**
 * The members of a request body that offer tools, as the Messages API takes them. `canForce`: the model can be made to
 * call one.
 */
export function toolBody(
  features: RequestFeatures,
  setup: RunSetup,
  canForce: boolean,
): Readonly<Record<string, unknown>> {
  const tools = setup.mode === "chat" ? bodyTools(features, setup) : [];
  return {
    ...(tools.length > 0 && { tools }),
    ...toolChoiceBody(features, setup, canForce),
  };
}

function bodyTools(features: RequestFeatures, setup: RunSetup): readonly WireTool[] {
  const { toWire } = toolNames(features, setup);
  const own = offeredTools(features, setup).map(({ name, description, inputSchema, extra }): WireTool => ({
    ...extra,
    name: toWire(name),
    ...(description !== undefined && { description }),
    input_schema: inputSchema,
  }));
  const vendors = (features.vendorTools ?? []).map(({ value }) => value);
  if (own.length + vendors.length === 0) return [];
  return [...own, ...vendors, ...structuredOutputTool(features)];
}

/** The CLI's own tool for a schema, where replaced tools would leave it out. */
function structuredOutputTool({ responseFormat }: RequestFeatures): readonly WireTool[] {
  if (responseFormat === undefined || responseFormat.type === "text") return [];
  const description =
    "Returns the final answer in the form that was asked for. Call it exactly once, at the end, with the whole answer.";
  return [{ name: STRUCTURED_OUTPUT, description, input_schema: schemaOf(responseFormat) }];
}

/** The schema an answer has to fit; undefined where it may be anything. */
export function answerSchema({ responseFormat }: RequestFeatures): unknown {
  return responseFormat === undefined || responseFormat.type === "text" ? undefined : schemaOf(responseFormat);
}

function schemaOf(format: NonNullable<RequestFeatures["responseFormat"]>): unknown {
  return format.type === "json-schema" ? format.schema : { type: "object", additionalProperties: true };
}

function toolChoiceBody(
  features: RequestFeatures,
  setup: RunSetup,
  canForce: boolean,
): Readonly<Record<string, unknown>> {
  const { toolChoice, parallelToolCalls } = features;
  const serial = parallelToolCalls === false && { disable_parallel_tool_use: true };
  if (offeredTools(features, setup).length === 0 && features.vendorTools === undefined)
    return canForce ? forcedSchema(features, setup) : {};
  switch (toolChoice?.type) {
    case "tool":
      return { tool_choice: { type: "tool", name: toolNames(features, setup).toWire(toolChoice.name), ...serial } };
    case "required":
      if (setup.mode === "agent") throw anyOfWhich();
      return { tool_choice: { type: "any", ...serial } };
    case "none":
      return { tool_choice: { type: "none" } };
    default:
      return serial === false ? {} : { tool_choice: { type: "auto", ...serial } };
  }
}

/** A bare model that may only answer in the form of a schema is not left the choice. */
function forcedSchema(features: RequestFeatures, setup: RunSetup): Readonly<Record<string, unknown>> {
  if (setup.mode === "agent" || answerSchema(features) === undefined || features.reasoning !== undefined) return {};
  return { tool_choice: { type: "tool", name: STRUCTURED_OUTPUT } };
}

function anyOfWhich(): GatewayError {
  return new GatewayError("invalid-request", "An agent cannot be made to call just any tool: it has its own as well.", {
    param: "tool_choice",
    hint: "Name the tool, or send X-CCProxy-Tools: client.",
  });
}
