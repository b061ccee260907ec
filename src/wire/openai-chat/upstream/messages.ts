/** Canonical messages as messages of OpenAI chat completions. */
import { documentText, resultText } from "#core/as-text.ts";
import { GatewayError } from "#core/errors.ts";
import { isOpenaiModel, thinksAloud } from "#core/model-limits.ts";
import { prefilled } from "#core/prefilled.ts";
import type { DocumentPart, MediaSource, Message, Part, ReasoningPart, ToolResultPart } from "#core/request.ts";
import { isResult } from "#core/results-first.ts";
import { ownSignature } from "#core/sealed-reasoning.ts";
import { pathOf, settledMessages } from "#core/settled-messages.ts";
import type { UpstreamRequest } from "#core/upstream-format.ts";
import { plainName, shortText } from "#lib/short-text.ts";
import { boundNames } from "#lib/unread-fields.ts";

type Content = string | readonly WirePart[] | null;
type WirePart = Readonly<Record<string, unknown>>;

export interface WireMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: Content;
  readonly [key: string]: unknown;
}

export interface EncodedMessages {
  readonly messages: readonly WireMessage[];
  readonly ignoredFields: readonly string[];
}

interface Encoding {
  readonly model: string;
  /** Ids of files mean something to the vendor that has them. */
  readonly hasFiles: boolean;
  readonly refuse: (part: Part, message: string, hint?: string) => never;
}

/**
 * Instructions are one system message at the beginning, and later ones tagged text of the user: chat templates of many
 * servers take no other order. OpenAI's own models do.
 */
export function encodeMessages(request: UpstreamRequest): EncodedMessages {
  const { system, messages, model, wireFormat } = request;
  const encoding: Encoding = {
    model,
    hasFiles: wireFormat !== "anthropic-messages",
    refuse(part, message, hint) {
      throw new GatewayError("invalid-request", message, { param: pathOf(request, part), hint });
    },
  };
  const settled = settledMessages(messages, { lateSystem: isOpenaiModel(model) ? "stands" : "tagged" });
  const encoded = settled.flatMap((message) => encodeMessage(message, encoding));
  if (encoded.length === 0)
    throw new GatewayError("invalid-request", "The messages have no content.", { param: "messages" });
  const instructions: readonly WireMessage[] =
    system.length === 0 ? [] : [{ role: "system", content: system.join(paragraphBreak) }];
  return {
    messages: [...instructions, ...encoded],
    ignoredFields: [...leftOut(messages, settled, model), ...prefilled(request)],
  };
}

const paragraphBreak = "\n\n";
/** OpenAI takes no longer ones. */
const longestCallId = 40;
export const longestToolName = 64;

function encodeMessage({ role, content }: Message, encoding: Encoding): readonly WireMessage[] {
  if (role === "assistant") return [encodeAssistant(content, encoding)];
  const results = content.filter((part) => part.type === "tool-result");
  // A tool message is text: what else a result holds follows behind all of them.
  const shown = results.flatMap((result) => mediaOf(result));
  const said = contentOf([...shown, ...content.filter((part) => !isResult(part))], encoding);
  const told = said.length === 0 ? [] : [{ role, content: said }];
  return [...results.map(encodeResult), ...told];
}

// ---- the user's

/** A text where nothing else is in it: not every server takes parts. */
function contentOf(parts: readonly Part[], encoding: Encoding): string | readonly WirePart[] {
  const encoded = parts.flatMap((part) => encodePart(part, encoding));
  const texts = encoded.flatMap(({ text }) => (typeof text === "string" ? [text] : []));
  return texts.length === encoded.length ? texts.join(paragraphBreak) : encoded;
}

function encodePart(part: Part, encoding: Encoding): readonly WirePart[] {
  switch (part.type) {
    case "text":
      return part.text === "" ? [] : [{ type: "text", text: part.text }];
    case "image":
      return [{ type: "image_url", image_url: { url: imageUrl(part, part.source, encoding) } }];
    case "document":
      return encodeDocument(part, encoding);
    default:
      return encoding.refuse(part, "The Chat Completions API has no equivalent of this content.");
  }
}

function imageUrl(part: Part, source: MediaSource, { refuse }: Encoding): string {
  if (source.type === "url") return source.url;
  if (source.type === "base64") return dataUrl(source);
  return refuse(part, "The Chat Completions API takes no image by the id of a file.", "Send it as base64 or as a URL.");
}

