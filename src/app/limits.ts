import { priceListsOf } from "#config/providers.ts";
import type { Config } from "#config/schema.ts";
import type { ModelLimits } from "#core/backend.ts";
import { limitsIn } from "#gateway/model-limits.ts";

/** What is known of a model by the list of whom its backend is billed by. */
export function limitsOf(
  config: Pick<Config, "providers">,
): (backend: string, model: string) => ModelLimits | undefined {
  const listOf = priceListsOf(config);
  return (backend, model) => limitsIn(listOf(backend), model);
}
