/** Anthropic messages: its bodies, frames and errors. Knows no HTTP server and no backend. */
import type { WireFormat } from "#core/wire-format.ts";

import { createInputCheck } from "./call-inputs.ts";
import { encodeError } from "./error.ts";
import { outline } from "./outline.ts";
import { decodeRequest } from "./request.ts";
import { encodeResponse } from "./response.ts";
import { createStreamEncoder, heartbeat } from "./stream.ts";

export { decodeCountTokensRequest } from "./request.ts";

export const anthropicMessages: WireFormat = {
  id: "anthropic-messages",
  decodeRequest,
  outline,
  createCheck: createInputCheck,
  encodeResponse,
  createStreamEncoder,
  encodeError,
  heartbeat,
};
