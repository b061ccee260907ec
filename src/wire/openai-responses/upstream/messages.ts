/** Canonical messages as items of OpenAI Responses. */
import { documentText, resultText } from "#core/as-text.ts";
import { GatewayError } from "#core/errors.ts";
import { isOpenaiModel, thinksAloud } from "#core/model-limits.ts";
import { prefilled } from "#core/prefilled.ts";
import type {
  DeclaredTool,
  DocumentPart,
  ImagePart,
  MediaSource,
  Message,
  Part,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
} from "#core/request.ts";
import { isResult } from "#core/results-first.ts";
import { ownSignature } from "#core/sealed-reasoning.ts";
import { pathOf, settledMessages } from "#core/settled-messages.ts";
import type { UpstreamRequest } from "#core/upstream-format.ts";
import { isRecord } from "#lib/is-record.ts";
import { plainName, shortText } from "#lib/short-text.ts";
import { boundNames } from "#lib/unread-fields.ts";

export type WireItem = Readonly<Record<string, unknown>>;

interface EncodedItems {
  readonly input: readonly WireItem[];
  readonly ignoredFields: readonly string[];
}

interface Encoding {
  readonly model: string;
  /** Ids of files mean something to the vendor that has them. */
  readonly hasFiles: boolean;
  readonly declared: ReadonlyMap<string, DeclaredTool>;
  readonly customCalls: ReadonlySet<string>;
  readonly refuse: (part: Part, message: string, hint?: string) => never;
}

/** Instructions that come late are tagged text of the user for models whose chat template takes no other order. */
export function encodeItems(request: UpstreamRequest): EncodedItems {
  const { messages, model, wireFormat, features } = request;
  const { tools = [] } = features;
  const declared = new Map(
    tools.flatMap(({ name, declaredAs }) => (declaredAs === undefined ? [] : [[name, declaredAs]])),
  );
  const encoding: Encoding = {
    model,
    hasFiles: wireFormat !== "anthropic-messages",
    declared,
    customCalls: customCallsIn(messages, declared),
    refuse(part, message, hint) {
      throw new GatewayError("invalid-request", message, { param: pathOf(request, part), hint });
    },
  };
  const settled = settledMessages(messages, { lateSystem: isOpenaiModel(model) ? "stands" : "tagged" });
  const input = settled.flatMap((message) => encodeMessage(message, encoding));
  if (input.length === 0)
    throw new GatewayError("invalid-request", "The messages have no content.", { param: "messages" });
  return { input, ignoredFields: [...leftOut(messages, settled, model), ...prefilled(request)] };
}

/** OpenAI takes no longer ones. */
const longestCallId = 64;
export const longestToolName = 64;

function customCallsIn(messages: readonly Message[], declared: Encoding["declared"]): ReadonlySet<string> {
  const calls = messages.flatMap(({ content }) => content.filter((part) => part.type === "tool-call"));
  return new Set(calls.filter(({ toolName }) => declared.get(toolName)?.kind === "custom").map(({ callId }) => callId));
}

function encodeMessage({ role, content }: Message, encoding: Encoding): readonly WireItem[] {
  if (role === "assistant") return encodeAssistant(content, encoding);
  const results = content.filter((part) => part.type === "tool-result");
  const said = content.filter((part) => !isResult(part)).flatMap((part) => encodePart(part, encoding));
  return [
    ...results.map((result) => encodeResult(result, encoding)),
    ...(said.length === 0 ? [] : [{ type: "message", role: role === "system" ? "developer" : role, content: said }]),
  ];
}

// ---- the user's

function encodePart(part: Part, encoding: Encoding): readonly WireItem[] {
  switch (part.type) {
    case "text":
      return part.text === "" ? [] : [{ type: "input_text", text: part.text }];
    case "image":
      return [{ type: "input_image", detail: "auto", ...encodeImage(part, encoding) }];
    case "document":
      return encodeDocument(part, encoding);
    default:
      return encoding.refuse(part, "The Responses API has no equivalent of this content.");
  }
}

function encodeImage(part: ImagePart, encoding: Encoding): WireItem {
  const { source } = part;
  if (source.type === "file") return { file_id: fileId(part, source.fileId, encoding) };
  return { image_url: source.type === "url" ? source.url : dataUrl(source) };
}

function encodeDocument(part: DocumentPart, encoding: Encoding): readonly WireItem[] {
  const { source, title, context } = part;
  if (source.type === "text") return [{ type: "input_text", text: documentText(part) }];
  const name = title !== undefined && { filename: title };
  return [
    ...(context === undefined ? [] : [{ type: "input_text", text: context }]),
    { type: "input_file", ...name, ...encodeFile(part, source, encoding) },
  ];
}

