import type { Database } from "bun:sqlite";

import type { Mode } from "#core/backend.ts";
import type { Message } from "#core/request.ts";

export interface SessionName {
  readonly principal: string;
  readonly id: string;
}

/** Times are unix milliseconds. */
export interface SessionRow extends SessionName {
  /** Its conversation is kept; otherwise only that it is used. */
  readonly named: boolean;
  readonly createdAt: number;
  readonly usedAt: number;
  /** Turns answered to their end. */
  readonly turns: number;
  readonly mode: Mode | null;
  /** The name of the place it last worked in. */
  readonly workspace: string | null;
  /** As the client named it. */
  readonly model: string | null;
  readonly system: readonly string[];
  /** The client has sent its new messages alone. */
  readonly piecemeal: boolean;
  readonly backendSession: string | null;
  /** The backend's, to go on where it was; only the backend reads it. */
  readonly resume: string | null;
}

/** What a turn leaves: the row, and the conversation from its first new message on. */
export interface SessionTurnRow {
  readonly row: SessionRow;
  /** Messages that stay as they were; undefined leaves all of them alone. */
  readonly kept: number | undefined;
  readonly added: readonly Message[];
  /** `turns` as it was read: if another process has taken a turn since, `whole` is written instead. */
  readonly turnsBefore: number;
  readonly whole: readonly Message[];
}

/** Each method throws what SQLite throws. */
export interface SessionStore {
  find(name: SessionName): SessionRow | undefined;
  messages(name: SessionName): readonly Message[];
  /** Notes that it is used, beginning it if need be; a named one stays named. */
  touch(name: SessionName, use: { readonly named: boolean; readonly at: number }): void;
  /** What is known of the backend's side once a turn is over. */
  saveResume(name: SessionName, resume: string): void;
  /** All or nothing. A session that was removed meanwhile stays removed. */
  saveTurn(turn: SessionTurnRow): void;
  /** Last used first; `before` continues after the last row of the page before. */
  list(principal: string, page: { readonly limit: number; readonly before?: SessionRow | undefined }): SessionRow[];
  remove(name: SessionName): SessionRow | undefined;
  /** Removes those unused since `usedBefore`, and the longest unused beyond `most` of each kind. */
  prune(limits: { readonly usedBefore: number; readonly most: number }): SessionRow[];
}

type StoredRow = Omit<SessionRow, "named" | "system" | "piecemeal"> & {
  readonly key: number;
  readonly named: number;
  readonly system: string;
  readonly piecemeal: number;
};

const selectRows = `
  SELECT key, principal, id, named, created_at AS createdAt, used_at AS usedAt, turns, mode, workspace, model, system, piecemeal,
    backend_session AS backendSession, resume
  FROM sessions`;

const pruned = `
  SELECT key FROM sessions WHERE used_at < $usedBefore
  UNION SELECT key FROM (SELECT key FROM sessions WHERE named = 1 ORDER BY used_at DESC LIMIT -1 OFFSET $most)
  UNION SELECT key FROM (SELECT key FROM sessions WHERE named = 0 ORDER BY used_at DESC LIMIT -1 OFFSET $most)`;

