/** How much a model takes and says, by one release's data (scripts/update-prices.ts). */
import type { ModelLimits } from "#core/backend.ts";
import { listedNamesOf } from "#core/dated-model.ts";

import table from "./model-limits.json" with { type: "json" };

/** undefined for a model that no list knows. `vendor` is whose list it is. */
export function limitsIn(vendor: string | undefined, model: string): ModelLimits | undefined {
  const vendors: Readonly<Record<string, VendorTable>> = table.vendors;
  const list = vendors[vendor ?? ""];
  const name = list && listedNamesOf(model).find((candidate) => Object.hasOwn(list, candidate));
  const [contextWindow, maxOutputTokens] = (name && list[name]) || [];
  return contextWindow === undefined || maxOutputTokens === undefined ? undefined : { contextWindow, maxOutputTokens };
}

type VendorTable = Readonly<Partial<Record<string, readonly number[]>>>;
