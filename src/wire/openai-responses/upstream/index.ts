/** OpenAI Responses from the client's side: what an upstream that speaks them is asked, and what it answers. */
import type { UpstreamFormat } from "#core/upstream-format.ts";

import { decodeError } from "./error.ts";
import { encodeRequest, unsupported } from "./request.ts";
import { decodeResponse, summaryOf } from "./response.ts";
import { createStreamDecoder, isTelling } from "./stream.ts";

export const openaiResponsesUpstream: UpstreamFormat = {
  id: "openai-responses",
  unsupported,
  encodeRequest,
  decodeResponse,
  createStreamDecoder,
  isTelling,
  summaryOf,
  decodeError,
};