export function createSessionStore(database: Database): SessionStore {
  const { select, messagesOf, use, update, resume, cut, append, page, spent, drop } = prepare(database);
  const find = ({ principal, id }: SessionName) => select.get({ principal, id }) ?? undefined;

  function removeRow(stored: StoredRow): SessionRow {
    cut.run({ key: stored.key, from: 0 });
    drop.run({ key: stored.key });
    return fromStored(stored);
  }

  const saveTurn = database.transaction(({ row, kept, added, turnsBefore, whole }: SessionTurnRow) => {
    const stored = find(row);
    if (stored === undefined) return;
    const { key } = stored;
    update.run({ key, ...toBindings(row) });
    if (kept === undefined) return;
    const [from, messages] = stored.turns === turnsBefore ? ([kept, added] as const) : ([0, whole] as const);
    cut.run({ key, from });
    for (const [at, message] of messages.entries())
      append.run({ key, position: from + at, message: JSON.stringify(message) });
  });
  const remove = database.transaction((name: SessionName) => {
    const stored = find(name);
    return stored && removeRow(stored);
  });
  const prune = database.transaction((limits: { readonly usedBefore: number; readonly most: number }) =>
    spent.all(limits).map(removeRow),
  );

  return {
    find(name) {
      const stored = find(name);
      return stored && fromStored(stored);
    },
    messages(name) {
      const key = find(name)?.key;
      return key === undefined ? [] : messagesOf.all({ key }).map(({ message }): Message => JSON.parse(message));
    },
    touch: ({ principal, id }, { named, at }) => void use.run({ principal, id, named: named ? 1 : 0, at }),
    saveResume: ({ principal, id }, token) => void resume.run({ principal, id, resume: token }),
    saveTurn: (turn) => saveTurn.immediate(turn),
    list: (principal, { limit, before }) =>
      page
        .all({
          principal,
          limit,
          usedAt: before?.usedAt ?? Number.MAX_SAFE_INTEGER,
          key: (before && find(before)?.key) ?? 0,
        })
        .map(fromStored),
    remove: (name) => remove.immediate(name),
    prune: (limits) => prune.immediate(limits),
  };
}

function prepare(database: Database) {
  return {
    select: database.query<StoredRow, { principal: string; id: string }>(
      `${selectRows} WHERE principal = $principal AND id = $id`,
    ),
    messagesOf: database.query<{ message: string }, { key: number }>(
      "SELECT message FROM session_messages WHERE session = $key ORDER BY position",
    ),
    use: database.query<never, { principal: string; id: string; named: number; at: number }>(`
    INSERT INTO sessions (principal, id, named, created_at, used_at, turns, system, piecemeal)
    VALUES ($principal, $id, $named, $at, $at, 0, '[]', 0)
    ON CONFLICT (principal, id) DO UPDATE SET used_at = $at, named = max(named, $named)`),
    update: database.query<never, Record<string, string | number | null>>(`
    UPDATE sessions SET used_at = $usedAt, turns = $turns, mode = $mode, workspace = $workspace, model = $model, system = $system,
      piecemeal = $piecemeal, backend_session = $backendSession, resume = $resume
    WHERE key = $key`),
    resume: database.query<never, { principal: string; id: string; resume: string }>(
      "UPDATE sessions SET resume = $resume WHERE principal = $principal AND id = $id",
    ),
    cut: database.query<never, { key: number; from: number }>(
      "DELETE FROM session_messages WHERE session = $key AND position >= $from",
    ),
    append: database.query<never, { key: number; position: number; message: string }>(
      "INSERT INTO session_messages (session, position, message) VALUES ($key, $position, $message)",
    ),
    page: database.query<StoredRow, { principal: string; usedAt: number; key: number; limit: number }>(
      `${selectRows} WHERE principal = $principal AND (used_at, key) < ($usedAt, $key)
     ORDER BY used_at DESC, key DESC LIMIT $limit`,
    ),
    spent: database.query<StoredRow, { usedBefore: number; most: number }>(`${selectRows} WHERE key IN (${pruned})`),
    drop: database.query<never, { key: number }>("DELETE FROM sessions WHERE key = $key"),
  };
}

function toBindings({ usedAt, turns, mode, workspace, model, system, piecemeal, backendSession, resume }: SessionRow) {
  return {
    usedAt,
    turns,
    mode,
    workspace,
    model,
    system: JSON.stringify(system),
    piecemeal: piecemeal ? 1 : 0,
    backendSession,
    resume,
  };
}

function fromStored({ key: _key, named, system, piecemeal, ...row }: StoredRow): SessionRow {
  const texts: readonly string[] = JSON.parse(system);
  return { ...row, named: named === 1, system: texts, piecemeal: piecemeal === 1 };
}
