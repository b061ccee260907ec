import { priceListOf } from "#config/providers.ts";
import type { ModelLimits } from "#core/backend.ts";
import { limitsIn } from "#gateway/model-limits.ts";

/** What is known of a model by the list of whom its backend is billed by. */
export function limitsOf(backend: string, model: string): ModelLimits | undefined {
  return limitsIn(priceListOf(backend), model);
}
