import type { Database } from "bun:sqlite";

import * as v from "valibot";

import type { ResponseStore, StoredResponse } from "#core/stored-response.ts";

export interface PrunedResponseStore extends ResponseStore {
  /** Deletes at most `limit` that are older, in unix milliseconds, or beyond the space; says how many it deleted. */
  prune(createdBefore: number, limit: number): number;
}

export interface ResponseStoreOptions {
  /** All of them together may take this; the oldest goes first, the newest is kept however long it is. */
  readonly mostBytes: number;
  /** Told of each that had to be dropped: it is not as it was written. */
  readonly onUnreadable: () => void;
}

const record = v.record(v.string(), v.unknown());
/** Another version may have written it. What the items are is looked at where a request goes on from them. */
const orNothing = v.pipe(
  v.nullable(v.string()),
  v.transform((text) => text ?? undefined),
);
const storedRow: v.GenericSchema<unknown, StoredResponse> = v.pipe(
  v.object({
    principal: v.string(),
    id: v.string(),
    createdAt: v.number(),
    previous: orNothing,
    input: v.pipe(v.string(), v.parseJson(), v.array(record)),
    response: v.pipe(v.string(), v.parseJson(), v.looseObject({ output: v.array(record) })),
    backend: orNothing,
    model: orNothing,
  }),
  v.transform(({ backend, model, ...row }) => ({
    ...row,
    maker: backend === undefined ? undefined : { backend, model },
  })),
);

/** Weighing them all reads one index; it is done each time that this part of what they may take has been written. */
const weighedPart = 1 / 64;

/** Each method throws what SQLite throws. */
export function createResponseStore(
  database: Database,
  { mostBytes, onUnreadable }: ResponseStoreOptions,
): PrunedResponseStore {
  const { insert, select, drop, dropSpent } = prepare(database);
  const prune = (createdBefore: number, limit: number): number =>
    dropSpent.run({ createdBefore, mostBytes, limit }).changes;
  let unweighed = 0;
  return {
    save({ principal, id, createdAt, previous = null, maker, ...said }) {
      const [input, response] = [JSON.stringify(said.input), JSON.stringify(said.response)];
      const bytes = Buffer.byteLength(input) + Buffer.byteLength(response);
      const { backend = null, model = null } = maker ?? {};
      insert.run({ principal, id, createdAt, previous, input, response, bytes, backend, model });
      unweighed += bytes;
      if (unweighed < mostBytes * weighedPart) return;
      unweighed = 0;
      prune(0, -1);
    },
    find(principal, id) {
      const stored = select.get({ principal, id });
      if (stored === null) return undefined;
      const row = v.safeParse(storedRow, stored);
      if (row.success) return row.output;
      drop.run({ principal, id });
      onUnreadable();
      return undefined;
    },
    remove: (principal, id) => drop.run({ principal, id }).changes > 0,
    prune,
  };
}

function prepare(database: Database) {
  return {
    insert: database.query<never, Record<string, string | number | null>>(`
    INSERT OR REPLACE INTO responses (id, principal, created_at, previous, input, response, bytes, backend, model)
    VALUES ($id, $principal, $createdAt, $previous, $input, $response, $bytes, $backend, $model)`),
    select: database.query<unknown, { principal: string; id: string }>(`
    SELECT id, principal, created_at AS createdAt, previous, input, response, backend, model
    FROM responses WHERE id = $id AND principal = $principal`),
    drop: database.query<never, { principal: string; id: string }>(
      "DELETE FROM responses WHERE id = $id AND principal = $principal",
    ),
    dropSpent: database.query<never, { createdBefore: number; mostBytes: number; limit: number }>(`
    DELETE FROM responses WHERE id IN (
      SELECT id FROM responses WHERE created_at < $createdBefore
      UNION SELECT id FROM (
        SELECT id, row_number() OVER latest AS place, sum(bytes) OVER latest AS together
        FROM responses WINDOW latest AS (ORDER BY created_at DESC, id DESC)
      ) WHERE place > 1 AND together > $mostBytes
      LIMIT $limit)`),
  };
}
