import type { RequestFeatures, ToolChoice, ToolDefinition } from "#core/request.ts";
import { objectSchemaProblem } from "#lib/json-schema.ts";
import { describeValue } from "#lib/schema-problem.ts";
import { withoutNullish } from "#lib/without-nullish.ts";

import { invalidField } from "./error.ts";
import { unreadToolFields } from "./ignored-fields.ts";
import type { CustomTool, FunctionTool, RequestTools, ResponsesRequest } from "./schema.ts";

type Choice = ResponsesRequest["tool_choice"];

/** Tools as declared in one place of the request, with the path of that place. */
export interface DeclaredTools {
  readonly tools: RequestTools;
  readonly path: string;
}

/** The name of a tool in a namespace, for a model that knows none. */
export function flatName(name: string, namespace: string | null | undefined): string {
  return typeof namespace === "string" ? `${namespace}__${name}` : name;
}

/** Adds to `ignored` the kinds of tools that only OpenAI runs. */
export function decodeTools(
  declared: readonly DeclaredTools[],
  { tool_choice: choice, parallel_tool_calls: parallel }: ResponsesRequest,
  ignored: Set<string>,
): RequestFeatures {
  const tools = declared.flatMap((place) => toolsOf(place, ignored));
  checkNames(tools);
  if (tools.length === 0) return withoutTools(choice);
  const { isAllowed, toolChoice } = decodeChoice(choice, new Set(tools.map(({ tool }) => tool.name)));
  return withoutNullish({
    tools: tools.map(({ tool }) => tool).filter(({ name }) => isAllowed(name)),
    toolChoice,
    parallelToolCalls: parallel === true ? undefined : parallel,
  });
}

interface Placed {
  readonly tool: ToolDefinition;
  readonly path: string;
}

function toolsOf({ tools, path }: DeclaredTools, ignored: Set<string>): readonly Placed[] {
  return tools.flatMap((tool, index): readonly Placed[] => {
    const at = `${path}[${index}]`;
    if (isNamespace(tool)) return namespaceTools(tool, at, ignored);
    if (isOwn(tool)) return [{ tool: toolOf(tool, at, ignored), path: at }];
    ignored.add(`tools[].type=${tool.type}`);
    return [];
  });
}

/** What a namespace is about is said with the first of its tools: nobody else has a place for it. */
function namespaceTools({ name: namespace, description, tools }: NamespaceTool, path: string, ignored: Set<string>) {
  return tools.map((inner, place): Placed => {
    const at = `${path}.tools[${place}]`;
    const tool = toolOf(inner, at, ignored, namespace);
    if (place > 0 || !description || description === namespace) return { tool, path: at };
    const about = `About all tools of ${namespace}: ${description}`;
    return { tool: { ...tool, description: [tool.description ?? "", about].join("\n\n").trim() }, path: at };
  });
}

type NamespaceTool = Extract<RequestTools[number], { type: "namespace" }>;

function isNamespace(tool: RequestTools[number]): tool is NamespaceTool {
  return tool.type === "namespace";
}

function isOwn(tool: RequestTools[number]): tool is FunctionTool | CustomTool {
  return tool.type === "function" || tool.type === "custom";
}

function toolOf(
  declared: FunctionTool | CustomTool,
  path: string,
  ignored: Set<string>,
  namespace?: string,
): ToolDefinition {
  for (const field of unreadToolFields(declared)) ignored.add(field);
  const { name, type: kind } = declared;
  const declaredAs = { name, kind, ...withoutNullish({ namespace }) };
  const named = { name: flatName(name, namespace), declaredAs };
  if (isCustom(declared)) return { ...named, description: customDescription(declared), inputSchema: customInput };
  if (declared.strict === true) ignored.add("tools[].strict");
  const inputSchema = decodeSchema(
    declared.parameters ?? { properties: {} },
    `${path}.parameters`,
    `the tool "${name}"`,
  );
  return { ...named, inputSchema, ...withoutNullish({ description: declared.description }) };
}

function isCustom(tool: FunctionTool | CustomTool): tool is CustomTool {
  return tool.type === "custom";
}

/** A custom tool takes a text as it is; a function that takes nothing else is the nearest that other vendors have. */
const customInput = {
  type: "object",
  properties: { input: { type: "string", description: "The whole input of the tool, as it is." } },
  required: ["input"],
  additionalProperties: false,
};

function customDescription({ description, format }: CustomTool): string {
  const grammar = format?.definition;
  return [
    ...(typeof description === "string" ? [description] : []),
    ...(typeof grammar === "string"
      ? [`The input has to be derivable from this grammar (${format?.syntax ?? "lark"}):\n${grammar}`]
      : []),
  ].join("\n\n");
}

function checkNames(tools: readonly Placed[]): void {
  const names = new Set<string>();
  for (const { tool, path } of tools) {
    if (names.has(tool.name))
      throw invalidField(`${path}.name`, `expected a name that no other tool has, got "${tool.name}"`);
    names.add(tool.name);
  }
}

/** `owner`: what a reader of the error has to mend. */
export function decodeSchema(schema: Readonly<Record<string, unknown>>, path: string, owner: string): object {
  const problem = objectSchemaProblem(schema);
  if (problem !== undefined)
    throw invalidField(`${path}.${problem.path}`, problem.explanation, `The JSON Schema of ${owner} is not valid.`);
  return schema["type"] === undefined ? { type: "object", ...schema } : schema;
}

function withoutTools(choice: Choice): RequestFeatures {
  if (choice === null || choice === undefined || choice === "auto" || choice === "none") return {};
  throw invalidField("tool_choice", "expected tools to choose from, got none");
}

interface DecodedChoice {
  /** `allowed_tools` narrows the list for one request; leaving the others out says the same to any backend. */
  readonly isAllowed: (name: string) => boolean;
  readonly toolChoice: ToolChoice | undefined;
}

function decodeChoice(choice: Choice, names: ReadonlySet<string>): DecodedChoice {
  const isAllowed = everyTool;
  if (choice === null || choice === undefined || choice === "auto") return { isAllowed, toolChoice: undefined };
  if (typeof choice === "string") return { isAllowed, toolChoice: { type: choice } };
  if (choice.type === "allowed_tools") {
    const chosen = new Set(choice.tools.map((tool, index) => known(tool, names, `tool_choice.tools[${index}].name`)));
    const toolChoice = choice.mode === "required" ? ({ type: "required" } as const) : undefined;
    return { isAllowed: (name) => chosen.has(name), toolChoice };
  }
  return { isAllowed, toolChoice: { type: "tool", name: known(choice, names, "tool_choice.name") } };
}

const everyTool = (): boolean => true;

interface NamedTool {
  readonly name?: string | null | undefined;
  readonly namespace?: string | null | undefined;
}

function known({ name, namespace }: NamedTool, names: ReadonlySet<string>, path: string): string {
  const flat = flatName(name ?? "", namespace);
  if (names.has(flat)) return flat;
  throw invalidField(path, `expected the name of one of the tools, got ${describeValue(name)}`);
}
