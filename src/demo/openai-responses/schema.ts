import * as v from "valibot";

/** Loose on purpose: only what the demo reads is checked, everything else passes as it came. */
const inputPart = v.variant("type", [
  v.looseObject({ type: v.literal("input_text"), text: v.string() }),
  v.looseObject({
    type: v.literal("input_image"),
    image_url: v.nullish(v.string()),
    file_id: v.nullish(v.string()),
  }),
  v.looseObject({
    type: v.literal("input_file"),
    file_data: v.nullish(v.string()),
    file_url: v.nullish(v.string()),
    file_id: v.nullish(v.string()),
    filename: v.nullish(v.string()),
  }),
]);

const outputPart = v.variant("type", [
  v.looseObject({ type: v.literal("output_text"), text: v.string() }),
  v.looseObject({ type: v.literal("refusal"), refusal: v.string() }),
]);

const outputSchema = v.union([v.string(), v.array(inputPart)]);

/** The message of a person or an instructor has no `type` in its short form. */
const messageSchema = v.variant("role", [
  v.looseObject({
    type: v.optional(v.literal("message"), "message"),
    role: v.picklist(["user", "system", "developer"]),
    content: v.union([v.string(), v.array(inputPart)]),
  }),
  v.looseObject({
    type: v.optional(v.literal("message"), "message"),
    role: v.literal("assistant"),
    content: v.union([v.string(), v.array(outputPart)]),
  }),
]);

const itemSchema = v.variant("type", [
  v.looseObject({
    type: v.literal("function_call"),
    call_id: v.string(),
    name: v.string(),
    arguments: v.string(),
  }),
  v.looseObject({ type: v.literal("custom_tool_call"), call_id: v.string(), name: v.string(), input: v.string() }),
  v.looseObject({
    type: v.picklist(["function_call_output", "custom_tool_call_output"]),
    call_id: v.string(),
    output: outputSchema,
  }),
  v.looseObject({
    type: v.literal("reasoning"),
    summary: v.array(v.looseObject({ type: v.literal("summary_text"), text: v.string() })),
    encrypted_content: v.nullish(v.string()),
  }),
]);

/** Items of the vendor's own tools: nothing in them speaks to the script. */
const otherSchema = v.pipe(
  v.looseObject({ type: v.string() }),
  v.transform(() => ({ type: "other" as const })),
);
const known = new Set([
  "function_call",
  "custom_tool_call",
  "function_call_output",
  "custom_tool_call_output",
  "reasoning",
]);

const inputItem = v.lazy((item) => {
  const type: unknown = typeof item === "object" && item !== null && "type" in item ? item.type : undefined;
  if (type === undefined || type === "message") return messageSchema;
  return typeof type === "string" && !known.has(type) ? otherSchema : itemSchema;
});

const toolSchema = v.looseObject({
  type: v.string(),
  name: v.optional(v.string()),
  parameters: v.nullish(v.looseObject({})),
});

const choiceSchema = v.union([
  v.picklist(["none", "auto", "required"]),
  v.looseObject({ type: v.string(), name: v.optional(v.string()) }),
]);

export const responsesSchema = v.looseObject({
  model: v.pipe(v.string(), v.nonEmpty()),
  input: v.union([v.string(), v.pipe(v.array(inputItem), v.minLength(1, "at least one item"))]),
  instructions: v.nullish(v.string()),
  stream: v.nullish(v.boolean()),
  include: v.nullish(v.array(v.string())),
  reasoning: v.nullish(v.looseObject({ summary: v.nullish(v.string()) })),
  max_output_tokens: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1))),
  previous_response_id: v.nullish(v.string()),
  tools: v.nullish(v.array(toolSchema)),
  tool_choice: v.nullish(choiceSchema),
  text: v.nullish(
    v.looseObject({ format: v.nullish(v.looseObject({ type: v.string(), schema: v.optional(v.unknown()) })) }),
  ),
});

export type ResponsesRequest = v.InferOutput<typeof responsesSchema>;
export type Item = Exclude<ResponsesRequest["input"], string>[number];
export type InputPart = v.InferOutput<typeof inputPart>;
