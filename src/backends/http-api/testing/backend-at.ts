import { createAffinity, createHttpApiBackend } from "#backends/http-api/index.ts";
import type { RunContext } from "#core/backend.ts";
import type { ModelRequest, WireFormatId } from "#core/request.ts";
import type { Credential } from "#credentials/credential.ts";
import { createUpstream } from "#upstream/upstream.ts";

/** Of an answer, or of one piece of it, that such a backend holds. */
export const mostHeldBytes = 4096;

interface Place {
  readonly format: WireFormatId;
  readonly baseUrl: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly credentials?: readonly Credential[];
}

/** A backend for an API of this format at that place, which asks once. */
export const backendAt = ({ format, baseUrl, headers = {}, credentials = [] }: Place) =>
  createHttpApiBackend({
    id: "acme",
    title: "Acme",
    endpoints: [{ format, baseUrl }],
    upstream: createUpstream({
      provider: "Acme",
      settings: "providers.acme",
      credentials,
      spread: "failover",
      connect: undefined,
      responseTimeoutMs: 5000,
      maxRetries: 0,
    }),
    headers,
    defaultModel: undefined,
    models: [],
    limitsOf: () => undefined,
    answersAs: undefined,
    asksForUsage: false,
    affinity: createAffinity({ spreads: false }),
    idleTimeoutMs: 5000,
    mostHeldBytes,
  });

export const hello: ModelRequest = {
  wireFormat: "anthropic-messages",
  model: "m",
  system: [],
  messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
  stream: false,
  includeUsage: true,
  features: {},
  featureFields: {},
  ignoredFields: [],
};

export const alices: RunContext = {
  mode: "chat",
  tools: "client",
  requestId: "req_1",
  principal: "alice",
  signal: new AbortController().signal,
  report: () => undefined,
};
