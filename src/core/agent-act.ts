/**
 * Something the agent did by itself, whole, under the names that earlier proxies gave it. Said only to a client that
 * asked for `forward`.
 */
export type AgentAct =
  | {
      readonly type: "system_message";
      readonly subtype: "init";
      readonly session_id: string | null;
      readonly model: string;
    }
  | AgentCall
  | AgentResult
  | {
      readonly type: "result_message";
      readonly session_id: string | null;
      readonly stop_reason: string;
      readonly num_turns: number;
      readonly total_cost_usd: number | null;
      readonly usage: {
        readonly input_tokens: number;
        readonly output_tokens: number;
        readonly cache_creation_input_tokens: number;
        readonly cache_read_input_tokens: number;
      };
    };

export interface AgentCall {
  readonly type: "tool_use_sdk";
  readonly id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface AgentResult {
  readonly type: "tool_result_sdk";
  readonly tool_use_id: string;
  /** A text, or content blocks as the tool gave them. */
  readonly content: unknown;
  readonly is_error: boolean;
}

/** Whose doing an act is, as it is marked in every format. */
export const agentSource = "claude_agent_sdk";

/** How the line begins that tells of a call's result in a format without blocks for it. */
export function resultLineStart(callId: string): string {
  return `[${agentSource} tool_result ${callId}`;
}
