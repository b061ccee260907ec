import type { Config } from "#config/schema.ts";
import type { Backend, ModelInfo } from "#core/backend.ts";
import { GatewayError, toGatewayError } from "#core/errors.ts";
import { startDeadline } from "#core/run-signal.ts";
import { listAllModels } from "#gateway/catalogue.ts";
import type { Tiers } from "#telemetry/prices/price.ts";

import { createCodex } from "./codex.ts";
import { limitsOf } from "./limits.ts";
import { modelNames } from "./model-names.ts";
import { pricesOf } from "./prices.ts";
import { createProviders } from "./providers.ts";
import { routingOf } from "./routing.ts";
import { type ShortLivedOptions, withBackend } from "./short-lived-backend.ts";

export interface PricedModel extends ModelInfo {
  /** USD per million tokens, that of long inputs behind it; null where nobody knows. */
  readonly price: Tiers | null;
}

export interface ListedModels {
  readonly models: readonly PricedModel[];
  /** Backends that could not say, each with why. */
  readonly silent: readonly { readonly backend: string; readonly why: string }[];
}

/** What GET /v1/models lists, with what each costs. Throws GatewayError where nobody at all answers. */
export async function listModels(options: ShortLivedOptions, timeoutMs: number): Promise<ListedModels> {
  const { config, environment } = options;
  return await withBackend(options, async (claude, { places, demo, journal }) => {
    await using opened = new AsyncDisposableStack();
    const unheard = { selfUrls: () => [], onNotice: () => undefined };
    const codex = createCodex({ config, environment, version: "models" }, { places, demo, journal, ...unheard });
    for (const { stop } of codex) opened.defer(() => stop(0));
    const silent: ListedModels["silent"][number][] = [];
    const providers = createProviders(config, { environment, journal, modelLists: places.modelLists });
    const routing = routingOf(config, [claude, ...codex, ...providers]);
    const late = new GatewayError("timeout", `The list did not come within ${timeoutMs / 1000} seconds.`);
    const { signal, release } = startDeadline(timeoutMs, late);
    opened.defer(release);
    const call = { signal, route: nowhere };
    const models = await listAllModels(
      { routing, limitsOf: limitsOf(config), ...modelNames(config) },
      call,
      ({ backend, error }) => silent.push({ backend, why: toGatewayError(error).explanation }),
    );
    return {
      models: models.map((model) => ({ ...model, price: priceOf(config, routing.backends, model) })),
      silent,
    };
  });
}

/** Of nobody's request. */
const nowhere = {
  backend: undefined,
  token: undefined,
  path: "/v1/models",
  headers: new Headers(),
  bytes: 0,
  hasTools: false,
  thinks: false,
};

function priceOf(config: Config, backends: readonly [Backend, ...Backend[]], { id }: ModelInfo) {
  const named = backends.find((backend) => id.startsWith(`${backend.id}/`));
  const model = named === undefined ? id : id.slice(named.id.length + 1);
  return pricesOf(config).priceOf(named?.id ?? backends[0].id, model) ?? null;
}
