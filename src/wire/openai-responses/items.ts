import * as v from "valibot";

import type { GatewayError } from "#core/errors.ts";
import type { Message, Part } from "#core/request.ts";
import { withResultsFirst } from "#core/results-first.ts";
import { parseArguments } from "#lib/parse-arguments.ts";
import { describeValue, explainIssue } from "#lib/schema-problem.ts";

import { compactionPrompt, openSummary } from "./compaction.ts";
import { invalidField } from "./error.ts";
import { decodeFile, decodeImage } from "./media.ts";
import { openReasoning } from "./reasoning-envelope.ts";
import {
  additionalToolsSchema,
  type CallItem,
  callItemSchema,
  callOutputItemSchema,
  compactionItemSchema,
  type InputContent,
  type InputItem,
  messageItemSchema,
  reasoningItemSchema,
} from "./schema.ts";
import { type DeclaredTools, flatName } from "./tools.ts";

export interface Conversation {
  readonly system: readonly string[];
  readonly messages: readonly Message[];
  /** Tools that the conversation brings along, beside those of the request. */
  readonly tools: readonly DeclaredTools[];
  readonly outOfContext: GatewayError | undefined;
  readonly places: ReadonlyMap<Part, string>;
  /** It asks to be summed up. */
  readonly compacts: boolean;
}

interface Decoding {
  readonly places: Map<Part, string>;
  /** Ids of the calls so far: an output must answer one. */
  readonly callIds: Set<string>;
  readonly ignoredFields: Set<string>;
  readonly tools: DeclaredTools[];
  /** Set where an output comes before any call: a session may remember what it answers. */
  outOfContext: GatewayError | undefined;
  compacts: boolean;
}

/** Adds to `ignoredFields` what the items carry and no backend can be told. `kept`: see WireFormat.decodeRequest. */
export function decodeInput(
  input: string | readonly InputItem[],
  kept: number,
  ignoredFields: Set<string>,
): Conversation {
  const items: readonly InputItem[] = typeof input === "string" ? [{ role: "user", content: input }] : input;
  const decoding: Decoding = {
    places: new Map(),
    callIds: new Set(),
    ignoredFields,
    tools: [],
    outOfContext: undefined,
    compacts: false,
  };
  const system: string[] = [];
  const merged: { role: Message["role"]; content: Part[] }[] = [];
  for (const [index, item] of items.entries()) {
    const path = itemPath(index, kept);
    const message = decodeItem(item, path, decoding);
    if (message === undefined) continue;
    const { role, content } = message;
    if (role === "user" && content.length === 0 && index === items.length - 1)
      throw invalidField(`${path}.content`, "expected a text, an image or a file in the last message, got none");
    const last = merged.at(-1);
    if (role === "system" && last === undefined) system.push(...textsOf(content));
    else if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) merged.push({ role, content: [...content] });
  }
  leaveOutBrokenOff(merged, ignoredFields);
  if (merged.length === 0)
    throw invalidField("input", "expected a message to answer, got only instructions", "Add a user message.");
  const { tools, outOfContext, compacts, places } = decoding;
  return { system, messages: merged.map(withResultsFirst), tools, outOfContext, compacts, places };
}

/** As the client counts its items; those before them came with the response that it goes on from. */
export function itemPath(index: number, kept: number): string {
  return index < kept ? `previous_response_id.input[${index}]` : `input[${index - kept}]`;
}

/**
 * An answer that broke off, which Codex sends back when it asks once more. Claude's newer models refuse to go on with
 * words put into their mouths, so it is asked what came before them.
 */
function leaveOutBrokenOff(
  messages: { readonly role: Message["role"]; readonly content: Part[] }[],
  ignored: Set<string>,
) {
  const [before, last] = messages.slice(-2);
  if (before?.role !== "user" || last?.role !== "assistant") return;
  if (last.content.some(({ type }) => type === "tool-call")) return;
  messages.pop();
  ignored.add("input[-1].role=assistant");
}

/** undefined for what is no part of a conversation. */
function decodeItem(item: InputItem, path: string, decoding: Decoding): Message | undefined {
  switch (item.type) {
    case undefined:
    case null:
    case "message":
      return decodeMessage(parseItem(messageItemSchema, item, path), path, decoding);
    case "function_call":
    case "custom_tool_call":
      return { role: "assistant", content: [decodeCall(parseItem(callItemSchema, item, path), path, decoding)] };
    case "function_call_output":
    case "custom_tool_call_output":
      return { role: "user", content: [decodeOutput(parseItem(callOutputItemSchema, item, path), path, decoding)] };
    case "reasoning":
      return {
        role: "assistant",
        content: decodeReasoning(parseItem(reasoningItemSchema, item, path), path, decoding),
      };
    case "additional_tools": {
      const { tools } = parseItem(additionalToolsSchema, item, path);
      decoding.tools.push({ tools, path: `${path}.tools` });
      return undefined;
    }
    case "compaction_trigger":
      decoding.compacts = true;
      return { role: "user", content: text(compactionPrompt) };
    case "compaction": {
      const summary = openSummary(parseItem(compactionItemSchema, item, path).encrypted_content);
      if (summary === undefined) decoding.ignoredFields.add("input[].type=compaction");
      return summary === undefined ? undefined : { role: "user", content: text(summary) };
    }
    case "item_reference":
      throw invalidField(`${path}.id`, "expected an item of a stored response", "Send the item itself.");
    default:
      decoding.ignoredFields.add(`input[].type=${item.type}`);
      return undefined;
  }
}

