/** What an answer costs by the vendor's list, beside what was reported. */
export const listCost = "ALTER TABLE access_log ADD COLUMN list_cost_usd REAL";
