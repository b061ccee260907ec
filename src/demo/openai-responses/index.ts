/** OpenAI's Responses as the demo speaks them: what a request goes on from has been put into it already. */
import type { ApiError } from "#demo/api-error.ts";
import type { Format, Reading, Root } from "#demo/format.ts";
import { invalid, openaiCommon, parse, problemOfChoice, problemOfModel, problemOfTools } from "#demo/openai/common.ts";
import { joinNeighbours } from "#demo/openai/conversion.ts";
import { customSchema } from "#demo/openai/custom.ts";
import type { Asked } from "#demo/request.ts";

import { messagesOf } from "./items.ts";
import { problemOfItems } from "./rules.ts";
import type { Item, ResponsesRequest } from "./schema.ts";
import { responsesSchema } from "./schema.ts";
import { createResponsesWriter } from "./stream.ts";

export const openaiResponses: Format = { ...openaiCommon, read };

function read(body: unknown, root: Root): Reading {
  const parsed = parse(responsesSchema, body);
  if ("problem" in parsed) return parsed;
  const request = parsed.value;
  const items = itemsOf(request);
  const asked = askedOf(request, items);
  const problem = problemOf(request, asked, root) ?? problemOfItems(items);
  return problem === undefined ? { asked, writer: createResponsesWriter(request) } : { problem };
}

function itemsOf({ input }: ResponsesRequest): readonly Item[] {
  return typeof input === "string" ? [{ type: "message", role: "user", content: input }] : input;
}

function askedOf(request: ResponsesRequest, items: readonly Item[]): Asked {
  const { model, stream, instructions, tools, tool_choice: choice, max_output_tokens, text } = request;
  return {
    model,
    stream: stream === true,
    system: instructions ?? undefined,
    messages: joinNeighbours(items.flatMap(messagesOf)),
    tools: tools?.flatMap(({ type, name, parameters }) =>
      name === undefined ? [] : [{ name, input_schema: type === "custom" ? customSchema : parameters }],
    ),
    tool_choice: choiceOf(choice),
    max_tokens: max_output_tokens,
    output_config: { format: text?.format?.type === "json_schema" ? { schema: text.format.schema } : undefined },
  };
}

function choiceOf(choice: ResponsesRequest["tool_choice"]): Asked["tool_choice"] {
  if (choice === undefined || choice === null) return undefined;
  if (choice === "required") return { type: "any" };
  if (typeof choice === "string") return { type: choice };
  return choice.name === undefined ? { type: "auto" } : { type: "tool", name: choice.name };
}

function problemOf(request: ResponsesRequest, asked: Asked, root: Root): ApiError | undefined {
  const { model, tools = [] } = asked;
  return (
    problemOfModel(model) ??
    problemOfParameters(request, root) ??
    problemOfTools(tools, (index) => `tools[${index}].name`) ??
    problemOfChoice(asked.tool_choice ?? undefined, tools)
  );
}

function problemOfParameters(request: ResponsesRequest, root: Root): ApiError | undefined {
  const { previous_response_id: previous, max_output_tokens: most } = request;
  if (typeof previous === "string") {
    const message = `Previous response with id '${previous}' not found.`;
    return invalid(message, { param: "previous_response_id", type: "previous_response_not_found" });
  }
  if (root === "compatible" || typeof most !== "number" || most >= 16) return undefined;
  const message = `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${most} instead.`;
  return invalid(message, { param: "max_output_tokens", type: "integer_below_min_value" });
}
