import { byModel, priceListsOf } from "#config/providers.ts";
import type { Config } from "#config/schema.ts";
import { createPriceList, type PriceList } from "#telemetry/prices/price-list.ts";
import type { PriceTier } from "#telemetry/prices/price.ts";

/** The vendors' lists, with the configuration's own prices before them. */
export function pricesOf({ prices, providers }: Pick<Config, "prices" | "providers">): PriceList {
  return createPriceList({
    rules: byModel(prices).map(([model, { above = {}, ...price }]) => ({
      model,
      tiers: [
        tierOf(0, price),
        ...Object.entries(above)
          .map(([tokens, tier]) => tierOf(Number(tokens.replaceAll("_", "")), tier))
          .toSorted((a, b) => a.above - b.above),
      ],
    })),
    vendorOf: priceListsOf({ providers }),
  });
}

function tierOf(above: number, { input, output, ...cache }: Omit<Config["prices"][string], "above">): PriceTier {
  return {
    above,
    input,
    output,
    cacheRead: cache.cache_read ?? input,
    cacheWrite: cache.cache_write ?? input,
    cacheWrite1h: cache.cache_write_1h,
  };
}