function encodeDocument(part: DocumentPart, encoding: Encoding): readonly WirePart[] {
  const { source, context } = part;
  if (source.type === "text") return [{ type: "text", text: documentText(part) }];
  return [
    ...(context === undefined ? [] : [{ type: "text", text: context }]),
    { type: "file", file: encodeFile(part, source, encoding) },
  ];
}

function encodeFile(part: DocumentPart, source: MediaSource, { hasFiles, refuse }: Encoding): WirePart {
  if (source.type === "base64") return { filename: part.title ?? "document.pdf", file_data: dataUrl(source) };
  if (source.type === "file" && hasFiles) return { file_id: source.fileId };
  const what = source.type === "url" ? "no document by its URL" : "no file of another vendor";
  return refuse(part, `The Chat Completions API takes ${what}.`, "Send it as base64.");
}

function dataUrl({ mediaType, data }: Extract<MediaSource, { type: "base64" }>): string {
  return `data:${mediaType};base64,${data}`;
}

// ---- results of tools

function encodeResult(result: ToolResultPart): WireMessage {
  return { role: "tool", tool_call_id: shortText(result.callId, longestCallId), content: resultText(result) };
}

function mediaOf({ callId, content }: ToolResultPart): readonly Part[] {
  const media = content.filter(({ type }) => type !== "text");
  return media.length === 0 ? [] : [{ type: "text", text: `From the result of the tool call ${callId}:` }, ...media];
}

// ---- the assistant's

/** Asked at Google itself: where others serve its models, the maker stands before the name. */
const GEMINI = /^(?:models\/)?gemini-/;
/** They refuse a call without a signature. */
const WANTS_SIGNATURES = /^(?:models\/)?gemini-(?:[3-9]|[a-z-]*latest)/;
/** Google's word for a call that another model made (https://ai.google.dev/gemini-api/docs/thought-signatures). */
const NEVER_SIGNED = "skip_thought_signature_validator";

function encodeAssistant(parts: readonly Part[], encoding: Encoding): WireMessage {
  const { model } = encoding;
  const calls = encodeCalls(parts, model);
  const text = assistantText(parts, encoding);
  const thoughts = parts.filter((part) => part.type === "reasoning").map((part) => part.text);
  return {
    role: "assistant",
    content: text === "" ? null : text,
    ...(thinksAloud(model) && { reasoning_content: thoughts.join(paragraphBreak) }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

/** The fields of earlier reasoning that nobody gets: most servers refuse one they do not know. */
function leftOut(messages: readonly Message[], settled: readonly Message[], model: string): readonly string[] {
  const kept = new Set(settled.flatMap(({ content }) => content));
  const isSent = (part: ReasoningPart) =>
    kept.has(part) && ((thinksAloud(model) && part.text !== "") || signatureOf(part, model) !== undefined);
  const reasoning = messages.flatMap(({ content }) => content.filter((part) => part.type === "reasoning"));
  return boundNames(new Set(reasoning.filter((part) => !isSent(part)).map(({ field = "thinking" }) => field)));
}

/** Citations cut a text in mid-sentence; behind a call another begins. */
function assistantText(parts: readonly Part[], { refuse }: Encoding): string {
  let text = "";
  let isBroken = false;
  for (const part of parts) {
    if (part.type === "text") {
      text += (isBroken && text !== "" && part.text !== "" ? paragraphBreak : "") + part.text;
      isBroken = false;
    } else if (part.type === "tool-call") isBroken = true;
    else if (part.type !== "reasoning")
      refuse(part, "An assistant message of the Chat Completions API holds texts and calls alone.");
  }
  return text;
}

function encodeCalls(parts: readonly Part[], model: string): readonly WirePart[] {
  const calls = parts.filter((part) => part.type === "tool-call");
  const own = parts.map((part) => signatureOf(part, model)).find((found) => found !== undefined);
  const signature = own ?? (WANTS_SIGNATURES.test(model) ? NEVER_SIGNED : undefined);
  // It belongs to the first of the calls that were made together.
  const signed = signature !== undefined && { extra_content: { google: { thought_signature: signature } } };
  return calls.map(({ callId, toolName, input }, position) => ({
    id: shortText(callId, longestCallId),
    type: "function",
    function: { name: plainName(toolName, longestToolName), arguments: JSON.stringify(input) },
    ...(position === 0 && signed),
  }));
}

function signatureOf(part: Part, model: string): string | undefined {
  return part.type === "reasoning" && GEMINI.test(model) ? ownSignature("openai-chat", part.signature) : undefined;
}
