/** What an answer costs, by the vendors' lists (table.json) and by what the configuration says instead. */
import type { Usage } from "#core/usage.ts";

import { costOf, type Price, type Tiers } from "./price.ts";
import table from "./table.json" with { type: "json" };

/** For models of one's own, or at a price of one's own; the first that matches counts. */
export interface PriceRule {
  /** `backend/model` is matched too. */
  readonly model: RegExp;
  readonly price: Price;
}

export interface PriceListOptions {
  readonly rules: readonly PriceRule[];
  /** Whose list a backend is billed by; undefined: nobody's. */
  readonly vendorOf: (backend: string) => string | undefined;
}

export interface PriceList {
  /** USD; null where nobody knows. Never a guess: an unknown model is not free. */
  cost(backend: string, model: string, usage: Usage): number | null;
}

export function createPriceList({ rules, vendorOf }: PriceListOptions): PriceList {
  const vendors: Readonly<Record<string, VendorTable>> = table.vendors;
  return {
    cost(backend, model, usage) {
      const rule = rules.find(
        (candidate) => candidate.model.test(model) || candidate.model.test(`${backend}/${model}`),
      );
      if (rule !== undefined) return costOf([{ ...rule.price, above: 0 }], usage);
      const list = vendors[vendorOf(backend) ?? ""];
      const name = list && namesOf(model).find((candidate) => Object.hasOwn(list, candidate));
      const tiers = name && tiersOf(list[name] ?? []);
      return tiers ? costOf(tiers, usage) : null;
    },
  };
}

type VendorTable = Readonly<Partial<Record<string, readonly (readonly number[])[]>>>;

/** Exactly as it is called; else without its date, and without what Claude Code says of its context. */
function namesOf(model: string): readonly string[] {
  const plain = model.replace(/\[1m\]$/, "");
  const undated = plain.replace(/-(?:20\d{6}|20\d\d-\d\d-\d\d)$/, "");
  return [plain, undated];
}

function tiersOf(rows: readonly (readonly number[])[]): Tiers | undefined {
  const [first, ...others] = rows.map((row) => (row.length === 4 ? [0, ...row] : row)).map(tierOf);
  return first && [first, ...others];
}

function tierOf([above = 0, input = 0, output = 0, cacheRead = 0, cacheWrite = 0]: readonly number[]) {
  return { above, input, output, cacheRead, cacheWrite };
}
