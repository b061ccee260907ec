import { resultLineStart } from "#core/agent-act.ts";
import type { GatewayError } from "#core/errors.ts";
import type { Message, Part, ToolCallPart } from "#core/request.ts";
import { withResultsFirst } from "#core/results-first.ts";
import { parseArguments } from "#lib/parse-arguments.ts";
import { describeValue } from "#lib/schema-problem.ts";

import { invalidField } from "./error.ts";
import { unreadMessageFields } from "./ignored-fields.ts";
import { decodeFile, decodeImageUrl } from "./media.ts";
import type { InputPart, RequestMessage } from "./schema.ts";

type AssistantMessage = Extract<RequestMessage, { role: "assistant" }>;
type ToolMessage = Extract<RequestMessage, { role: "tool" }>;
type ToolCall = NonNullable<AssistantMessage["tool_calls"]>[number];

interface Conversation {
  readonly system: readonly string[];
  readonly messages: readonly Message[];
  readonly outOfContext: GatewayError | undefined;
  readonly places: ReadonlyMap<Part, string>;
}

interface Decoding {
  readonly places: Map<Part, string>;
  /** Ids of the tool calls so far: a result must answer one. */
  readonly callIds: Set<string>;
  readonly ignoredFields: Set<string>;
  /** Set where a result comes before any call: a session may remember what it answers. */
  outOfContext: GatewayError | undefined;
}

/** Adds to `ignoredFields` what the messages carry and no backend can be told. */
export function decodeMessages(messages: readonly RequestMessage[], ignoredFields: Set<string>): Conversation {
  const decoding: Decoding = { places: new Map(), callIds: new Set(), ignoredFields, outOfContext: undefined };
  const system: string[] = [];
  const merged: { role: Message["role"]; content: Part[] }[] = [];
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`;
    const { role, content } = decodeMessage(message, path, decoding);
    if (role === "user" && content.length === 0 && index === messages.length - 1)
      throw invalidField(`${path}.content`, "expected a text, an image or a file in the last message, got none");
    const last = merged.at(-1);
    if (role === "system" && last === undefined) system.push(...textsOf(content));
    else if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) merged.push({ role, content: [...content] });
  }
  if (merged.length === 0)
    throw invalidField("messages", "expected a message to answer, got only instructions", "Add a user message.");
  return {
    system,
    messages: merged.map(withResultsFirst),
    outOfContext: decoding.outOfContext,
    places: decoding.places,
  };
}

function decodeMessage(message: RequestMessage, path: string, decoding: Decoding): Message {
  for (const field of unreadMessageFields(message)) decoding.ignoredFields.add(field);
  switch (message.role) {
    case "system":
    case "developer":
      return { role: "system", content: decodeContent(message.content, path, decoding) };
    case "user":
      return { role: "user", content: decodeContent(message.content, path, decoding) };
    case "tool":
      return { role: "user", content: [decodeToolResult(message, path, decoding)] };
    case "assistant":
      return { role: "assistant", content: decodeAssistant(message, path, decoding) };
  }
}

function decodeContent(content: string | readonly InputPart[], path: string, decoding: Decoding): Part[] {
  if (typeof content === "string") return text(content);
  return content.flatMap((part, index) => {
    const partPath = `${path}.content[${index}]`;
    if (part.type === "text") return text(part.text);
    const medium = decodeMedium(part, partPath, decoding);
    decoding.places.set(medium, partPath);
    return [medium];
  });
}

function decodeMedium(part: Exclude<InputPart, { type: "text" }>, path: string, { ignoredFields }: Decoding): Part {
  if (part.type === "file") return decodeFile(part.file, `${path}.file`);
  const { detail } = part.image_url;
  if (typeof detail === "string" && detail !== "auto") ignoredFields.add("messages[].content[].image_url.detail");
  return decodeImageUrl(part.image_url, `${path}.image_url`);
}

function decodeToolResult(message: ToolMessage, path: string, decoding: Decoding): Part {
  const { tool_call_id: callId, content } = message;
  if (!decoding.callIds.has(callId)) {
    const problem = invalidField(
      `${path}.tool_call_id`,
      `expected the id of a tool call in an earlier assistant message, got ${describeValue(callId)}`,
      "Send the whole conversation, or name its session.",
    );
    if (decoding.callIds.size > 0) throw problem;
    decoding.outOfContext ??= problem;
  }
  return { type: "tool-result", callId, content: decodeContent(content, path, decoding), isError: false };
}

function decodeAssistant(message: AssistantMessage, path: string, decoding: Decoding): Part[] {
  const { content, refusal, reasoning_content: reasoning } = message;
  const parts: Part[] = [];
  if (typeof reasoning === "string" && reasoning !== "")
    parts.push({ type: "reasoning", text: reasoning, field: `${path}.reasoning_content` });
  if (typeof content === "string") parts.push(...text(content));
  for (const part of Array.isArray(content) ? content : [])
    parts.push(...text(part.type === "text" ? part.text : part.refusal));
  if (typeof refusal === "string") parts.push(...text(refusal));
  const said = textsOf(parts).join("");
  for (const [index, call] of (message.tool_calls ?? []).entries()) {
    // A call of the agent's, shown for `forward` with its result: no result will follow.
    if (said.includes(resultLineStart(call.id))) continue;
    parts.push(decodeToolCall(call, `${path}.tool_calls[${index}]`));
    decoding.callIds.add(call.id);
  }
  return parts;
}

function decodeToolCall(call: ToolCall, path: string): ToolCallPart {
  const { name, arguments: json } = call.function;
  return { type: "tool-call", callId: call.id, toolName: name, input: decodeArguments(json, path) };
}

function decodeArguments(json: string, path: string): unknown {
  const input = parseArguments(json);
  if (input !== undefined) return input;
  throw invalidField(
    `${path}.function.arguments`,
    `expected a JSON object as text, got ${describeValue(json)}`,
    "Send the arguments exactly as the model wrote them.",
  );
}

/** The Messages API, and so every backend behind it, refuses empty text blocks. */
function text(value: string): Part[] {
  return value === "" ? [] : [{ type: "text", text: value }];
}

function textsOf(content: readonly Part[]): string[] {
  return content.flatMap((part) => (part.type === "text" ? [part.text] : []));
}
