import { patternOf, priceListOf } from "#config/providers.ts";
import type { Config } from "#config/schema.ts";
import { createPriceList, type PriceList } from "#telemetry/prices/price-list.ts";

/** The vendors' lists, with the configuration's own prices before them. */
export function pricesOf({ prices }: Pick<Config, "prices">): PriceList {
  return createPriceList({
    rules: Object.entries(prices).map(([model, { input, output, ...cache }]) => ({
      model: patternOf(model),
      price: {
        input,
        output,
        cacheRead: cache.cache_read ?? input,
        cacheWrite: cache.cache_write ?? input,
        cacheWrite1h: cache.cache_write_1h,
      },
    })),
    vendorOf: priceListOf,
  });
}
