/** What the CLI prints, one JSON object a line, parsed once into the few shapes this backend acts on. */
import * as v from "valibot";

import {
  type ContentBlock,
  contentSchema,
  type StreamEvent,
  streamEventSchema,
  type UpstreamUsage,
  usage,
} from "#wire/anthropic-messages/upstream/schema.ts";

const text = v.fallback(v.string(), "");
const tokens = v.fallback(v.number(), 0);

const modelUsageSchema = v.record(
  v.string(),
  v.looseObject({
    inputTokens: tokens,
    outputTokens: tokens,
    cacheReadInputTokens: tokens,
    cacheCreationInputTokens: tokens,
  }),
);
export type ModelUsage = v.InferOutput<typeof modelUsageSchema>;

const resultSchema = v.looseObject({
  type: v.literal("result"),
  subtype: text,
  is_error: v.fallback(v.boolean(), false),
  api_error_status: v.fallback(v.nullish(v.number()), null),
  num_turns: v.optional(tokens),
  result: v.fallback(v.nullish(v.string()), null),
  stop_reason: v.fallback(v.nullish(v.string()), null),
  terminal_reason: v.fallback(v.nullish(v.string()), null),
  total_cost_usd: v.fallback(v.nullish(v.number()), null),
  usage,
  modelUsage: v.fallback(v.nullish(modelUsageSchema), null),
  errors: v.fallback(v.nullish(v.array(v.string())), null),
  structured_output: v.optional(v.unknown()),
});
export type ResultLine = v.InferOutput<typeof resultSchema>;

const assistantSchema = v.looseObject({
  type: v.literal("assistant"),
  uuid: text,
  message: v.looseObject({ id: text, model: text, content: contentSchema, usage }),
  error: v.optional(v.unknown()),
});
const userSchema = v.looseObject({ type: v.literal("user"), message: v.looseObject({ content: contentSchema }) });
const controlResponseSchema = v.looseObject({
  type: v.literal("control_response"),
  response: v.looseObject({
    subtype: text,
    request_id: v.string(),
    response: v.optional(v.unknown()),
    error: v.optional(text),
  }),
});
const controlRequestSchema = v.looseObject({
  type: v.literal("control_request"),
  request_id: v.string(),
  request: v.looseObject({ subtype: text }),
});
/** What the CLI asks its host: `mcp_message`, `can_use_tool`, `hook_callback`, each with its own members. */
export type ControlQuestion = v.InferOutput<typeof controlRequestSchema>["request"];
const controlCancelSchema = v.looseObject({ type: v.literal("control_cancel_request"), request_id: v.string() });
const initSchema = v.looseObject({ session_id: text, model: text, claude_code_version: text });
const retrySchema = v.looseObject({
  attempt: v.fallback(v.number(), 1),
  max_retries: v.fallback(v.number(), 0),
  retry_delay_ms: tokens,
  error_status: v.fallback(v.nullish(v.number()), null),
  error: text,
});
export type RetryLine = v.InferOutput<typeof retrySchema>;
const rateLimitSchema = v.looseObject({
  type: v.literal("rate_limit_event"),
  rate_limit_info: v.looseObject({
    status: text,
    resetsAt: v.fallback(v.nullish(v.number()), null),
    rateLimitType: v.fallback(v.nullish(v.string()), null),
  }),
});
export type RateLimit = v.InferOutput<typeof rateLimitSchema>["rate_limit_info"];

const lineSchema = v.looseObject({
  type: v.string(),
  subtype: v.optional(v.unknown()),
  parent_tool_use_id: v.optional(v.unknown()),
});

export type CliLine =
  | { readonly type: "stream"; readonly event: StreamEvent }
  | {
      readonly type: "assistant";
      readonly id: string;
      /** Of the line, by which a conversation can be resumed. */
      readonly uuid: string;
      readonly model: string;
      readonly blocks: readonly ContentBlock[];
      readonly usage: UpstreamUsage | null;
      /** Set when the message is the CLI's own report of a failure. */
      readonly error: string | undefined;
    }
  | { readonly type: "user"; readonly blocks: readonly ContentBlock[] }
  | { readonly type: "result"; readonly result: ResultLine }
  | { readonly type: "retry"; readonly retry: RetryLine }
  | { readonly type: "rate-limit"; readonly rateLimit: RateLimit }
  | { readonly type: "init"; readonly sessionId: string; readonly model: string; readonly version: string }
  | {
      readonly type: "control-response";
      readonly requestId: string;
      readonly response: unknown;
      readonly error: string | undefined;
    }
  | { readonly type: "control-request"; readonly requestId: string; readonly request: ControlQuestion }
  /** The CLI no longer wants to know what it asked. */
  | { readonly type: "control-cancel"; readonly requestId: string }
  /** Known, and of no use here. */
  | { readonly type: "ignored" }
  | { readonly type: "unknown"; readonly name: string }
  | { readonly type: "garbage" };

