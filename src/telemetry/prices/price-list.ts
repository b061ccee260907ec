/** What an answer costs, by the vendors' lists (table.json) and by what the configuration says instead. */
import { listedNamesOf } from "#core/dated-model.ts";
import type { Usage } from "#core/usage.ts";

import { costOf, type Tiers } from "./price.ts";
import table from "./table.json" with { type: "json" };

/** For models of one's own, or at a price of one's own; the first that matches counts. */
export interface PriceRule {
  /** `backend/model` is matched too. */
  readonly model: RegExp;
  readonly tiers: Tiers;
}

export interface PriceListOptions {
  readonly rules: readonly PriceRule[];
  /** Whose list a backend is billed by; undefined: nobody's. */
  readonly vendorOf: (backend: string) => string | undefined;
}

export interface PriceList {
  /** What counts for this model; undefined where nobody knows. */
  priceOf(backend: string, model: string): Tiers | undefined;
  /** USD; null where nobody knows. Never a guess: an unknown model is not free. */
  cost(backend: string, model: string, usage: Usage): number | null;
}

export function createPriceList({ rules, vendorOf }: PriceListOptions): PriceList {
  const vendors: Readonly<Record<string, VendorTable>> = table.vendors;
  function priceOf(backend: string, model: string): Tiers | undefined {
    const rule = rules.find(({ model: pattern }) => pattern.test(model) || pattern.test(`${backend}/${model}`));
    if (rule !== undefined) return rule.tiers;
    const list = vendors[vendorOf(backend) ?? ""];
    const name = list && listedNamesOf(model).find((candidate) => Object.hasOwn(list, candidate));
    return name === undefined ? undefined : tiersOf(list?.[name] ?? []);
  }
  return {
    priceOf,
    cost(backend, model, usage) {
      const tiers = priceOf(backend, model);
      return tiers === undefined ? null : costOf(tiers, usage);
    },
  };
}

type VendorTable = Readonly<Partial<Record<string, readonly (readonly number[])[]>>>;

function tiersOf(rows: readonly (readonly number[])[]): Tiers | undefined {
  const [first, ...others] = rows.map((row) => (row.length === 4 ? [0, ...row] : row)).map(tierOf);
  return first && [first, ...others];
}

/** Where the list has no price for what a cache reads or takes in, its vendor asks none but that of other input. */
function tierOf([above = 0, input = 0, output = 0, cacheRead = 0, cacheWrite = 0]: readonly number[]) {
  return { above, input, output, cacheRead: cacheRead || input, cacheWrite: cacheWrite || input };
}
