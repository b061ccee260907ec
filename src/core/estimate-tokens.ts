import type { ModelRequest } from "./request.ts";

/** English text runs at four characters a token, and so does JSON, roughly. */
const charactersPerToken = 4;

/** Input tokens of a request that nobody can count; within a third of the truth for text. */
export function estimateTokens({
  system,
  messages,
  features: { tools = [] },
}: Pick<ModelRequest, "system" | "messages" | "features">): number {
  return tokensOf([system, messages]) + (tools.length === 0 ? 0 : tokensOf(tools));
}

export function tokensOf(value: unknown): number {
  return Math.ceil(JSON.stringify(value).length / charactersPerToken);
}
