import type { CountRequest, MessagesRequest } from "#demo/request.ts";

/** What the API takes for the name of a tool. */
const toolName = /^[a-zA-Z0-9_-]{1,128}$/;
/** Models that leave the choice to themselves, by the rules that @ai-sdk/anthropic 4.0.105 ships. */
const choosesItself = /^claude-(?:(?:opus|sonnet)-5-5|fable-5-[12])/;

/** The API's own rules for the tools of a request. Undefined when all is well. */
export function problemOfTools(request: MessagesRequest): string | undefined {
  return problemOfNames(request.tools ?? []) ?? problemOfChoice(request);
}

function problemOfNames(tools: NonNullable<CountRequest["tools"]>): string | undefined {
  const names = tools.map(({ name }) => name);
  const unfit = names.findIndex((name) => !toolName.test(name));
  if (unfit !== -1) return `tools.${unfit}.name: String should match pattern '${toolName.source}'`;
  return new Set(names).size === names.length ? undefined : "tools: Tool names must be unique.";
}

function problemOfChoice({ model, tools = [], tool_choice: choice, thinking }: MessagesRequest): string | undefined {
  if (choice?.type !== "any" && choice?.type !== "tool") return undefined;
  if (choice.type === "tool" && !tools.some(({ name }) => name === choice.name))
    return `tool_choice.name: Tool '${choice.name ?? ""}' not found in provided tools`;
  if (choosesItself.test(model)) return `tool_choice: forced tool use is not supported by ${model}`;
  return thinking?.type === "enabled" ? "Thinking may not be enabled when tool_choice forces tool use." : undefined;
}
