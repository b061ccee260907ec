import type { Database } from "bun:sqlite";

import type { ProviderResponse, ProviderResponses } from "#core/provider-response.ts";

export interface PrunedProviderResponses extends ProviderResponses {
  /** Deletes at most `limit` that are older, in unix milliseconds; says how many it deleted. */
  prune(createdBefore: number, limit: number): number;
}

interface ProviderResponsesOptions {
  /** So many or a few more; the oldest go first. */
  readonly most: number;
  readonly now?: () => number;
}

/** Those that are too many are looked for each time that so many were added. */
const addedAtOnce = 64;

/** Each method throws what SQLite throws. */
export function createProviderResponses(
  database: Database,
  { most, now = Date.now }: ProviderResponsesOptions,
): PrunedProviderResponses {
  const { insert, select, selectOthers, drop, dropUpTo, dropOld } = prepare(database);
  return {
    save({ account = null, ...made }) {
      const number = Number(insert.run({ ...made, account, createdAt: now() }).lastInsertRowid);
      if (number % addedAtOnce === 0) dropUpTo.run({ number: number - most });
    },
    find(principal, id) {
      const found = select.get({ principal, id });
      return found === null ? undefined : { ...found, account: found.account ?? undefined };
    },
    isOthers: ({ principal, id, backend }) => selectOthers.get({ principal, id, backend })?.isOthers === 1,
    remove: (principal, id) => void drop.run({ principal, id }),
    prune: (createdBefore, limit) => dropOld.run({ createdBefore, limit }).changes,
  };
}

type Key = Readonly<Record<"principal" | "id", string>>;
type Row = Omit<ProviderResponse, "account"> & { readonly account: string | null };

function prepare(database: Database) {
  return {
    insert: database.query<never, Record<string, string | number | null>>(`
    INSERT OR REPLACE INTO provider_responses (id, principal, backend, account, created_at)
    VALUES ($id, $principal, $backend, $account, $createdAt)`),
    select: database.query<Row, Key>(`
    SELECT id, principal, backend, account FROM provider_responses WHERE id = $id AND principal = $principal`),
    selectOthers: database.query<{ isOthers: number | null }, Key & { backend: string }>(`
    SELECT max(principal = $principal) = 0 AS isOthers FROM provider_responses WHERE id = $id AND backend = $backend`),
    drop: database.query<never, Key>("DELETE FROM provider_responses WHERE id = $id AND principal = $principal"),
    dropUpTo: database.query<never, { number: number }>("DELETE FROM provider_responses WHERE number <= $number"),
    // Reads no further than the first that is young enough.
    dropOld: database.query<never, { createdBefore: number; limit: number }>(`
    DELETE FROM provider_responses WHERE number IN (
      SELECT number FROM provider_responses WHERE number < ifnull(
        (SELECT number FROM provider_responses WHERE created_at >= $createdBefore ORDER BY number LIMIT 1),
        9223372036854775807)
      ORDER BY number LIMIT $limit)`),
  };
}
