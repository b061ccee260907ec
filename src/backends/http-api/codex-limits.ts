/**
 * What the API behind a Codex sign-in takes less of than OpenAI's: it answers as a stream, keeps nothing, and refuses
 * settings of how an answer is drawn (as other proxies of it found; nobody documents it).
 */
import type { RequestFeature } from "#core/request.ts";
import type { UpstreamRequest } from "#core/upstream-format.ts";
import { isRecord } from "#lib/is-record.ts";

const refused: readonly RequestFeature[] = ["maxOutputTokens", "temperature", "topP", "user"];
/** Those of the same API that this code never asks for, too. */
const refusedFields = [
  ..."max_output_tokens temperature top_p user metadata previous_response_id".split(" "),
  ..."prompt_cache_retention safety_identifier stream_options background conversation".split(" "),
];

export function refusedByCodex({ features }: UpstreamRequest): readonly RequestFeature[] {
  return refused.filter((feature) => features[feature] !== undefined);
}

export function askedOfCodex(request: UpstreamRequest): UpstreamRequest {
  const features = Object.fromEntries(
    Object.entries(request.features).filter(([name]) => !refused.some((feature) => feature === name)),
  );
  return { ...request, features, saidDefaults: {}, stream: true };
}

/** Whether a request can travel as it came. */
export function isTakenByCodex(body: unknown): boolean {
  if (!isRecord(body) || body["stream"] !== true || body["store"] !== false) return false;
  return refusedFields.every((field) => body[field] === undefined || body[field] === null);
}
