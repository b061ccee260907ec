/** What an agent does by itself, from the items of its thread: a call and its result each. */
import * as v from "valibot";

import { looseObject } from "#lib/loose-object.ts";

const text = v.fallback(v.string(), "");
const textOrNothing = v.fallback(v.nullish(v.string()), undefined);

/** Of the fields of all kinds of items, those that are read. */
export const itemSchema = looseObject({
  type: v.string(),
  id: v.string(),
  text,
  status: text,
  summary: v.fallback(v.array(v.unknown()), []),
  content: v.fallback(v.array(v.unknown()), []),
  command: text,
  cwd: text,
  aggregatedOutput: textOrNothing,
  exitCode: v.fallback(v.nullish(v.number()), undefined),
  changes: v.fallback(
    v.array(looseObject({ path: text, diff: text, kind: v.fallback(looseObject({ type: text }), { type: "" }) })),
    [],
  ),
  server: text,
  tool: text,
  arguments: v.optional(v.unknown()),
  result: v.fallback(v.nullish(looseObject({ content: v.fallback(v.array(v.unknown()), []) })), undefined),
  error: v.fallback(v.nullish(looseObject({ message: text })), undefined),
  query: text,
  path: text,
});
export type Item = v.InferOutput<typeof itemSchema>;

export interface Act {
  readonly toolName: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** undefined for what is no call of a tool. */
export function actOf(item: Item): Act | undefined {
  switch (item.type) {
    case "commandExecution":
      return { toolName: "exec_command", input: { command: item.command, cwd: item.cwd } };
    case "fileChange":
      return { toolName: "apply_patch", input: { changes: changesOf(item) } };
    case "mcpToolCall":
      return { toolName: `mcp__${item.server}__${item.tool}`, input: argumentsOf(item.arguments) };
    case "webSearch":
      return { toolName: "web_search", input: { query: item.query } };
    case "imageView":
      return { toolName: "view_image", input: { path: item.path } };
    default:
      return undefined;
  }
}

function changesOf({ changes }: Item): readonly Readonly<Record<string, unknown>>[] {
  return changes.map(({ path, kind, diff }) => ({ path, kind: kind.type, diff }));
}

function argumentsOf(value: unknown): Act["input"] {
  const parsed = v.safeParse(looseObject({}), value);
  return parsed.success ? parsed.output : {};
}

export interface Outcome {
  readonly content: unknown;
  readonly isError: boolean;
}

export function outcomeOf(item: Item): Outcome {
  const isError = item.status === "failed" || item.status === "declined";
  switch (item.type) {
    case "commandExecution":
      return {
        content: item.aggregatedOutput ?? (item.status === "declined" ? "It was not allowed to run." : ""),
        isError,
      };
    case "fileChange":
      return { content: item.status === "declined" ? "It was not allowed." : pathsIn(item), isError };
    case "mcpToolCall":
      return { content: item.error?.message ?? item.result?.content ?? "", isError };
    default:
      return { content: "", isError };
  }
}

function pathsIn({ changes }: Item): string {
  return changes.map(({ path, kind }) => `${kind.type} ${path}`).join("\n");
}
