/** One streamed turn as the CLI prints it, line by line. */

export const answer = "Grüße aus 東京: 👩‍🚀 sagt “hello”, and that is all.";
export const model = "claude-sonnet-5";

/** Short pieces, two of which begin or end amid a family of joined characters. */
const pieces = ["Grüße aus ", "東京: ", "👩‍", "🚀 sagt ", "“hello”", ", and that is all."] as const;

export interface TurnOptions {
  readonly sessionId: string;
  readonly version: string;
  /** In place of the usual answer. */
  readonly text?: string;
  readonly usage?: boolean;
}

export interface TurnLines {
  /** Up to the start of the text. */
  readonly opening: readonly string[];
  readonly deltas: readonly string[];
  /** From the end of the text to the end of the message. */
  readonly closing: readonly string[];
  readonly result: string;
}

const inputUsage = { input_tokens: 25, cache_creation_input_tokens: 3, cache_read_input_tokens: 7 };

export function turnLines({ sessionId, version, text = answer, usage = true }: TurnOptions): TurnLines {
  const id = `msg_${crypto.randomUUID()}`;
  const tail = () => ({ session_id: sessionId, parent_tool_use_id: null, uuid: crypto.randomUUID() });
  const line = (fields: object) => JSON.stringify({ ...fields, ...tail() });
  const event = (body: object) => line({ type: "stream_event", event: body });
  const message = {
    id,
    type: "message",
    role: "assistant",
    model,
    stop_reason: null,
    stop_sequence: null,
    ...(usage && { usage: { ...inputUsage, output_tokens: 1 } }),
  };
  const parts = text === answer ? pieces : [text];
  return {
    opening: [
      line({
        type: "system",
        subtype: "init",
        cwd: "/",
        tools: [],
        mcp_servers: [],
        model,
        claude_code_version: version,
      }),
      line({ type: "system", subtype: "status", status: "requesting" }),
      event({ type: "message_start", message: { ...message, content: [] } }),
      event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
    ],
    deltas: parts.map((part) => event(textDelta(part))),
    closing: [
      line({ type: "assistant", message: { ...message, content: [{ type: "text", text }] } }),
      event({ type: "content_block_stop", index: 0 }),
      event({
        type: "message_delta",
        delta: { stop_reason: "end_turn", stop_sequence: null },
        ...(usage && { usage: { ...inputUsage, output_tokens: 12 } }),
      }),
      event({ type: "message_stop" }),
    ],
    result: line({
      duration_ms: 100,
      num_turns: 1,
      stop_reason: "end_turn",
      ...(usage && { usage: { ...inputUsage, output_tokens: 12 }, total_cost_usd: 0.0003, modelUsage: modelUsage() }),
      permission_denials: [],
      terminal_reason: "completed",
      is_error: false,
      subtype: "success",
      api_error_status: null,
      result: text,
      // Not first: the newest CLI sorts its keys its own way.
      type: "result",
    }),
  };
}

export function textDelta(text: string): object {
  return { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } };
}

function modelUsage() {
  const spent = { inputTokens: 25, outputTokens: 12, cacheReadInputTokens: 7, cacheCreationInputTokens: 3 };
  return { [model]: { ...spent, costUSD: 0.0003, contextWindow: 1_000_000, maxOutputTokens: 128_000 } };
}
