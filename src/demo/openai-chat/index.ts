/** OpenAI's chat completions as the demo speaks them. */
import type { ApiError } from "#demo/api-error.ts";
import type { Format, Reading, Root } from "#demo/format.ts";
import {
  invalid,
  isReasoningModel,
  openaiCommon,
  parse,
  problemOfChoice,
  problemOfModel,
  problemOfTools,
} from "#demo/openai/common.ts";
import { joinNeighbours } from "#demo/openai/conversion.ts";
import { customSchema } from "#demo/openai/custom.ts";
import type { Asked } from "#demo/request.ts";

import { messageOf } from "./messages.ts";
import { problemOfPairs } from "./pairs.ts";
import type { ChatRequest } from "./schema.ts";
import { chatSchema } from "./schema.ts";
import { createChatWriter } from "./stream.ts";

export const openaiChat: Format = { ...openaiCommon, read };

function read(body: unknown, root: Root): Reading {
  const parsed = parse(chatSchema, body);
  if ("problem" in parsed) return parsed;
  const asked = askedOf(parsed.value);
  const problem = problemOf(parsed.value, asked, root);
  if (problem !== undefined) return { problem };
  const { stream_options: options, tools = [] } = parsed.value;
  const customTools = tools.flatMap((tool) => (tool.type === "custom" ? [tool.custom.name] : []));
  return { asked, writer: createChatWriter({ includeUsage: options?.include_usage === true, customTools }) };
}

function askedOf(request: ChatRequest): Asked {
  const { model, messages, stream, stop, tools, response_format: format } = request;
  return {
    model,
    messages: joinNeighbours(messages.map(messageOf)),
    stream: stream === true,
    tools: tools?.map((tool) =>
      tool.type === "custom"
        ? { name: tool.custom.name, input_schema: customSchema }
        : { name: tool.function.name, input_schema: tool.function.parameters },
    ),
    tool_choice: choiceOf(request.tool_choice),
    max_tokens: request.max_completion_tokens ?? request.max_tokens,
    stop_sequences: typeof stop === "string" ? [stop] : stop,
    output_config: { format: format?.type === "json_schema" ? { schema: format.json_schema.schema } : undefined },
  };
}

function choiceOf(choice: ChatRequest["tool_choice"]): Asked["tool_choice"] {
  if (choice === undefined || choice === null) return undefined;
  if (choice === "required") return { type: "any" };
  if (typeof choice === "string") return { type: choice };
  if (choice.type === "allowed_tools") return { type: "auto" };
  return { type: "tool", name: choice.type === "custom" ? choice.custom.name : choice.function.name };
}

function problemOf(request: ChatRequest, asked: Asked, root: Root): ApiError | undefined {
  const { model, tools = [] } = asked;
  return (
    problemOfModel(model) ??
    problemOfParameters(request, root) ??
    problemOfTools(tools, (index) => `tools[${index}].function.name`) ??
    problemOfChoice(asked.tool_choice ?? undefined, tools) ??
    problemOfPairs(asked.messages)
  );
}

function problemOfParameters(
  { model, stream, stream_options, max_tokens }: ChatRequest,
  root: Root,
): ApiError | undefined {
  if (typeof stream_options === "object" && stream_options !== null && stream !== true) {
    const message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
    return invalid(message, { param: "stream_options" });
  }
  if (typeof max_tokens !== "number" || !isReasoningModel(model, root)) return undefined;
  const message =
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
  return invalid(message, { param: "max_tokens", type: "unsupported_parameter" });
}