function parseItem<Schema extends v.GenericSchema>(
  schema: Schema,
  item: InputItem,
  path: string,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, item, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const { path: inner, explanation } = explainIssue(parsed.issues[0]);
  throw invalidField(inner === "" ? path : `${path}.${inner}`, explanation);
}

type MessageItem = v.InferOutput<typeof messageItemSchema>;

function decodeMessage({ role, content }: MessageItem, path: string, decoding: Decoding): Message {
  const decoded = decodeContent(content, `${path}.content`, decoding);
  if (role === "user") return { role, content: decoded };
  const media = decoded.findIndex(({ type }) => type !== "text");
  if (media !== -1)
    throw invalidField(`${path}.content[${media}]`, `expected a text in a message of the role ${role}, got a medium`);
  return { role: role === "assistant" ? role : "system", content: decoded };
}

function decodeContent(content: InputContent, path: string, { ignoredFields, places }: Decoding): Part[] {
  const placed = (part: Part, at: string) => {
    places.set(part, at);
    return [part];
  };
  if (typeof content === "string") return text(content);
  return content.flatMap((part, index): Part[] => {
    switch (part.type) {
      case "refusal":
        return text(part.refusal);
      case "input_image": {
        const { detail } = part;
        if (typeof detail === "string" && detail !== "auto") ignoredFields.add("input[].content[].detail");
        return placed(decodeImage(part, `${path}[${index}]`), `${path}[${index}]`);
      }
      case "input_file":
        return placed(decodeFile(part, `${path}[${index}]`), `${path}[${index}]`);
      default:
        return text(part.text);
    }
  });
}

function decodeCall(call: CallItem, path: string, { callIds }: Decoding): Part {
  callIds.add(call.call_id);
  const input = call.type === "custom_tool_call" ? { input: call.input } : decodeArguments(call.arguments, path);
  return { type: "tool-call", callId: call.call_id, toolName: flatName(call.name, call.namespace), input };
}

function decodeArguments(json: string, path: string): unknown {
  const input = parseArguments(json);
  if (input !== undefined) return input;
  throw invalidField(
    `${path}.arguments`,
    `expected a JSON object as text, got ${describeValue(json)}`,
    "Send the arguments exactly as the model wrote them.",
  );
}

type OutputItem = v.InferOutput<typeof callOutputItemSchema>;

function decodeOutput({ call_id: callId, output }: OutputItem, path: string, decoding: Decoding): Part {
  if (!decoding.callIds.has(callId)) {
    const problem = invalidField(
      `${path}.call_id`,
      `expected the id of an earlier call, got ${describeValue(callId)}`,
      "Send the call before its output, or name the response that made it in `previous_response_id`.",
    );
    if (decoding.callIds.size > 0) throw problem;
    decoding.outOfContext ??= problem;
  }
  return {
    type: "tool-result",
    callId,
    content: decodeContent(output, `${path}.output`, decoding),
    isError: false,
  };
}

type ReasoningItem = v.InferOutput<typeof reasoningItemSchema>;

/** What another vendor has encrypted means nothing here: such an item is left out, and the client told so. */
function decodeReasoning(
  { summary, content, encrypted_content: encrypted }: ReasoningItem,
  path: string,
  { ignoredFields }: Decoding,
): Part[] {
  const said = [...(summary ?? []), ...(content ?? [])].map((part) => part.text).join("\n\n");
  if (typeof encrypted !== "string")
    return said === "" ? [] : [{ type: "reasoning", text: said, field: `${path}.summary` }];
  const field = `${path}.encrypted_content`;
  const sealed = openReasoning(encrypted);
  if (sealed !== undefined) return [{ type: "reasoning", text: said, ...sealed, field }];
  ignoredFields.add(field);
  return [];
}

/** The Messages API, and so every backend behind it, refuses empty text blocks. */
function text(value: string): Part[] {
  return value === "" ? [] : [{ type: "text", text: value }];
}

function textsOf(content: readonly Part[]): string[] {
  return content.flatMap((part) => (part.type === "text" ? [part.text] : []));
}
