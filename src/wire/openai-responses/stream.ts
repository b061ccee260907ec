import type { EncodeOptions, StreamEncoder } from "#core/wire-format.ts";

import { createAssembly } from "./assembly.ts";
import type { AnswerEvent } from "./output.ts";

/** An SSE comment: the one silence-breaker that no OpenAI client takes for an event. */
export const heartbeat = ": keep-alive\n\n";

export function createStreamEncoder(options: EncodeOptions): StreamEncoder {
  const assembly = createAssembly(options);
  let sequenceNumber = 0;
  const frame = (event: AnswerEvent): string => {
    const data = JSON.stringify({ ...event, sequence_number: sequenceNumber });
    sequenceNumber += 1;
    return `event: ${event.type}\ndata: ${data}\n\n`;
  };
  return {
    encode: (event) => assembly.add(event).map(frame).join(""),
    result: assembly.result,
    cutBy: assembly.cutBy,
  };
}
