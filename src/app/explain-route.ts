/** Says where a request would go and why, by the configuration alone: nothing is started and nobody is asked. */
import { backendInKeys } from "#auth/access-guard.ts";
import { relays } from "#backends/http-api/index.ts";
import { cliBackends, providersOf } from "#config/providers.ts";
import type { Config } from "#config/schema.ts";
import type { Backend } from "#core/backend.ts";
import type { WireFormatId } from "#core/request.ts";
import type { Fallback } from "#gateway/fallback.ts";
import { reasonToLeaveOut, reasonToRead, type RelayQuestion } from "#gateway/relay.ts";
import { modelAsked } from "#gateway/resolve.ts";
import { mismatchOf } from "#gateway/routing.ts";
import { optionsSet } from "#gateway/rule-options.ts";
import { isRecord } from "#lib/is-record.ts";
import { askedBy } from "#server/call.ts";
import { saidToUs, valueOf } from "#server/request-headers.ts";
import { backendIn, routes } from "#server/routes/table.ts";
import { hasRoute, unroutable } from "#server/unroutable.ts";
import { wireFormatOf } from "#server/wire-format-of.ts";
import { anthropicMessages } from "#wire/anthropic-messages/index.ts";
import { openaiChat } from "#wire/openai-chat/index.ts";
import { openaiResponses } from "#wire/openai-responses/index.ts";

import { modelNames } from "./model-names.ts";
import { routingOf, rulesOf } from "./routing.ts";

export interface RouteQuestion {
  readonly path: string;
  readonly headers: Headers;
  /** Name of the access token it would be sent with. */
  readonly token?: string | undefined;
  /** Of the body, as it would be sent. */
  readonly bytes: number;
  readonly body: unknown;
}

export interface RouteExplanation {
  readonly wireFormat: WireFormatId;
  readonly backend: string;
  /** What the request calls it, and what would be asked for. */
  readonly model: { readonly asked: string | null; readonly sent: string | null };
  readonly why: string;
  /** Why it would be translated; null where it would pass as it came. */
  readonly translatedBecause: string | null;
  /** What could change that and is known only where the server runs; null where nothing could. */
  readonly unless: string | null;
  /** What the rule says of how to run it, as the configuration calls it. */
  readonly options: Readonly<Record<string, string | number>>;
  /** Who stands in for the backend, and why one of them would not be asked. */
  readonly fallbacks: readonly (Fallback & { readonly notAsked: string | null })[];
  /** Each with what of it does not hold; the first of which all holds decides. */
  readonly rules: readonly { readonly name: string; readonly mismatch: string | null }[];
}

/** Throws GatewayError for a path or a backend that there is none of, and for headers that are wrong. */
export function explainRoute(config: Config, { path, headers, token, bytes, body }: RouteQuestion): RouteExplanation {
  if (!hasRoute(routes, path)) throw unroutable(routes, { method: "POST", path });
  const format = wireFormatOf(path, headers, { openaiChat, openaiResponses, anthropicMessages });
  const outline = format.outline(body);
  const names = modelNames(config);
  const said = saidToUs(headers);
  const asked = askedBy(headers, said, undefined);
  const facts = {
    wireFormat: format.id,
    model: modelAsked(outline.model, asked.model, names),
    backend: backendIn(path) ?? (valueOf(said, "Backend") || backendInKeys(headers)),
    token,
    path,
    headers,
    bytes,
    hasTools: outline.hasTools,
    thinks: outline.thinks,
  };
  const routing = routingOf(config, backendsOf(config));
  const choice = routing.choose(facts);
  const question: RelayQuestion = { wireFormat: format.id, json: body };
  return {
    wireFormat: format.id,
    backend: choice.backend.id,
    model: { asked: outline.model ?? null, sent: choice.model ?? null },
    why: choice.why,
    options: Object.fromEntries(optionsSet(choice.options)),
    translatedBecause: reasonToRead(names, choice, { ...question, outline }, asked) ?? null,
    unless: format.id === openaiResponses.id ? keptElsewhere(body) : null,
    fallbacks: routing.fallbacksOf(choice.backend.id).map((fallback) => {
      const backend = routing.backends.find(({ id }) => id === fallback.backend);
      const notAsked = backend && reasonToLeaveOut({ backend, relay: choice.relay }, question);
      return { ...fallback, notAsked: notAsked ?? null };
    }),
    rules: rulesOf(config).map((rule) => ({ name: rule.name, mismatch: mismatchOf(rule, facts) ?? null })),
  };
}

/** The configuration does not tell who keeps a response. */
function keptElsewhere(body: unknown): string | null {
  const previous = isRecord(body) ? body["previous_response_id"] : undefined;
  if (typeof previous !== "string") return null;
  return "The response it goes on from is kept: by a provider, which alone can answer then, or by ccproxy, which then reads it.";
}

function backendsOf(config: Config): readonly [Named, ...Named[]] {
  const providers = providersOf(config).map((provider) => ({
    id: provider.name,
    relays: (format: WireFormatId, body: unknown) => relays(provider, format, body),
  }));
  const [first = "", ...others] = cliBackends(config);
  return [asCli(first), ...others.map(asCli), ...providers];
}

const asCli = (id: string): Named => ({ id, answersBy: "processes" });

type Named = Pick<Backend, "id" | "relays"> & Partial<Pick<Backend, "answersBy">>;
