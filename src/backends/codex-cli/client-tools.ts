/** The client's own tools on their way to the model: Codex's dynamic tools, whose calls come back to us. */
import type { RenamedTool, RunSetup } from "#core/backend.ts";
import type { RequestFeatures, ToolDefinition } from "#core/request.ts";
import { isDeeperThan } from "#lib/is-deeper-than.ts";
import { isRecord } from "#lib/is-record.ts";
import { plainName } from "#lib/short-text.ts";

import { DEEPEST_SCHEMA, type Params } from "./messages.ts";
import { toldSchema } from "./tool-schema.ts";

/** The tools of the request that this run offers the model. */
export function offeredTools(
  { tools = [], toolChoice }: RequestFeatures,
  setup: Pick<RunSetup, "tools">,
): readonly ToolDefinition[] {
  return setup.tools === "agent" || toolChoice?.type === "none" ? [] : tools;
}

/** OpenAI's limit. */
const LONGEST_NAME = 64;

/** Codex's own (0.169): one of the client's in their place would be called by nobody, or run by Codex. */
const BUILT_IN: ReadonlySet<string> = new Set(
  [
    "apply_patch clock curr_time exec exec_command get_goal create_goal update_goal list_mcp_resource_templates",
    "list_mcp_resources local_shell read_mcp_resource request_permissions request_user_input shell shell_command sleep",
    "spawn_agent send_input wait_agent close_agent tool_search update_plan view_image wait web_search write_stdin",
  ].flatMap((names) => names.split(" ")),
);

/** The names of its MCP tools, with which it starts no thread. */
const RESERVED = /^mcp(?:__|$)/;

/** The name that a client's tool has towards the model. Equal for equal names only, so that histories agree with it. */
export function wireToolName(name: string): string {
  const plain = name.replace(/^(?:client_)+/, "");
  return plainName(BUILT_IN.has(plain) || RESERVED.test(plain) ? `client_${name}` : name, LONGEST_NAME);
}

export function renamedTools(tools: readonly ToolDefinition[]): readonly RenamedTool[] {
  return tools.map(({ name }) => ({ name, as: wireToolName(name) })).filter(({ name, as }) => name !== as);
}

/** The client's name for what the model calls. */
export function clientNames(tools: readonly ToolDefinition[]): (wireName: string) => string {
  const names = new Map(tools.map(({ name }) => [wireToolName(name), name]));
  return (wireName) => names.get(wireName) ?? wireName;
}

/** 0.169 leaves descriptions, definitions and what lies deep out of a longer one. */
const LONGEST_SCHEMA_BYTES = 5000;

export function dynamicTools(tools: readonly ToolDefinition[]): readonly Params[] {
  return tools.map(({ name, description = "", inputSchema }) => {
    const told = toldSchema({ type: "object", properties: {}, ...(isRecord(inputSchema) && inputSchema) });
    const isReadable = !isDeeperThan(told, DEEPEST_SCHEMA);
    const isWhole = isReadable && Buffer.byteLength(JSON.stringify(told)) <= LONGEST_SCHEMA_BYTES;
    return {
      type: "function",
      name: wireToolName(name),
      description: isWhole ? description : withSchema(description, inputSchema),
      inputSchema: isReadable ? told : { type: "object", properties: {} },
    };
  });
}

function withSchema(description: string, inputSchema: unknown): string {
  const words = `The JSON Schema of its input, whole: ${JSON.stringify(inputSchema)}`;
  return description === "" ? words : `${description}\n\n${words}`;
}
