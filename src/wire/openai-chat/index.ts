/** OpenAI chat completions: its bodies, frames and errors. Knows no HTTP server and no backend. */
import type { WireFormat } from "#core/wire-format.ts";

import { encodeError } from "./error.ts";
import { outline } from "./outline.ts";
import { decodeRequest } from "./request.ts";
import { encodeResponse } from "./response.ts";
import { createStreamEncoder, heartbeat } from "./stream.ts";

export const openaiChat: WireFormat = {
  id: "openai-chat",
  decodeRequest,
  outline,
  encodeResponse,
  createStreamEncoder,
  encodeError,
  heartbeat,
};
