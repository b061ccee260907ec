/** What Codex is to be told in a thread for one request: what was said, and how to answer. */
import type { RunSetup } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import { effortFor, loweredEffort } from "#core/model-limits.ts";
import type { ModelRequest, Part, RequestFeatures } from "#core/request.ts";
import { pathOf } from "#core/settled-messages.ts";
import { isDeeperThan } from "#lib/is-deeper-than.ts";
import { isImage } from "#lib/is-image.ts";
import { encodeItems } from "#wire/openai-responses/upstream/messages.ts";

import { wireToolName } from "./client-tools.ts";
import { DEEPEST_SCHEMA, type Params } from "./messages.ts";
import type { CodexCliOptions } from "./options.ts";
import { opened } from "./seals.ts";

export interface TurnPlan {
  /** The messages, as items of OpenAI Responses. */
  readonly items: readonly Params[];
  /** Of `turn/start`, but for the thread. */
  readonly turn: Params;
  readonly ignoredFields: readonly string[];
}

type ModelOptions = Pick<CodexCliOptions, "model">;

/** Throws `invalid-request`. */
export function planTurn(request: ModelRequest, setup: RunSetup, options: ModelOptions): TurnPlan {
  const model = modelOf(request, options);
  const { items, ignoredFields } = itemsOf(request, model);
  checkFormat(request);
  const lowered = loweredEffort(model ?? "", request);
  return { items, turn: turnOf(request.features, setup, model), ignoredFields: [...ignoredFields, ...lowered] };
}

export function modelOf({ model: asked }: Pick<ModelRequest, "model">, { model }: ModelOptions): string | undefined {
  return asked === undefined || asked === "default" ? model : asked;
}

/** Everything is told as history, the last message too: there images stand where they stood. */
function itemsOf(request: ModelRequest, model: string | undefined) {
  for (const { content } of request.messages) for (const part of content) checkPart(request, part);
  const { input, ignoredFields } = encodeItems({
    ...request,
    messages: opened(request.messages).map(({ role, content }) => ({ role, content: content.map(withWireName) })),
    // Instructions that come late are instructions to all of Codex's own models.
    model: model ?? "codex-default",
    features: {},
  });
  return { items: input, ignoredFields };
}

function withWireName(part: Part): Part {
  return part.type === "tool-call" ? { ...part, toolName: wireToolName(part.toolName) } : part;
}

function checkFormat({ features: { responseFormat }, featureFields }: ModelRequest): void {
  if (responseFormat?.type !== "json-schema" || !isDeeperThan(responseFormat.schema, DEEPEST_SCHEMA)) return;
  throw new GatewayError("invalid-request", "The schema of the answer is nested too deep for Codex.", {
    param: [featureFields.responseFormat ?? []].flat()[0],
    hint: `It may have ${DEEPEST_SCHEMA} levels.`,
  });
}

/**
 * 0.169 has no item for a document, refuses an image that is elsewhere, tells the model of one that is none that it was
 * left out, and knows no files of its vendor's.
 */
function checkPart(request: ModelRequest, part: Part): void {
  if (part.type === "tool-result") for (const inner of part.content) checkPart(request, inner);
  if (part.type === "image" && part.source.type === "base64" && !isImage(part.source.data))
    throw new GatewayError("invalid-request", "This is no JPEG, PNG, GIF or WebP image.", {
      param: pathOf(request, part),
      hint: "Send the bytes of the image as base64.",
    });
  const isLink = part.type === "image" && part.source.type !== "base64";
  if (!isLink && (part.type !== "document" || part.source.type === "text")) return;
  const message = isLink ? "Codex takes images only where they are in the request." : "Codex takes no documents.";
  throw new GatewayError("invalid-request", message, {
    param: pathOf(request, part),
    hint: isLink ? "Send the image as base64." : "Send it as text, or let an agent read it in its workspace.",
  });
}

function turnOf(features: RequestFeatures, { mode }: RunSetup, model: string | undefined): Params {
  const { reasoning, responseFormat } = features;
  const effort = effortFor(model ?? "", features);
  const isShown = effort !== "none" && reasoning?.display !== "omitted" && (effort ?? reasoning) !== undefined;
  return {
    input: [],
    ...(effort !== undefined && { effort }),
    ...(isShown ? { summary: "auto" } : mode === "chat" && { summary: "none" }),
    ...(responseFormat?.type === "json-schema" && { outputSchema: responseFormat.schema }),
  };
}
