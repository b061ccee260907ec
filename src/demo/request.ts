import * as v from "valibot";

/** Loose on purpose: only what the demo reads is checked, everything else passes as it came. */
const blockSchema = v.looseObject({
  type: v.string(),
  text: v.optional(v.string()),
  id: v.optional(v.string()),
  name: v.optional(v.string()),
  tool_use_id: v.optional(v.string()),
  is_error: v.nullish(v.boolean()),
  content: v.optional(v.unknown()),
  // A search result's source is its address.
  source: v.optional(v.union([v.string(), v.looseObject({ type: v.string() })])),
});

const contentSchema = v.union([v.string(), v.array(blockSchema)], "a string or a list of content blocks");

const messageSchema = v.looseObject({
  role: v.picklist(["user", "assistant", "system"]),
  content: contentSchema,
});

const toolSchema = v.looseObject({ name: v.string(), input_schema: v.optional(v.unknown()) });

const countSchema = v.looseObject({
  model: v.pipe(v.string(), v.nonEmpty()),
  messages: v.pipe(v.array(messageSchema), v.minLength(1, "at least one message is required")),
  system: v.optional(v.unknown()),
  tools: v.optional(v.array(toolSchema)),
});

const messagesSchema = v.looseObject({
  ...countSchema.entries,
  max_tokens: v.pipe(v.number(), v.integer(), v.minValue(0)),
  stream: v.optional(v.boolean()),
  stop_sequences: v.nullish(v.array(v.string())),
  temperature: v.nullish(v.number()),
  top_p: v.nullish(v.number()),
  top_k: v.nullish(v.number()),
  tool_choice: v.nullish(v.looseObject({ type: v.string(), name: v.optional(v.string()) })),
  thinking: v.nullish(v.looseObject({ type: v.string() })),
  output_format: v.nullish(v.looseObject({ type: v.string(), schema: v.optional(v.unknown()) })),
  thread: v.optional(v.unknown()),
  output_config: v.nullish(
    v.looseObject({ format: v.nullish(v.looseObject({ type: v.string(), schema: v.optional(v.unknown()) })) }),
  ),
});

export type Block = v.InferOutput<typeof blockSchema>;
export type ChatMessage = v.InferOutput<typeof messageSchema>;
export type CountRequest = v.InferOutput<typeof countSchema>;
export type MessagesRequest = v.InferOutput<typeof messagesSchema>;

/** What the script reads of a request of any API: the others are read into the words of Anthropic's. */
export interface Asked {
  readonly model: string;
  readonly stream?: boolean | undefined;
  readonly system?: unknown;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly AskedTool[] | undefined;
  readonly tool_choice?: { readonly type: string; readonly name?: string | undefined } | null | undefined;
  readonly max_tokens?: number | null | undefined;
  readonly stop_sequences?: readonly string[] | null | undefined;
  readonly output_config?: { readonly format?: { readonly schema?: unknown } | null | undefined } | null | undefined;
}

export interface AskedTool {
  readonly name: string;
  readonly input_schema?: unknown;
}

export type Parsed<T> = { readonly value: T } | { readonly problem: string };

export function parseMessagesRequest(body: unknown): Parsed<MessagesRequest> {
  return parse(messagesSchema, body);
}

export function parseCountRequest(body: unknown): Parsed<CountRequest> {
  return parse(countSchema, body);
}

/** The content blocks of one message, or of one tool result; a bare string is one text block. */
export function blocksOf(content: unknown): readonly Block[] {
  const parsed = v.safeParse(contentSchema, content);
  if (!parsed.success) return [];
  return typeof parsed.output === "string" ? [{ type: "text", text: parsed.output }] : parsed.output;
}

/** `problem` reads as the real API's: `max_tokens: Field required`. */
function parse<T>(schema: v.GenericSchema<unknown, T>, body: unknown): Parsed<T> {
  const result = v.safeParse(schema, body);
  if (result.success) return { value: result.output };
  const [issue] = result.issues;
  return {
    problem: `${v.getDotPath(issue) ?? "body"}: ${issue.received === "undefined" ? "Field required" : issue.message}`,
  };
}
