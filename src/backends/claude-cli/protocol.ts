/** The lines we write to the CLI. */
import type { WireBlock } from "#wire/anthropic-messages/upstream/messages.ts";

/** A tool of the Anthropic messages API. */
export type WireTool = Readonly<Record<string, unknown>>;

/** What only the first `initialize` of a process sets. */
export interface InitializeRequest {
  readonly subtype: "initialize";
  readonly systemPrompt?: readonly string[];
  readonly appendSystemPrompt?: string;
  /** The answer has to fit it. */
  readonly jsonSchema?: unknown;
  /** MCP servers that we play: the CLI speaks to them in `mcp_message` questions. */
  readonly sdkMcpServers?: readonly string[];
}

export type ControlRequest =
  | InitializeRequest
  | { readonly subtype: "apply_flag_settings"; readonly settings: FlagSettings }
  /** 0 turns thinking off where the model allows that (models that think adaptively ignore it); null undoes it. */
  | { readonly subtype: "set_max_thinking_tokens"; readonly max_thinking_tokens: number | null }
  | { readonly subtype: "set_permission_mode"; readonly mode: string }
  /** Asks the model beside the conversation, which does not show it. */
  | { readonly subtype: "side_question"; readonly question: string }
  | {
      readonly subtype: "interrupt" | "get_binary_version" | "get_context_usage" | "get_session_cost" | "get_settings";
    };

/** An empty variable is unset. */
export interface FlagSettings {
  /** Left out to keep what the process was started with: `null` forgets its `--model` too (2.1.197 and 2.1.329). */
  readonly model?: string;
  readonly effortLevel: string | null;
  readonly env: Readonly<Record<string, string>>;
}

export function controlLine(requestId: string, request: ControlRequest): string {
  return JSON.stringify({ type: "control_request", request_id: requestId, request });
}

/** Answers a question of the CLI that this backend has not asked to be asked. */
export function refusalLine(requestId: string): string {
  return JSON.stringify({
    type: "control_response",
    response: { subtype: "error", request_id: requestId, error: "Not supported by this host." },
  });
}

/** Answers a question of the CLI. */
export function replyLine(requestId: string, response: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    type: "control_response",
    response: { subtype: "success", request_id: requestId, response },
  });
}

/** Starts a turn. */
export function queryLine(content: readonly WireBlock[]): string {
  return JSON.stringify({ type: "user", message: { role: "user", content }, parent_tool_use_id: null, session_id: "" });
}

/** Adds a user message to the history; the CLI answers it with a result of no turns, and no model is asked. */
export function historyUserLine(content: readonly WireBlock[]): string {
  return JSON.stringify({
    type: "user",
    message: { role: "user", content },
    shouldQuery: false,
    parent_tool_use_id: null,
    session_id: "",
  });
}

/**
 * Adds an answer to the history, at once. 2.1.197 takes answers with equal ids, or none, for pieces of one and joins
 * them across the tool results between them, and leaves one without a `uuid` out of what it writes down to resume.
 */
export function historyAssistantLine(content: readonly WireBlock[], id: string): string {
  return JSON.stringify({
    type: "assistant",
    uuid: crypto.randomUUID(),
    message: { id, role: "assistant", content },
  });
}