function encodeFile(part: DocumentPart, source: MediaSource, encoding: Encoding): WireItem {
  if (source.type === "url") return { file_url: source.url };
  if (source.type === "file") return { file_id: fileId(part, source.fileId, encoding) };
  return { filename: part.title ?? "document.pdf", file_data: dataUrl(source) };
}

function fileId(part: Part, id: string, { hasFiles, refuse }: Encoding): string {
  return hasFiles ? id : refuse(part, "The file with this id is another vendor's.", "Send it as base64.");
}

function dataUrl({ mediaType, data }: Extract<MediaSource, { type: "base64" }>): string {
  return `data:${mediaType};base64,${data}`;
}

/** A text where nothing else is in it: not every server takes parts. */
function encodeResult(result: ToolResultPart, encoding: Encoding): WireItem {
  const { callId, content } = result;
  const media = content.filter(({ type }) => type !== "text").flatMap((part) => encodePart(part, encoding));
  const text = resultText(result);
  return {
    type: encoding.customCalls.has(callId) ? "custom_tool_call_output" : "function_call_output",
    call_id: shortText(callId, longestCallId),
    output: media.length === 0 ? text : [{ type: "input_text", text }, ...media],
  };
}

// ---- the assistant's

function encodeAssistant(parts: readonly Part[], encoding: Encoding): readonly WireItem[] {
  const items: WireItem[] = [];
  let words: WireItem[] = [];
  for (const part of followed(parts)) {
    if (part.type === "text") {
      if (part.text === "") continue;
      if (words.length === 0) items.push({ type: "message", role: "assistant", content: (words = []) });
      words.push({ type: "output_text", text: part.text });
    } else {
      words = [];
      if (part.type === "tool-call") items.push(encodeCall(part, encoding));
      else if (part.type === "reasoning") items.push(...encodeReasoning(part, encoding.model));
      else encoding.refuse(part, "The assistant's items of the Responses API hold texts and calls alone.");
    }
  }
  return items;
}

/** OpenAI refuses a thought that nothing follows. */
function followed(parts: readonly Part[]): readonly Part[] {
  return parts.slice(0, parts.findLastIndex(isSaid) + 1);
}

function isSaid(part: Part): boolean {
  return part.type === "text" ? part.text !== "" : part.type !== "reasoning";
}

function encodeCall({ callId, toolName, input }: ToolCallPart, { declared }: Encoding): WireItem {
  const { name, namespace, kind }: DeclaredTool = declared.get(toolName) ?? {
    name: plainName(toolName, longestToolName),
    kind: "function",
  };
  const called = {
    call_id: shortText(callId, longestCallId),
    name,
    ...(namespace !== undefined && { namespace }),
  };
  return kind === "custom"
    ? { type: "custom_tool_call", ...called, input: customInput(input) }
    : { type: "function_call", ...called, arguments: JSON.stringify(input) };
}

/** See DeclaredTool. */
function customInput(input: unknown): string {
  const text = isRecord(input) ? input["input"] : undefined;
  return typeof text === "string" ? text : JSON.stringify(input);
}

/** What this API sealed goes back to it; what others thought, to models that want to see it. */
function encodeReasoning({ text, signature }: ReasoningPart, model: string): readonly WireItem[] {
  const sealed = ownSignature("openai-responses", signature);
  if (sealed !== undefined) {
    const summary = text === "" ? [] : [{ type: "summary_text", text }];
    const id = sealed.slice(0, sealed.indexOf(":"));
    const encrypted = sealed.slice(id.length + 1);
    return [{ type: "reasoning", ...(id !== "" && { id }), summary, encrypted_content: encrypted }];
  }
  return thinksAloud(model) && text !== ""
    ? [{ type: "reasoning", summary: [], content: [{ type: "reasoning_text", text }] }]
    : [];
}

/** The fields of earlier reasoning that nobody gets. */
function leftOut(messages: readonly Message[], settled: readonly Message[], model: string): readonly string[] {
  const sent = new Set(settled.flatMap(({ content }) => followed(content)));
  const reasoning = messages.flatMap(({ content }) => content.filter((part) => part.type === "reasoning"));
  const left = reasoning.filter((part) => !sent.has(part) || encodeReasoning(part, model).length === 0);
  return boundNames(new Set(left.map(({ field = "thinking" }) => field)));
}
