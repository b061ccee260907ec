import type { GatewayError } from "#core/errors.ts";
import type { Message, Part, ReasoningPart } from "#core/request.ts";
import { isResult, withResultsFirst } from "#core/results-first.ts";
import { describeValue } from "#lib/schema-problem.ts";
import { withoutNullish } from "#lib/without-nullish.ts";

import { type MarkedPlaces, noteMark } from "./cache-marks.ts";
import { invalidField } from "./error.ts";
import { unreadBlockFields, unreadMessageFields } from "./ignored-fields.ts";
import { decodeDocument, decodeImage } from "./media.ts";
import type { ContentBlock, ModelledBlock, RequestMessage } from "./schema.ts";

type ThinkingBlock = Extract<ModelledBlock, { type: "thinking" }>;
type ToolResultBlock = Extract<ModelledBlock, { type: "tool_result" | "tool_result_sdk" }>;

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
  readonly marks: MarkedPlaces;
  /** Set where a result comes before any call: a session may remember what it answers. */
  outOfContext: GatewayError | undefined;
}

/** Adds to `ignoredFields` what the messages carry and no backend can be told, and to `marks` where they have some. */
export function decodeMessages(
  messages: readonly RequestMessage[],
  ignoredFields: Set<string>,
  marks: MarkedPlaces,
): Conversation {
  const decoding: Decoding = { places: new Map(), callIds: new Set(), ignoredFields, marks, outOfContext: undefined };
  const system: string[] = [];
  const merged: { role: Message["role"]; content: Part[] }[] = [];
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`;
    const decoded = decodeMessage(message, path, decoding);
    if (decoded.role === "user" && decoded.content.length === 0)
      throw invalidField(`${path}.content`, "expected at least one content block that is not empty, got none");
    for (const { role, content } of inTrueRoles(decoded)) {
      const last = merged.at(-1);
      if (role === "system" && last === undefined) system.push(...instructionsOf(content, marks));
      else if (last?.role === role) last.content.push(...content);
      else if (content.length > 0) merged.push({ role, content: [...content] });
    }
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

/**
 * Claude Code marks its own requests with a first system block that varies from one to the next;
 * it is no instruction, and it would make equal conversations look different.
 */
export function decodeSystem(
  system: string | readonly { text: string }[] | null | undefined,
  marks: MarkedPlaces,
): string[] {
  const blocks = typeof system === "string" ? [{ text: system }] : (system ?? []);
  for (const block of blocks) noteMark(marks, block, block.text);
  const texts = blocks.map((block) => block.text);
  return texts.filter((value) => value !== "" && !value.startsWith("x-anthropic-billing-header:"));
}

function decodeMessage(message: RequestMessage, path: string, decoding: Decoding): Message {
  const { role, content } = message;
  for (const field of unreadMessageFields(message)) decoding.ignoredFields.add(field);
  if (typeof content === "string") return { role, content: text(content) };
  const parts = content.flatMap((block, index) => {
    const blockPath = `${path}.content[${index}]`;
    if (!belongsTo(role, block.type))
      throw invalidField(`${blockPath}.type`, `expected a block that a ${role} message may hold, got "${block.type}"`);
    return decodeBlock(block, blockPath, decoding);
  });
  return { role, content: parts };
}

/** An answer that shows what the agent did holds the results too; to the model they were the user's. */
function inTrueRoles({ role, content }: Message): readonly Message[] {
  if (role !== "assistant" || !content.some(isResult)) return [{ role, content }];
  return content.map((part) => ({ role: isResult(part) ? "user" : "assistant", content: [part] }));
}

const blocksOfOneRole: ReadonlyMap<string, RequestMessage["role"]> = new Map([
  ["tool_result", "user"],
  ["tool_use", "assistant"],
  ["thinking", "assistant"],
  ["redacted_thinking", "assistant"],
  ["system_message", "assistant"],
  ["tool_use_sdk", "assistant"],
  ["tool_result_sdk", "assistant"],
  ["result_message", "assistant"],
]);

function belongsTo(role: RequestMessage["role"], blockType: string): boolean {
  return (blocksOfOneRole.get(blockType) ?? role) === role;
}

function decodeBlock(block: ContentBlock, path: string, decoding: Decoding): Part[] {
  if (!isModelled(block))
    return placed({ type: "raw", wireFormat: "anthropic-messages", value: block }, path, decoding);
  for (const field of unreadBlockFields(block)) decoding.ignoredFields.add(field);
  const parts = decodeModelled(block, path, decoding);
  noteMark(decoding.marks, block, parts.at(-1));
  return parts;
}

function decodeModelled(block: ModelledBlock, path: string, decoding: Decoding): Part[] {
  switch (block.type) {
    case "text":
      return text(block.text);
    case "image":
      return placed(decodeImage(block, path), path, decoding);
    case "document":
      return placed(decodeDocument(block, path), path, decoding);
    case "thinking":
      return [decodeThinking(block, `${path}.thinking`)];
    case "redacted_thinking":
      return [{ type: "reasoning", text: "", redactedData: block.data, field: `${path}.data` }];
    case "system_message":
    case "result_message":
      return [];
    case "tool_use":
    case "tool_use_sdk":
      decoding.callIds.add(block.id);
      return [{ type: "tool-call", callId: block.id, toolName: block.name, input: block.input }];
    case "tool_result":
    case "tool_result_sdk":
      return [decodeToolResult(block, path, decoding)];
  }
}

function placed(part: Part, path: string, { places }: Decoding): Part[] {
  places.set(part, path);
  return [part];
}

const modelledTypes: ReadonlySet<string> = new Set<ModelledBlock["type"]>([
  "text",
  "image",
  "document",
  "thinking",
  "redacted_thinking",
  "tool_use",
  "tool_result",
  "system_message",
  "tool_use_sdk",
  "tool_result_sdk",
  "result_message",
]);

function isModelled(block: ContentBlock): block is ModelledBlock {
  return modelledTypes.has(block.type);
}

function decodeThinking({ thinking, signature }: ThinkingBlock, field: string): ReasoningPart {
  return { type: "reasoning", text: thinking, ...withoutNullish({ signature }), field };
}

function decodeToolResult(block: ToolResultBlock, path: string, decoding: Decoding): Part {
  const { tool_use_id: callId, content } = block;
  if (!decoding.callIds.has(callId)) {
    const problem = invalidField(
      `${path}.tool_use_id`,
      `expected the id of a tool_use block in an earlier assistant message, got ${describeValue(callId)}`,
      "Send the whole conversation, or name its session.",
    );
    if (decoding.callIds.size > 0) throw problem;
    decoding.outOfContext ??= problem;
  }
  const decoded =
    typeof content === "string"
      ? text(content)
      : (content ?? []).flatMap((inner, index) => decodeBlock(inner, `${path}.content[${index}]`, decoding));
  return { type: "tool-result", callId, content: decoded, isError: block.is_error ?? false };
}

/** The API refuses empty text blocks; histories written by other clients hold them. */
function text(value: string): Part[] {
  return value === "" ? [] : [{ type: "text", text: value }];
}

function instructionsOf(content: readonly Part[], marks: MarkedPlaces): string[] {
  return content.flatMap((part) => {
    if (part.type !== "text") return [];
    const mark = marks.get(part);
    if (mark !== undefined) marks.set(part.text, mark);
    return [part.text];
  });
}
