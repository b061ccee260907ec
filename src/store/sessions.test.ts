import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";

import type { Message, Part } from "#core/request.ts";

import { migrations } from "./migrations/index.ts";
import { sessionBytes } from "./migrations/session-bytes.ts";
import { createSessionStore, type SessionName } from "./sessions.ts";

const name = (id: string): SessionName => ({ principal: "p", id });
const says = (...content: readonly Part[]): Message => ({ role: "user", content });

function setUp() {
  const database = new Database(":memory:", { strict: true });
  for (const migration of migrations) database.run(migration);
  let unreadable = 0;
  const store = createSessionStore(database, () => (unreadable += 1));
  function save(id: string, messages: readonly Message[], usedAt = 1): void {
    store.touch(name(id), { named: true, at: usedAt });
    const row = store.find(name(id));
    if (row === undefined) throw new Error("It was not begun.");
    const next = { ...row, turns: row.turns + 1 };
    store.saveTurn({ row: next, kept: 0, added: messages, turnsBefore: row.turns, whole: messages });
  }
  const list = () => store.list("p", { limit: 9 }).map(({ id }) => id);
  return { database, store, save, list, unreadable: () => unreadable };
}

test("every kind of message comes back as it was said", () => {
  const { store, save, unreadable } = setUp();
  const source = { type: "base64", mediaType: "image/png", data: "AA==" } as const;
  const messages: readonly Message[] = [
    says(
      { type: "text", text: "look" },
      { type: "image", source },
      { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
      { type: "document", source: { type: "file", fileId: "f" }, title: "t" },
      { type: "document", source: { type: "text", mediaType: "text/plain", text: "long" }, context: "c" },
      { type: "raw", wireFormat: "anthropic-messages", value: { type: "new", deep: [1, null] } },
    ),
    {
      role: "assistant",
      content: [
        { type: "reasoning", text: "hm", signature: "s" },
        { type: "reasoning", text: "", redactedData: "r", field: "messages[1]" },
        { type: "tool-call", callId: "1", toolName: "get", input: { at: [] } },
      ],
    },
    says({ type: "tool-result", callId: "1", content: [{ type: "image", source }], isError: false }),
  ];
  save("s", messages);
  expect(store.messages(name("s"))).toEqual(messages);
  expect(unreadable()).toBe(0);
});

test.each(['{"role":"user"}', '{"role":"user","content":[{"type":"odd"}]}', "torn {"])(
  "a conversation with a message that is none (%s) is dropped, and that is said once; the session begins anew",
  (text) => {
    const { database, store, save, unreadable } = setUp();
    save("s", [says({ type: "text", text: "a" }), says({ type: "text", text: "b" })]);
    database.query("UPDATE session_messages SET message = $text WHERE position = 0").run({ text });
    expect([store.messages(name("s")), store.messages(name("s"))]).toEqual([[], []]);
    expect(unreadable()).toBe(1);
    save("s", [says({ type: "text", text: "c" })]);
    expect(store.messages(name("s"))).toEqual([says({ type: "text", text: "c" })]);
  },
);

test.each(["system = '{}'", "system = 'torn ['", "mode = 'odd'", "named = 7"])(
  "a session whose row is none (%s) is dropped wherever it is met, and that is said once",
  (change) => {
    const { database, store, save, list, unreadable } = setUp();
    for (const id of ["a", "b", "c"]) save(id, [says({ type: "text", text: id })]);
    database.run(`UPDATE sessions SET ${change} WHERE id != 'c'`);
    expect([store.find(name("a")), store.find(name("a"))]).toEqual([undefined, undefined]);
    expect(list()).toEqual(["c"]);
    expect(unreadable()).toBe(2);
    expect(database.query("SELECT session FROM session_messages").all()).toHaveLength(1);
  },
);

test("what an earlier version kept is weighed too", () => {
  const database = new Database(":memory:");
  const earlier = migrations.indexOf(sessionBytes);
  for (const migration of migrations.slice(0, earlier)) database.run(migration);
  database.run(`INSERT INTO sessions (key, principal, id, named, created_at, used_at, turns, system, piecemeal)
    VALUES (5, 'p', 's', 1, 1, 1, 1, '[]', 0), (6, 'p', 't', 1, 1, 1, 0, '[]', 0)`);
  database.run("INSERT INTO session_messages VALUES (5, 0, 'ü'), (5, 1, 'four')");
  database.run(sessionBytes);
  expect(database.query("SELECT key, bytes FROM sessions").values()).toEqual([
    [5, 6],
    [6, 0],
  ]);
});

test("of too much the sessions that are longest unused go, and never the one that was used last", () => {
  const { database, store, save, list } = setUp();
  for (const [at, id] of ["a", "b", "c"].entries()) save(id, [says({ type: "text", text: id.repeat(1000) })], at + 1);
  const prune = (mostBytes: number) => store.prune({ usedBefore: 0, most: 9, mostBytes }).map(({ id }) => id);
  save("c", [says({ type: "text", text: "ü".repeat(500) })], 3);
  const weighed = database.query("SELECT bytes FROM sessions ORDER BY key").all();
  expect(weighed).toEqual(
    database.query("SELECT sum(octet_length(message)) AS bytes FROM session_messages GROUP BY session").all(),
  );
  expect(prune(4000)).toEqual([]);
  expect(prune(2500)).toEqual(["a"]);
  expect(prune(10)).toEqual(["b"]);
  expect(list()).toEqual(["c"]);
});
