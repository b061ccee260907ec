/**
 * A vendor's API over HTTP: canonical requests are asked in the format it speaks, and its answers decoded; a request that is
 * in that format already travels as it came. Knows no client and no process.
 */
import type { Backend } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { ModelRequest } from "#core/request.ts";
import type { UpstreamRequest } from "#core/upstream-format.ts";

import { createCatalogue } from "./catalogue.ts";
import { refusedByCodex } from "./codex-limits.ts";
import { countTokens } from "./count-tokens.ts";
import { endpointFor } from "./endpoint.ts";
import type { HttpApiOptions } from "./options.ts";
import { relay } from "./relay.ts";
import { relays } from "./relays.ts";
import { run } from "./run.ts";

export function createHttpApiBackend(options: HttpApiOptions): Backend {
  const catalogue = createCatalogue(options);
  const settled = (request: ModelRequest): UpstreamRequest => {
    const model = request.model ?? options.defaultModel;
    if (model === undefined) throw unnamed(options);
    return { ...request, model, longestAnswer: options.limitsOf(model)?.maxOutputTokens };
  };
  return {
    id: options.id,
    modes: ["chat"],
    answersBy: "http",
    defaultModel: options.defaultModel,
    unsupported(request) {
      const { dialect } = endpointFor(options, request.wireFormat);
      const refused = dialect.format.unsupported(settled(request));
      return options.answersAs === "codex" ? [...new Set([...refused, ...refusedByCodex(settled(request))])] : refused;
    },
    run: (request, context) => run(options, settled(request), context),
    relays: (wireFormat, body) => relays(options, wireFormat, body),
    relay: (request, context) => relay(options, request, context),
    knownModels: catalogue.known,
    listModels: catalogue.list,
    countTokens: async (request, context) => await countTokens(options, settled(request), context),
    status: () =>
      options.hasKey?.() === false
        ? { ready: false, detail: `${options.title} has no key; \`ccproxy auth status\` says where it was looked for.` }
        : { ready: true, detail: `${options.title} is asked over HTTP.` },
  };
}

function unnamed({ title, id }: HttpApiOptions): GatewayError {
  return new GatewayError("invalid-request", `A request to ${title} has to name a model.`, {
    param: "model",
    hint: `providers.${id}.default_model can stand for it.`,
  });
}
