/** Canonical messages as content of the Anthropic messages API. */
import { GatewayError } from "#core/errors.ts";
import type {
  CacheMark,
  CacheMarks,
  DocumentPart,
  MediaSource,
  Message,
  ModelRequest,
  Part,
  ReasoningPart,
} from "#core/request.ts";
import { isMarked } from "#core/sealed-reasoning.ts";
import { isImage } from "#lib/is-image.ts";
import { boundNames } from "#lib/unread-fields.ts";

export interface WireMessage {
  readonly role: "user" | "assistant";
  readonly content: readonly WireBlock[];
}

export interface WireBlock {
  readonly type: string;
  readonly [key: string]: unknown;
}

/**
 * Alternating roles. A system message that came late stands where it was, as tagged user text: most models refuse the
 * role there. Throws `invalid-request`.
 */
export function encodeMessages(
  { messages, places }: Pick<ModelRequest, "messages" | "places">,
  nameOf: ToolNaming,
  marks?: CacheMarks,
): readonly WireMessage[] {
  const encoding = { nameOf, marks, placeOf: (part: Part, path: string) => places?.get(part) ?? path };
  const encoded: WireMessage[] = [];
  for (const [position, message] of messages.entries()) {
    const content = encodeParts(message.content, `messages[${position}]`, encoding);
    const shown = message.role === "system" ? content.map(tagged) : content;
    if (shown.length > 0)
      append(encoded, { role: message.role === "assistant" ? "assistant" : "user", content: shown });
  }
  if (encoded.length === 0)
    throw new GatewayError("invalid-request", "The messages have no content.", { param: "messages" });
  return withEveryResult(encoded).map(resultsFirst);
}

/** What stands there says so itself, in this format. */
export function markAt(marks: CacheMarks | undefined, place: object | string): { readonly cache_control?: CacheMark } {
  const mark = marks?.behind.get(place);
  return mark === undefined ? {} : { cache_control: mark };
}

/** The fields of earlier reasoning that `encodeMessages` leaves out: nobody signed it, or another vendor did. */
export function unsignedReasoning(messages: readonly Message[]): readonly string[] {
  const reasoning = messages.flatMap(({ content }) => content.filter((part) => part.type === "reasoning"));
  const unsigned = reasoning.filter((part) => encodeReasoning(part) === undefined);
  return boundNames(new Set(unsigned.map(({ field = "thinking" }) => field)));
}

/** The API wants each call answered in the very next message; one that its client dropped was not run. */
function withEveryResult(messages: readonly WireMessage[]): readonly WireMessage[] {
  return messages.map((message, position) => {
    const before = messages[position - 1];
    if (message.role === "assistant" || before === undefined) return message;
    const answered = new Set(message.content.filter(isResult).map((block) => block["tool_use_id"]));
    const open = before.content.filter(({ type, ...block }) => type === "tool_use" && !answered.has(block["id"]));
    return open.length === 0 ? message : { ...message, content: [...open.map(notRun), ...message.content] };
  });
}

function notRun(call: WireBlock): WireBlock {
  return { type: "tool_result", tool_use_id: call["id"], content: "This tool was not run.", is_error: true };
}

/** The name a tool has towards the model. */
export type ToolNaming = (name: string) => string;

/** Neighbours of one role become one. */
export function append(encoded: WireMessage[], message: WireMessage): void {
  const last = encoded.at(-1);
  if (last?.role === message.role)
    encoded[encoded.length - 1] = { ...last, content: [...last.content, ...message.content] };
  else encoded.push(message);
}

/** The API wants the results of an answer's tool calls before anything else the user says. */
function resultsFirst(message: WireMessage): WireMessage {
  if (message.role === "assistant" || !message.content.some(isResult)) return message;
  return {
    role: "user",
    content: [...message.content.filter(isResult), ...message.content.filter((block) => !isResult(block))],
  };
}

function isResult(block: WireBlock): boolean {
  return block.type === "tool_result";
}

function tagged(block: WireBlock): WireBlock {
  return block.type === "text"
    ? { ...block, text: `<system-message>\n${String(block["text"])}\n</system-message>` }
    : block;
}

interface Encoding {
  readonly nameOf: ToolNaming;
  readonly marks: CacheMarks | undefined;
  /** As its client wrote it; else the path. */
  readonly placeOf: (part: Part, path: string) => string;
}

function encodeParts(parts: readonly Part[], path: string, encoding: Encoding): readonly WireBlock[] {
  return parts.flatMap((part, position) => {
    const block = encodePart(part, `${path}.content[${position}]`, encoding);
    return block === undefined ? [] : [{ ...block, ...markAt(encoding.marks, part) }];
  });
}

/** undefined for what the API would refuse and nobody would miss: empty text, reasoning nobody signed. */
function encodePart(part: Part, path: string, encoding: Encoding): WireBlock | undefined {
  const { nameOf, placeOf } = encoding;
  switch (part.type) {
    case "text":
      return part.text === "" ? undefined : { type: "text", text: part.text };
    case "reasoning":
      return encodeReasoning(part);
    case "image":
      return { type: "image", source: encodeSource(part.source, placeOf(part, path), isImage) };
    case "document":
      return encodeDocument(part, placeOf(part, path));
    case "tool-call":
      return { type: "tool_use", id: part.callId, name: nameOf(part.toolName), input: part.input };
    case "tool-result":
      return {
        type: "tool_result",
        tool_use_id: part.callId,
        content: encodeParts(part.content, path, encoding),
        is_error: part.isError,
      };
    default:
      return encodeRaw(part.value, part.wireFormat === "anthropic-messages", placeOf(part, path));
  }
}

function encodeReasoning(part: ReasoningPart): WireBlock | undefined {
  const { text, signature, redactedData } = part;
  const seal = redactedData ?? signature;
  if (seal === undefined || isMarked(seal)) return undefined;
  return redactedData === undefined
    ? { type: "thinking", thinking: text, signature: seal }
    : { type: "redacted_thinking", data: seal };
}

function encodeDocument({ source, title, context }: DocumentPart, path: string): WireBlock {
  return {
    type: "document",
    source:
      source.type === "text"
        ? { type: "text", media_type: source.mediaType, data: source.text }
        : encodeSource(source, path, () => true),
    ...(title !== undefined && { title }),
    ...(context !== undefined && { context }),
  };
}

function encodeSource(source: MediaSource, path: string, isReadable: (data: string) => boolean): unknown {
  if (source.type === "url") return { type: "url", url: source.url };
  if (source.type === "file") return { type: "file", file_id: source.fileId };
  if (!BASE64.test(source.data) || source.data.length % 4 === 1 || !isReadable(source.data))
    throw new GatewayError("invalid-request", `The data is not a base64 ${source.mediaType}.`, { param: path });
  return { type: "base64", media_type: source.mediaType, data: source.data };
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

function encodeRaw(value: unknown, isOurs: boolean, path: string): WireBlock {
  if (isOurs && isBlock(value)) return value;
  throw new GatewayError("invalid-request", "The Messages API has no equivalent of this content.", { param: path });
}

function isBlock(value: unknown): value is WireBlock {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