/** Lines that mean a turn: outside of one they come from work nobody here asked for. */
export function isActivity(line: CliLine): boolean {
  return line.type === "stream" || line.type === "assistant" || line.type === "result" || line.type === "user";
}

const IGNORED: CliLine = { type: "ignored" };
const GARBAGE: CliLine = { type: "garbage" };

/** Line types both known versions print that say nothing about the answer. */
const QUIET_TYPES: ReadonlySet<string> = new Set([
  "keep_alive",
  "tool_progress",
  "command_lifecycle",
  "prompt_suggestion",
]);

/** Never throws: what cannot be read is `garbage`, what is not known is `unknown`. */
export function parseLine(line: string): CliLine {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return GARBAGE;
  }
  const envelope = v.safeParse(lineSchema, json);
  if (!envelope.success) return GARBAGE;
  const { type, subtype, parent_tool_use_id: parent } = envelope.output;
  // A sub-agent talks to the agent, not to the client; what it cost is in the result.
  if (parent !== undefined && parent !== null) return IGNORED;
  return parseKnown(type, subtype, json) ?? { type: "unknown", name: nameOf(type, subtype) };
}

function nameOf(type: string, subtype: unknown): string {
  return typeof subtype === "string" ? `${type}/${subtype}` : type;
}

/** undefined when the type, or the shape of a known one, is not known. */
function parseKnown(type: string, subtype: unknown, json: unknown): CliLine | undefined {
  switch (type) {
    case "stream_event":
      return parseStreamEvent(json);
    case "assistant":
      return parseAssistant(json);
    case "user":
      return read(userSchema, json, ({ message }) => ({ type: "user", blocks: blocksOf(message.content) }));
    case "result":
      return read(resultSchema, json, (result) => ({ type: "result", result }));
    case "system":
      return parseSystem(subtype, json);
    case "control_response":
      return read(controlResponseSchema, json, ({ response }) => ({
        type: "control-response",
        requestId: response.request_id,
        response: response.response,
        error: response.subtype === "error" ? (response.error ?? "unknown error") : undefined,
      }));
    case "control_request":
      return read(controlRequestSchema, json, ({ request_id, request }) => ({
        type: "control-request",
        requestId: request_id,
        request,
      }));
    case "control_cancel_request":
      return read(controlCancelSchema, json, ({ request_id }) => ({ type: "control-cancel", requestId: request_id }));
    case "rate_limit_event":
      return read(rateLimitSchema, json, ({ rate_limit_info }) => ({ type: "rate-limit", rateLimit: rate_limit_info }));
    default:
      return QUIET_TYPES.has(type) ? IGNORED : undefined;
  }
}

const streamLineSchema = v.looseObject({ event: v.looseObject({ type: v.string() }) });

function parseStreamEvent(json: unknown): CliLine | undefined {
  const line = v.safeParse(streamLineSchema, json);
  if (!line.success) return undefined;
  const event = v.safeParse(streamEventSchema, line.output.event);
  if (event.success) return { type: "stream", event: event.output };
  return line.output.event.type === "ping" ? IGNORED : undefined;
}

function parseAssistant(json: unknown): CliLine | undefined {
  return read(assistantSchema, json, ({ message, uuid, error }) => ({
    type: "assistant",
    id: message.id,
    uuid,
    model: message.model,
    blocks: blocksOf(message.content),
    usage: message.usage,
    error: typeof error === "string" ? error : undefined,
  }));
}

const QUIET_SYSTEM: ReadonlySet<string> = new Set([
  "status",
  "thinking_tokens",
  "ui_invalidate",
  "task_started",
  "task_updated",
  "task_progress",
  "task_notification",
  "background_tasks_changed",
  "permission_denied",
  "compact_boundary",
  "microcompact_boundary",
  "hook_started",
  "hook_progress",
  "hook_response",
  "files_persisted",
  "local_command_output",
  "session_state_changed",
  "model_refusal_no_fallback",
  "model_refusal_retry",
  "model_fallback",
  "informational",
]);

function parseSystem(subtype: unknown, json: unknown): CliLine | undefined {
  if (subtype === "init")
    return read(initSchema, json, (init) => ({
      type: "init",
      sessionId: init.session_id,
      model: init.model,
      version: init.claude_code_version,
    }));
  if (subtype === "api_retry") return read(retrySchema, json, (retry) => ({ type: "retry", retry }));
  return typeof subtype === "string" && QUIET_SYSTEM.has(subtype) ? IGNORED : undefined;
}

function blocksOf(content: string | readonly ContentBlock[]): readonly ContentBlock[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

function read<const Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
  use: (output: v.InferOutput<Schema>) => CliLine,
): CliLine | undefined {
  const parsed = v.safeParse(schema, json);
  return parsed.success ? use(parsed.output) : undefined;
}
