/**
 * What a provider sealed of its reasoning is for it alone: others that speak its API answer it with a 400. Anthropic's has
 * no mark, so that Claude Code and Anthropic's API can go on from each other's.
 */
import type { ModelEvent } from "#core/events.ts";
import type { Part } from "#core/request.ts";
import { openedFor, sealFor } from "#core/sealed-reasoning.ts";
import type { UpstreamRequest } from "#core/upstream-format.ts";
import { withoutNullish } from "#lib/without-nullish.ts";

interface Provider {
  readonly id: string;
}

const unmarked = "anthropic";

export function sealed({ id }: Provider, event: ModelEvent): ModelEvent {
  if (id === unmarked) return event;
  if (event.type === "reasoning-end" && event.signature !== undefined)
    return { ...event, signature: sealFor(id, event.signature) };
  if (event.type === "reasoning-start" && event.redactedData !== undefined)
    return { ...event, redactedData: sealFor(id, event.redactedData) };
  return event;
}

/** With what this provider sealed as it was; what others did is left to its format to name and leave out. */
export function opened({ id }: Provider, request: UpstreamRequest): UpstreamRequest {
  if (id === unmarked) return request;
  const open = (part: Part): Part => {
    if (part.type !== "reasoning") return part;
    const { signature, redactedData, ...rest } = part;
    return {
      ...rest,
      ...withoutNullish({
        signature: signature && openedFor(id, signature),
        redactedData: redactedData && openedFor(id, redactedData),
      }),
    };
  };
  return {
    ...request,
    messages: request.messages.map((message) => ({ ...message, content: message.content.map(open) })),
  };
}
