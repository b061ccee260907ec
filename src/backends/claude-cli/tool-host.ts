import * as v from "valibot";

import type { ToolDefinition, ToolResultPart } from "#core/request.ts";

import type { ControlQuestion } from "./lines.ts";
import { wireToolName } from "./tool-names.ts";
import { type McpContent, mcpContentOf } from "./tool-results.ts";

/**
 * The name of the MCP server we play. The CLI is started with leave to call all its tools, so it is one that no server
 * of the user's has.
 */
export const TOOL_SERVER = "ccproxy_client_tools";

const rpcSchema = v.looseObject({
  message: v.looseObject({
    id: v.optional(v.union([v.number(), v.string()])),
    method: v.fallback(v.string(), ""),
    params: v.optional(
      v.looseObject({
        protocolVersion: v.optional(v.string()),
        ["_meta"]: v.optional(v.looseObject({ "claudecode/toolUseId": v.optional(v.string()) })),
      }),
    ),
  }),
});
type RpcMessage = v.InferOutput<typeof rpcSchema>["message"];

/** A `tools/call` the CLI waits for, which it does without a limit (40 minutes were measured). */
interface HeldCall {
  readonly requestId: string;
  readonly rpcId: RpcMessage["id"];
}

interface ToolHostDeps {
  readonly tools: readonly ToolDefinition[];
  readonly reply: (requestId: string, response: Readonly<Record<string, unknown>>) => void;
  /** Whether the agent itself made this call; else one of its sub-agents did, whom no client sees. */
  readonly isOwnCall: (callId: string) => boolean;
}

type ToolOutcome = { readonly content: readonly McpContent[]; readonly isError: boolean };

/**
 * Plays the MCP server that offers an agent the client's tools: a call is held until the client has brought its
 * result in a later request.
 */
export class ToolHost {
  readonly #deps: ToolHostDeps;
  readonly #held = new Map<string, HeldCall>();
  /** Results that came before the CLI asked: it calls some tools one after the other. */
  readonly #given = new Map<string, ToolOutcome>();

  constructor(deps: ToolHostDeps) {
    this.#deps = deps;
  }

  asked(requestId: string, question: ControlQuestion): void {
    const parsed = v.safeParse(rpcSchema, question);
    if (!parsed.success) return this.#fail(requestId, undefined, -32_600, "Invalid request");
    const { message } = parsed.output;
    switch (message.method) {
      case "initialize":
        return this.#answer(requestId, message.id, {
          protocolVersion: message.params?.protocolVersion ?? "2025-11-25",
          capabilities: { tools: {} },
          serverInfo: { name: TOOL_SERVER, version: "1" },
        });
      case "tools/list":
        return this.#answer(requestId, message.id, { tools: this.#deps.tools.map(mcpTool) });
      case "tools/call":
        return this.#call(requestId, message);
      default:
        return message.method.startsWith("notifications/") || message.method === "ping"
          ? this.#answer(requestId, message.id, {})
          : this.#fail(requestId, message.id, -32_601, "Method not found");
    }
  }

  withdrawn(requestId: string): void {
    for (const [callId, held] of this.#held) if (held.requestId === requestId) this.#held.delete(callId);
  }

  /** What the client's tools gave back. */
  give(results: readonly ToolResultPart[]): void {
    for (const { callId, content, isError } of results) {
      const outcome = { content: mcpContentOf(content), isError };
      const held = this.#held.get(callId);
      if (held === undefined) this.#given.set(callId, outcome);
      else this.#answer(held.requestId, held.rpcId, outcome);
      this.#held.delete(callId);
    }
  }

  #call(requestId: string, { id, params }: RpcMessage): void {
    const callId = params?.["_meta"]?.["claudecode/toolUseId"] ?? "";
    const given = this.#given.get(callId);
    this.#given.delete(callId);
    if (given !== undefined) return this.#answer(requestId, id, given);
    if (!this.#deps.isOwnCall(callId)) return this.#answer(requestId, id, outOfReach);
    this.#held.set(callId, { requestId, rpcId: id });
  }

  #answer(requestId: string, id: RpcMessage["id"], result: Readonly<Record<string, unknown>>): void {
    // Notifications want an answer as well.
    this.#deps.reply(requestId, { mcp_response: { jsonrpc: "2.0", id: id ?? 0, result } });
  }

  #fail(requestId: string, id: RpcMessage["id"], code: number, message: string): void {
    this.#deps.reply(requestId, { mcp_response: { jsonrpc: "2.0", id: id ?? 0, error: { code, message } } });
  }
}

const outOfReach: ToolOutcome = {
  content: [{ type: "text", text: "This tool can only be called by the main agent, not by a sub-agent." }],
  isError: true,
};

/** Calls of tools that only read are made at once, all others one after the other: the client is to get them together. */
function mcpTool({ name, description, inputSchema }: ToolDefinition) {
  return {
    name: wireToolName(name, "built-in"),
    ...(description !== undefined && { description }),
    inputSchema,
    annotations: { readOnlyHint: true },
  };
}
