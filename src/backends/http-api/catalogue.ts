import type { ModelInfo } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";
import { chunksOf, textOf } from "#upstream/read-body.ts";

import { modelsIn } from "./dialect.ts";
import { endpointFor } from "./endpoint.ts";
import type { HttpApiOptions } from "./options.ts";

export interface Catalogue {
  /** As they were last told; those of the configuration before that. */
  known(): readonly ModelInfo[];
  /** Throws GatewayError only where nothing is known at all. */
  list(signal: AbortSignal): Promise<readonly ModelInfo[]>;
}

/** Models come and go by the week. */
const freshMs = 10 * 60_000;
/** A list in front of a client that is just starting. */
const longestWaitMs = 5000;
const mostBytes = 8 * 1024 * 1024;

export function createCatalogue(options: HttpApiOptions): Catalogue {
  const known = (models: readonly ModelInfo[]) =>
    models.map((model): ModelInfo => ({ ownedBy: options.id, ...model, ...options.limitsOf(model.id) }));
  const configured = known(options.models.map((id) => ({ id, displayName: id, aliases: [] })));
  let told: { readonly models: readonly ModelInfo[]; readonly at: number } | undefined;
  let asking: Promise<readonly ModelInfo[]> | undefined;
  const last = () => told?.models ?? configured;

  async function ask(): Promise<readonly ModelInfo[]> {
    try {
      const models = known(await askForModels(options));
      told = { models, at: performance.now() };
      return models;
    } finally {
      asking = undefined;
    }
  }

  return {
    known: last,
    async list(signal) {
      if (told !== undefined && performance.now() - told.at < freshMs) return told.models;
      asking ??= ask();
      try {
        return await orAborted(asking, signal);
      } catch (thrown) {
        if (last().length > 0) return last();
        throw thrown;
      }
    },
  };
}

async function askForModels(options: HttpApiOptions): Promise<readonly ModelInfo[]> {
  const { dialect, root } = endpointFor(options, options.endpoints[0]?.format ?? "openai-chat");
  const signal = AbortSignal.timeout(longestWaitMs);
  const { response } = await options.upstream.send({
    url: root + dialect.modelsPath,
    method: "GET",
    headers: { ...dialect.headers, ...options.headers },
    authorize: dialect.authorize,
    signal,
  });
  const text = await textOf(chunksOf(response, { idleTimeoutMs: longestWaitMs, signal }), mostBytes);
  const body = parseJsonText(text);
  if (!response.ok)
    throw dialect.format.decodeError({
      status: response.status,
      headers: response.headers,
      body: body ?? text,
      provider: options.title,
    });
  const models = modelsIn(body);
  if (models !== undefined) return models;
  throw new GatewayError("upstream", `${options.title} has no list of models.`, {
    hint: "providers.*.models can name them.",
  });
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
