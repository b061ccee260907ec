import type { RunContext } from "#core/backend.ts";
import type { Message, ModelRequest } from "#core/request.ts";
import { shownParts } from "#core/shown.ts";

import { offeredTools } from "./client-tools.ts";

/** Equal for requests of one conversation up to here, that ask for an answer in the same way. */
export function settledBy(request: ModelRequest, context: RunContext, before: readonly Message[]): string {
  const { model, system, features } = request;
  const { principal, mode, tools, permissionMode, workspace } = context;
  const asked = [model, system, features.effort, features.reasoning, features.responseFormat];
  const setup = [mode, tools, permissionMode, workspace?.directory, offeredTools(features, context)];
  const shown = before.map((message) => [message.role, ...shownParts(message)]);
  return new Bun.CryptoHasher("sha256").update(JSON.stringify([principal, asked, setup, shown])).digest("base64");
}

/** Where a conversation that goes on begins to be new; undefined when nothing was answered yet. */
export function splitAtLastAnswer(
  messages: readonly Message[],
): { readonly before: readonly Message[]; readonly added: readonly Message[] } | undefined {
  const at = messages.findLastIndex(({ role }) => role === "assistant");
  if (at === -1 || at === messages.length - 1) return undefined;
  return { before: messages.slice(0, at), added: messages.slice(at + 1) };
}
