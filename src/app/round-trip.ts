import type { RunContext } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { ModelRequest } from "#core/request.ts";

import { type ShortLivedOptions, withBackend } from "./short-lived-backend.ts";

export interface RoundTrip {
  readonly model: string;
  readonly firstEventMs: number;
  readonly totalMs: number;
  /** Kinds of lines the CLI printed that this program does not know. */
  readonly unknownLines: readonly string[];
}

const question: ModelRequest = {
  wireFormat: "anthropic-messages",
  model: undefined,
  system: [],
  messages: [{ role: "user", content: [{ type: "text", text: "Answer with the one word OK." }] }],
  stream: true,
  includeUsage: true,
  features: {},
  featureFields: {},
  ignoredFields: [],
};

/** Asks the backend one short question as a bare model. Throws GatewayError when no answer comes. */
export async function askOnce(options: ShortLivedOptions, timeoutMs: number): Promise<RoundTrip> {
  return await withBackend(options, async (backend) => {
    const startedAt = performance.now();
    const sinceStart = () => Math.round(performance.now() - startedAt);
    const context: RunContext = {
      requestId: "doctor",
      mode: "chat",
      tools: "client",
      principal: "doctor",
      signal: AbortSignal.timeout(timeoutMs),
      report: () => undefined,
    };
    let model: string | undefined;
    let firstEventMs: number | undefined;
    for await (const batch of backend.run(question, context)) {
      firstEventMs ??= sinceStart();
      for (const event of batch) {
        if (event.type === "error") throw event.error;
        if (event.type === "start") model = event.model;
      }
    }
    if (model === undefined || firstEventMs === undefined)
      throw new GatewayError("timeout", `Claude did not answer within ${timeoutMs / 1000} s.`);
    return { model, firstEventMs, totalMs: sinceStart(), unknownLines: Object.keys(backend.stats().unknownLines) };
  });
}
