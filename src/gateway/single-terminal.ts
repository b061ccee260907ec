import { GatewayError, toGatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";

export type Batches = AsyncIterable<readonly ModelEvent[]>;

/**
 * Holds a backend to its contract: exactly one terminal event, nothing after it, no exception.
 * A stream that just stops, or throws, ends in an `error` event instead.
 */
export async function* singleTerminal(batches: Batches): AsyncGenerator<readonly ModelEvent[]> {
  try {
    for await (const batch of batches) {
      const terminal = batch.findIndex(isTerminal);
      if (terminal >= 0) {
        yield batch.slice(0, terminal + 1);
        return;
      }
      if (batch.length > 0) yield batch;
    }
  } catch (thrown) {
    yield [{ type: "error", error: toGatewayError(thrown) }];
    return;
  }
  yield [{ type: "error", error: new GatewayError("upstream", "The answer ended before it was complete.") }];
}

function isTerminal(event: ModelEvent): boolean {
  return event.type === "finish" || event.type === "error";
}
