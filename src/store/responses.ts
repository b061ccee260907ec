import type { Database } from "bun:sqlite";

import type { ResponseStore, StoredResponse } from "#core/stored-response.ts";

interface Row {
  readonly id: string;
  readonly principal: string;
  readonly createdAt: number;
  readonly previous: string | null;
  readonly input: string;
  readonly response: string;
}

export interface PrunedResponseStore extends ResponseStore {
  /** Deletes at most `limit` that are older, in unix milliseconds; says how many it deleted. */
  prune(createdBefore: number, limit: number): number;
}

/** Each method throws what SQLite throws. */
export function createResponseStore(database: Database): PrunedResponseStore {
  const insert = database.query<never, { [Key in keyof Row]: Row[Key] }>(`
    INSERT OR REPLACE INTO responses (id, principal, created_at, previous, input, response)
    VALUES ($id, $principal, $createdAt, $previous, $input, $response)`);
  const select = database.query<Row, { principal: string; id: string }>(`
    SELECT id, principal, created_at AS createdAt, previous, input, response
    FROM responses WHERE id = $id AND principal = $principal`);
  const drop = database.query<never, { principal: string; id: string }>(
    "DELETE FROM responses WHERE id = $id AND principal = $principal",
  );
  const dropOld = database.query<never, { createdBefore: number; limit: number }>(`
    DELETE FROM responses WHERE id IN (SELECT id FROM responses WHERE created_at < $createdBefore LIMIT $limit)`);
  return {
    save: ({ principal, id, createdAt, previous, input, response }) =>
      void insert.run({
        principal,
        id,
        createdAt,
        previous: previous ?? null,
        input: JSON.stringify(input),
        response: JSON.stringify(response),
      }),
    find(principal, id) {
      const row = select.get({ principal, id });
      return row === null ? undefined : fromRow(row);
    },
    remove: (principal, id) => drop.run({ principal, id }).changes > 0,
    prune: (createdBefore, limit) => dropOld.run({ createdBefore, limit }).changes,
  };
}

function fromRow({ previous, input, response, ...row }: Row): StoredResponse {
  return { ...row, previous: previous ?? undefined, input: JSON.parse(input), response: JSON.parse(response) };
}
