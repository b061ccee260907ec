/** What a provider was asked, in whatever API, in one common form. */
import { isRecord } from "#lib/is-record.ts";

import type { Format } from "./provider-ways.ts";

/** `[who, what]`, in order; calls and results with their ids. */
export type Seen = readonly (readonly [string, ...unknown[]])[];

export function conversationIn(format: Format, body: unknown): Seen {
  if (!isRecord(body)) return [];
  switch (format) {
    case "openai-chat":
      return listOf(body["messages"]).flatMap(chatSeen);
    case "openai-responses":
      return [
        ...(body["instructions"] === undefined ? [] : [["system", body["instructions"]] as const]),
        ...listOf(body["input"]).flatMap(itemSeen),
      ];
    case "anthropic-messages":
      return [
        ...listOf(body["system"]).map(({ text }) => ["system", text] as const),
        ...listOf(body["messages"]).flatMap(messageSeen),
      ];
  }
}

type Fields = Readonly<Record<string, unknown>>;

function listOf(value: unknown): readonly Fields[] {
  if (typeof value === "string") return [{ type: "text", text: value }];
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function chatSeen(message: Fields): Seen {
  const { role, content, tool_calls: calls, tool_call_id: id } = message;
  if (role === "tool") return [["result", id, content]];
  return [
    ...contentSeen(String(role), content),
    ...listOf(calls).map((call) => {
      const called = isRecord(call["function"]) ? call["function"] : {};
      return ["call", call["id"], called["name"], JSON.parse(String(called["arguments"]))] as const;
    }),
  ];
}

function itemSeen(item: Fields): Seen {
  const { type, role, content, call_id: id, name, arguments: json, output } = item;
  if (type === "function_call") return [["call", id, name, JSON.parse(String(json))]];
  if (type === "function_call_output") return [["result", id, output]];
  return contentSeen(String(role), content);
}

function messageSeen({ role, content }: Fields): Seen {
  return listOf(content).flatMap((block): Seen => {
    const { type, id, name, input, tool_use_id: of } = block;
    if (type === "tool_use") return [["call", id, name, input]];
    if (type === "tool_result")
      return [
        [
          "result",
          of,
          listOf(block["content"])
            .map(({ text }) => text)
            .join(""),
        ],
      ];
    return contentSeen(String(role), [block]);
  });
}

/** Media by the word for it. */
function contentSeen(role: string, content: unknown): Seen {
  return listOf(content).map(
    ({ type, text }) =>
      [role, typeof text === "string" ? text : String(type).replace("input_", "").replace("_url", "")] as const,
  );
}
