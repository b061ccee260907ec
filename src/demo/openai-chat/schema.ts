import * as v from "valibot";

/** Loose on purpose: only what the demo reads is checked, everything else passes as it came. */
const textPart = v.looseObject({ type: v.literal("text"), text: v.string() });
const texts = v.union([v.string(), v.array(textPart)]);

const userPart = v.variant("type", [
  textPart,
  v.looseObject({ type: v.literal("image_url"), image_url: v.looseObject({ url: v.string() }) }),
  v.looseObject({ type: v.literal("input_audio"), input_audio: v.looseObject({ data: v.string() }) }),
  v.looseObject({
    type: v.literal("file"),
    file: v.looseObject({
      file_data: v.optional(v.string()),
      file_id: v.optional(v.string()),
      filename: v.optional(v.string()),
    }),
  }),
]);

const callSchema = v.variant("type", [
  v.looseObject({
    id: v.string(),
    type: v.literal("function"),
    function: v.looseObject({ name: v.string(), arguments: v.string() }),
  }),
  v.looseObject({
    id: v.string(),
    type: v.literal("custom"),
    custom: v.looseObject({ name: v.string(), input: v.string() }),
  }),
]);

const messageSchema = v.variant("role", [
  v.looseObject({ role: v.picklist(["system", "developer"]), content: texts }),
  v.looseObject({ role: v.literal("user"), content: v.union([v.string(), v.array(userPart)]) }),
  v.looseObject({
    role: v.literal("assistant"),
    content: v.nullish(
      v.union([
        v.string(),
        v.array(v.variant("type", [textPart, v.looseObject({ type: v.literal("refusal"), refusal: v.string() })])),
      ]),
    ),
    refusal: v.nullish(v.string()),
    reasoning_content: v.nullish(v.string()),
    tool_calls: v.optional(v.pipe(v.array(callSchema), v.minLength(1, "at least one call"))),
  }),
  v.looseObject({ role: v.literal("tool"), tool_call_id: v.string(), content: texts }),
]);

const choiceSchema = v.union([
  v.picklist(["none", "auto", "required"]),
  v.variant("type", [
    v.object({ type: v.literal("function"), function: v.looseObject({ name: v.string() }) }),
    v.object({ type: v.literal("custom"), custom: v.looseObject({ name: v.string() }) }),
    v.object({ type: v.literal("allowed_tools") }),
  ]),
]);

export const chatSchema = v.looseObject({
  model: v.pipe(v.string(), v.nonEmpty()),
  messages: v.pipe(v.array(messageSchema), v.minLength(1, "at least one message")),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.nullish(v.boolean()) })),
  max_tokens: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1))),
  max_completion_tokens: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1))),
  stop: v.nullish(v.union([v.string(), v.pipe(v.array(v.string()), v.maxLength(4, "at most 4 sequences"))])),
  tools: v.optional(
    v.array(
      v.variant("type", [
        v.looseObject({
          type: v.literal("function"),
          function: v.looseObject({ name: v.string(), parameters: v.optional(v.looseObject({})) }),
        }),
        v.looseObject({ type: v.literal("custom"), custom: v.looseObject({ name: v.string() }) }),
      ]),
    ),
  ),
  tool_choice: v.nullish(choiceSchema),
  response_format: v.nullish(
    v.variant("type", [
      v.looseObject({ type: v.picklist(["text", "json_object"]) }),
      v.looseObject({
        type: v.literal("json_schema"),
        json_schema: v.looseObject({ name: v.string(), schema: v.optional(v.unknown()) }),
      }),
    ]),
  ),
});

export type ChatRequest = v.InferOutput<typeof chatSchema>;
export type Message = ChatRequest["messages"][number];
