import type { Database } from "bun:sqlite";

import type { ProviderResponse, ProviderResponses } from "#core/provider-response.ts";

export interface PrunedProviderResponses extends ProviderResponses {
  /** Deletes at most `limit` that are older, in unix milliseconds, or too many; says how many it deleted. */
  prune(createdBefore: number, limit: number): number;
}

interface ProviderResponsesOptions {
  /** The oldest go first. */
  readonly most: number;
  readonly now?: () => number;
}

/** Looking for those that are too many reads as much of an index as there may be: it is done each time so many were added. */
const countedPart = 1 / 64;

/** Each method throws what SQLite throws. */
export function createProviderResponses(
  database: Database,
  { most, now = Date.now }: ProviderResponsesOptions,
): PrunedProviderResponses {
  const { insert, select, selectOthers, drop, dropSpent } = prepare(database);
  const prune = (createdBefore: number, limit: number): number => dropSpent.run({ createdBefore, most, limit }).changes;
  let uncounted = 0;
  return {
    save({ account = null, ...made }) {
      insert.run({ ...made, account, createdAt: now() });
      uncounted += 1;
      if (uncounted < most * countedPart) return;
      uncounted = 0;
      prune(0, -1);
    },
    find(principal, id) {
      const found = select.get({ principal, id });
      return found === null ? undefined : { ...found, account: found.account ?? undefined };
    },
    isOthers: ({ principal, id, backend }) => selectOthers.get({ principal, id, backend }) !== null,
    remove: (principal, id) => void drop.run({ principal, id }),
    prune,
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
    selectOthers: database.query<unknown, Key & { backend: string }>(`
    SELECT 1 FROM provider_responses WHERE id = $id AND backend = $backend
    GROUP BY id HAVING sum(principal = $principal) = 0`),
    drop: database.query<never, Key>("DELETE FROM provider_responses WHERE id = $id AND principal = $principal"),
    dropSpent: database.query<never, { createdBefore: number; most: number; limit: number }>(`
    DELETE FROM provider_responses WHERE (id, principal) IN (
      SELECT id, principal FROM provider_responses WHERE created_at < $createdBefore
      UNION SELECT * FROM (
        SELECT id, principal FROM provider_responses ORDER BY created_at DESC LIMIT -1 OFFSET $most)
      LIMIT $limit)`),
  };
}
