import type { ModelEvent } from "#core/events.ts";
import type { ModelResponse, ResponsePart } from "#core/response.ts";
import { noUsage } from "#core/usage.ts";
import type { EncodeOptions } from "#core/wire-format.ts";

import { failedFinish, noSummary } from "./answer.ts";
import { createAssembly } from "./assembly.ts";
import type { ResponseObject } from "./schema.ts";

/** What the stream of the same answer ends with. Throws GatewayError for a turn that ended in an error. */
export function encodeResponse(response: ModelResponse, options: EncodeOptions): ResponseObject {
  const { responseId, model, content, finish } = response;
  const assembly = createAssembly(options);
  assembly.add({ type: "start", responseId, model, usage: noUsage });
  for (const [index, part] of content.entries()) for (const event of eventsOf(part, String(index))) assembly.add(event);
  assembly.add(finish);
  const whole = assembly.result();
  if (whole === undefined || finish.reason === "error") throw failedFinish(finish);
  if (whole.status === "failed") throw noSummary();
  return whole;
}

function eventsOf(part: ResponsePart, id: string): readonly ModelEvent[] {
  switch (part.type) {
    case "text":
      return [
        { type: "text-start", id, ...(part.refuses && { refuses: true }) },
        { type: "text-delta", id, text: part.text },
        ...part.citations.map((citation): ModelEvent => ({ type: "text-citation", id, citation })),
        { type: "text-end", id },
      ];
    case "reasoning": {
      const { text, signature, redactedData } = part;
      return [
        { type: "reasoning-start", id, ...(redactedData !== undefined && { redactedData }) },
        { type: "reasoning-delta", id, text },
        { type: "reasoning-end", id, ...(signature !== undefined && { signature }) },
      ];
    }
    case "tool-call": {
      const { callId, toolName, executedBy, inputJson } = part;
      return [
        { type: "tool-input-start", id: callId, toolName, executedBy },
        { type: "tool-input-delta", id: callId, delta: inputJson },
        { type: "tool-input-end", id: callId },
      ];
    }
    case "tool-result":
      return [{ type: "tool-result", id: part.callId, content: part.content, isError: part.isError }];
    default:
      return [part];
  }
}
