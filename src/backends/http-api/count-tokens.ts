import * as v from "valibot";

import type { RunContext, TokenCount } from "#core/backend.ts";
import { estimateTokens } from "#core/estimate-tokens.ts";
import type { UpstreamRequest } from "#core/upstream-format.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";
import { chunksOf, textOf } from "#upstream/read-body.ts";

import { endpointFor } from "./endpoint.ts";
import type { HttpApiOptions } from "./options.ts";
import { refusalOf, send } from "./send.ts";

const countSchema = v.looseObject({ input_tokens: v.number() });
const mostBytes = 64 * 1024;

/** Asks the API where it counts; an estimate elsewhere. Throws GatewayError. */
export async function countTokens(
  options: HttpApiOptions,
  request: UpstreamRequest,
  context: RunContext,
): Promise<TokenCount> {
  const endpoint = endpointFor(options, request.wireFormat);
  const { countPath, format } = endpoint.dialect;
  const { body, headers, ignoredFields } = format.encodeRequest({ ...request, stream: false });
  context.report({ ignoredFields });
  if (countPath === undefined) return { inputTokens: estimateTokens(request), exact: false };
  const { max_tokens: _limit, ...counted } = body;
  const answer = await send(options, endpoint, { path: countPath, headers, body: counted, context });
  const { response } = answer;
  // Not every server that speaks the API counts.
  if (response.status === 404) return { inputTokens: estimateTokens(request), exact: false };
  if (!response.ok) throw await refusalOf(options, endpoint, answer, context.signal);
  const { idleTimeoutMs } = options;
  const text = await textOf(chunksOf(response, { idleTimeoutMs, signal: context.signal }), mostBytes);
  const parsed = v.safeParse(countSchema, parseJsonText(text));
  return parsed.success
    ? { inputTokens: parsed.output.input_tokens, exact: true }
    : { inputTokens: estimateTokens(request), exact: false };
}
