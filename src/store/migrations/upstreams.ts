/**
 * What an answer costs by the vendor's list, beside what was reported; how often an upstream was tried again; and which
 * backends could not answer before the one that did.
 */
export const upstreams = `
ALTER TABLE access_log ADD COLUMN list_cost_usd REAL;
ALTER TABLE access_log ADD COLUMN retries INTEGER;
ALTER TABLE access_log ADD COLUMN fell_back_from TEXT;
`;
