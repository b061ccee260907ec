import type { Database } from "bun:sqlite";

import * as v from "valibot";

import type { Mode } from "#core/backend.ts";
import type { Message } from "#core/request.ts";

import { storedMessage } from "./stored-message.ts";

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
  /** Removes those unused since `usedBefore`, and the longest unused beyond `most` of each kind or `mostBytes` of all. */
  prune(limits: SessionLimits): SessionRow[];
}

export interface SessionLimits {
  readonly usedBefore: number;
  readonly most: number;
  /** The one that was used last is kept however long it is. */
  readonly mostBytes: number;
}

const flag = v.pipe(
  v.picklist([0, 1]),
  v.transform((bit) => bit === 1),
);
const storedRow: v.GenericSchema<unknown, SessionRow> = v.object({
  principal: v.string(),
  id: v.string(),
  named: flag,
  createdAt: v.number(),
  usedAt: v.number(),
  turns: v.number(),
  mode: v.nullable(v.picklist(["agent", "chat"])),
  workspace: v.nullable(v.string()),
  model: v.nullable(v.string()),
  system: v.pipe(v.string(), v.parseJson(), v.array(v.string())),
  piecemeal: flag,
  backendSession: v.nullable(v.string()),
  resume: v.nullable(v.string()),
});

/** What of it is not what was written is found out by its schema. */
interface StoredRow {
  readonly key: number;
  readonly turns: number;
}

const selectRows = `
  SELECT key, principal, id, named, created_at AS createdAt, used_at AS usedAt, turns, mode, workspace, model, system, piecemeal,
    backend_session AS backendSession, resume
  FROM sessions`;

const pruned = `
  SELECT key FROM sessions WHERE used_at < $usedBefore
  UNION SELECT key FROM (SELECT key FROM sessions WHERE named = 1 ORDER BY used_at DESC LIMIT -1 OFFSET $most)
  UNION SELECT key FROM (SELECT key FROM sessions WHERE named = 0 ORDER BY used_at DESC LIMIT -1 OFFSET $most)
  UNION SELECT key FROM (
    SELECT key, row_number() OVER latest AS place, sum(bytes) OVER latest AS together
    FROM sessions WINDOW latest AS (ORDER BY used_at DESC, key DESC)
  ) WHERE place > 1 AND together > $mostBytes`;

/** `onUnreadable` is told, once, of each session whose row or conversation had to be dropped: it is not as it was written. */
export function createSessionStore(database: Database, onUnreadable: () => void): SessionStore {
  const statements = prepare(database);
  const { select, use, update, resume, page, spent } = statements;
  const { replaceFrom, readMessages, removeRow } = createKept(statements, onUnreadable);
  const find = ({ principal, id }: SessionName) => select.get({ principal, id }) ?? undefined;

  const removeOne = database.transaction(removeRow);
  function read(stored: StoredRow): readonly SessionRow[] {
    const row = v.safeParse(storedRow, stored);
    return row.success ? [row.output] : removeOne.immediate(stored);
  }

  const saveTurn = database.transaction(({ row, kept, added, turnsBefore, whole }: SessionTurnRow) => {
    const stored = find(row);
    if (stored === undefined) return;
    const { key } = stored;
    update.run({ key, ...toBindings(row) });
    if (kept === undefined) return;
    const [from, messages] = stored.turns === turnsBefore ? ([kept, added] as const) : ([0, whole] as const);
    replaceFrom(key, from, messages);
  });
  const remove = database.transaction((name: SessionName) => {
    const stored = find(name);
    return stored && removeRow(stored)[0];
  });
  const prune = database.transaction((limits: SessionLimits) => spent.all({ ...limits }).flatMap(removeRow));

  return {
    find(name) {
      const stored = find(name);
      return stored && read(stored)[0];
    },
    messages(name) {
      const key = find(name)?.key;
      return key === undefined ? [] : readMessages(key);
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
        .flatMap(read),
    remove: (name) => remove.immediate(name),
    prune: (limits) => prune.immediate(limits),
  };
}

/** The conversations, and the rows as they were written. */
function createKept({ messagesOf, cut, append, grow, drop }: ReturnType<typeof prepare>, onUnreadable: () => void) {
  /** Only what changes is weighed: to read a long conversation for each turn takes milliseconds. */
  function replaceFrom(key: number, from: number, messages: readonly Message[]): void {
    let bytes = 0;
    for (const gone of cut.all({ key, from })) bytes -= gone.bytes;
    for (const [at, said] of messages.entries()) {
      const message = JSON.stringify(said);
      append.run({ key, position: from + at, message });
      bytes += Buffer.byteLength(message);
    }
    grow.run({ key, bytes });
  }

  function removeRow(stored: StoredRow): readonly SessionRow[] {
    const { key } = stored;
    cut.run({ key, from: 0 });
    drop.run({ key });
    const row = v.safeParse(storedRow, stored);
    if (!row.success) onUnreadable();
    return row.success ? [row.output] : [];
  }

  /** One that does not fit makes the rest another conversation. */
  function readMessages(key: number): readonly Message[] {
    const texts = messagesOf.all({ key }).map(({ message }) => message);
    const messages = v.safeParse(v.array(storedMessage), texts);
    if (messages.success) return messages.output;
    replaceFrom(key, 0, []);
    onUnreadable();
    return [];
  }

  return { replaceFrom, readMessages, removeRow };
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
    grow: database.query<never, { key: number; bytes: number }>(
      "UPDATE sessions SET bytes = bytes + $bytes WHERE key = $key",
    ),
    resume: database.query<never, { principal: string; id: string; resume: string }>(
      "UPDATE sessions SET resume = $resume WHERE principal = $principal AND id = $id",
    ),
    cut: database.query<{ bytes: number }, { key: number; from: number }>(
      "DELETE FROM session_messages WHERE session = $key AND position >= $from RETURNING octet_length(message) AS bytes",
    ),
    append: database.query<never, { key: number; position: number; message: string }>(
      "INSERT INTO session_messages (session, position, message) VALUES ($key, $position, $message)",
    ),
    page: database.query<StoredRow, { principal: string; usedAt: number; key: number; limit: number }>(
      `${selectRows} WHERE principal = $principal AND (used_at, key) < ($usedAt, $key)
     ORDER BY used_at DESC, key DESC LIMIT $limit`,
    ),
    spent: database.query<StoredRow, { usedBefore: number; most: number; mostBytes: number }>(
      `${selectRows} WHERE key IN (${pruned})`,
    ),
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
