/** Sessions that clients name: what they remember, who has the turn, and what outlives a process and the proxy. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { childrenOf } from "./support/children.ts";
import { claudes, type Proxy, waitFor } from "./support/proxy.ts";
import { assistant, openSessionBench, type SessionBench, user } from "./support/session-bench.ts";

setDefaultTimeout(120_000);

/** What the CLI has written down of all conversations; 2.1.197 does so a moment after it has answered. */
function transcript({ home }: Proxy): string {
  const projects = join(home, "claude", "projects");
  if (!existsSync(projects)) return "";
  return readdirSync(projects, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => textOf(join(projects, name)))
    .join("");
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It was removed in the meantime.
    return "";
  }
}

interface ToolMessage {
  readonly content: string | null;
  readonly tool_calls?: readonly { readonly id: string; readonly function: { readonly name: string } }[];
}

const say = (word: string): string => `[[demo say ${word}]]`;

describe.each(
  claudes.flatMap(({ path, version }) => (["chat", "agent"] as const).map((mode) => ({ path, version, mode }))),
)("claude $version, $mode mode", ({ path, mode }) => {
  let bench: SessionBench;
  beforeAll(async () => {
    bench = await openSessionBench({ claude: path, mode, args: ["--pool-size", "1"] });
  });
  afterAll(() => bench.stop());
  const rowsOf = (...turns: readonly string[]) =>
    turns.map((text, at) => [at % 2 === 0 ? "user" : "assistant", text] as const);

  test('new messages alone go on in the live process, whichever way the session is named; proves("session-named", "session-path")', async () => {
    const first = await bench.ask(`red ${say("one")}`, { session: "ways" });
    expect(first.headers.get("x-ccproxy-session")).toBe("ways");
    const backend = first.headers.get("x-ccproxy-backend-session");
    const told = [`red ${say("one")}`, "one"];
    for (const [at, way] of [
      { headers: { "x-cc-session": "ways" } },
      { body: { session_id: "ways" } },
      { path: "/sdk/ways/v1/chat/completions" },
      { path: "/claude/ways/v1/chat/completions" },
    ].entries()) {
      const question = `and ${at} ${say(`more ${at}`)}`;
      const { seen, headers } = await bench.ask(question, way);
      told.push(question);
      expect(seen).toEqual(rowsOf(...told));
      expect(headers.get("x-ccproxy-session")).toBe("ways");
      expect(headers.get("x-ccproxy-backend-session")).toBe(backend);
      expect(headers.get("x-ccproxy-ignored-params")).toBeNull();
      told.push(`more ${at}`);
    }
    const { body } = await bench.api("GET", "/sessions/ways");
    expect(body).toMatchObject({ id: "ways", named: true, mode, turns: 5, running: 0, backend_session: backend });
  });

  test("a whole conversation goes on; what is said again or otherwise begins there anew", async () => {
    const [one, two, other] = [`q1 ${say("a1")}`, `q2 ${say("a2")}`, `q2, rather ${say("b2")}`];
    const session = "fork";
    await bench.ask([user(one)], { session });
    const second = await bench.ask([user(one), assistant("a1"), user(two)], { session });
    const live = second.headers.get("x-ccproxy-backend-session");
    expect(second.seen).toEqual(rowsOf(one, "a1", two));
    const again = await bench.ask([user(one), assistant("a1"), user(two)], { session });
    expect(again.seen).toEqual(rowsOf(one, "a1", two));
    const edited = await bench.ask([user(one), assistant("a1"), user(other)], { session });
    expect(edited.seen).toEqual(rowsOf(one, "a1", other));
    expect(edited.headers.get("x-ccproxy-backend-session")).not.toBe(mode === "chat" ? live : "");
    const alone = await bench.ask(`q3 ${say("a3")}`, { session });
    expect(alone.seen).toEqual(rowsOf(one, "a1", other, "b2", `q3 ${say("a3")}`));
  });

  test('an evicted session, a restart and a SIGKILL forget nothing; proves("session-resume")', async () => {
    const session = "lasting";
    const told = [`apple ${say("noted")}`, "noted"];
    const first = await bench.ask(told[0] ?? "", { session });
    const backend = first.headers.get("x-ccproxy-backend-session");
    const go = async (word: string) => {
      const question = `${word} ${say(`noted ${word}`)}`;
      const { seen, headers } = await bench.ask(question, { session });
      told.push(question);
      expect(seen).toEqual(rowsOf(...told));
      // The CLI's own memory, not a retold one.
      if (mode === "agent") expect(headers.get("x-ccproxy-backend-session")).toBe(backend);
      told.push(`noted ${word}`);
      if (mode === "agent")
        await waitFor(() => transcript(bench.proxy()).includes(`"noted ${word}"`) || undefined, 10_000);
    };
    await bench.restart("SIGTERM", ["--pool-size", "0", "--max-sessions", "0"]);
    await go("pear");
    await go("cherry");
    await bench.restart("SIGKILL", ["--pool-size", "0"]);
    await go("lime");
    await bench.restart("SIGKILL", ["--pool-size", "1"]);
    await go("fig");
  });
});

describe("a session", () => {
  let bench: SessionBench;
  beforeAll(async () => {
    bench = await openSessionBench({
      mode: "chat",
      args: ["--pool-size", "2"],
      env: { CCPROXY__SESSIONS__WAIT_SECONDS: "10" },
    });
  });
  afterAll(() => bench.stop());
  const running = (session: string) =>
    waitFor(async () => (await bench.api("GET", `/sessions/${session}`)).body["running"] === 1 || undefined, 20_000);
  const streaming = () => waitFor(() => bench.proxy().upstream.openRequests() > 0 || undefined, 20_000);

  test('takes one turn at a time: a second request waits, and knows the first; proves("session-turns")', async () => {
    const session = "waits";
    const first = bench.ask("first [[demo text 5 delay=100]]", { session });
    await running(session);
    const second = await bench.ask(`second ${say("two")}`, { session });
    expect((await first).status).toBe(200);
    expect(second.seen.map(([, text]) => text)).toEqual([
      "first [[demo text 5 delay=100]]",
      (await first).text,
      `second ${say("two")}`,
    ]);
  });

  test('lets a later request take the place of the one that runs, which leaves nothing behind; proves("session-turns")', async () => {
    const session = "interrupts";
    await bench.ask(`zero ${say("0")}`, { session });
    const first = bench.ask("first [[demo text 600 delay=50]]", { session });
    await running(session);
    await streaming();
    const headers = { "x-ccproxy-busy": "interrupt" };
    const second = await bench.ask(`second ${say("two")}`, { session, headers });
    expect((await first).status).toBe(499);
    expect((await first).message).toContain("took this turn's place");
    expect(second.seen.map(([, text]) => text)).toEqual([`zero ${say("0")}`, "0", `second ${say("two")}`]);
    await waitFor(() => bench.proxy().upstream.openRequests() === 0 || undefined, 10_000);
    expect((await bench.ask("x", { session, headers: { "x-ccproxy-busy": "never" } })).status).toBe(400);
  });

  test('that is deleted ends what runs and turns away what waits; proves("session-api")', async () => {
    const session = "deleted";
    const first = bench.ask("first [[demo text 600 delay=50]]", { session });
    await running(session);
    const second = bench.ask("second", { session });
    await waitFor(
      async () => (await bench.api("GET", `/sessions/${session}`)).body["waiting"] === 1 || undefined,
      20_000,
    );
    await bench.api("DELETE", `/sessions/${session}`);
    for (const { status, message } of [await first, await second])
      expect([status, message]).toEqual([499, expect.stringContaining("deleted")]);
    expect((await bench.api("GET", `/sessions/${session}`)).status).toBe(404);
  });

  test('that waits for its client\'s tools stops waiting when it is interrupted; proves("session-api")', async () => {
    const [session, path] = ["parked", "/sessions/parked/interrupt"];
    const headers = { "x-ccproxy-tools": "both" };
    const tools = [{ type: "function", function: { name: "get", parameters: { type: "object", properties: {} } } }];
    const ask = (said: Parameters<SessionBench["ask"]>[0]) =>
      bench.ask(said, { session, mode: "agent", headers, body: { tools } });
    await ask("look [[demo tool get {}]]");
    const idle = childrenOf(bench.proxy().home, bench.proxy().pid).length;
    expect((await bench.api("POST", path)).body["interrupted"]).toBe(1);
    await waitFor(() => childrenOf(bench.proxy().home, bench.proxy().pid).length < idle || undefined, 10_000);
    expect((await bench.api("POST", path)).body["interrupted"]).toBe(0);
    expect(await ask(`rather ${say("that")}`)).toMatchObject({ status: 200, text: "that" });
  });

  test("has its tokens counted with all that it remembers", async () => {
    const session = "counted";
    await bench.ask(`${"plum ".repeat(2000)}${say("ok")}`, { session });
    const modes: (string | null)[] = [];
    const count = async (headers: Readonly<Record<string, string>>): Promise<number> => {
      const response = await fetch(`${bench.proxy().url}/v1/messages/count_tokens`, {
        method: "POST",
        headers,
        body: JSON.stringify({ model: "sonnet", messages: [user("and now?")] }),
      });
      modes.push(response.headers.get("x-ccproxy-mode"));
      return ((await response.json()) as { input_tokens: number }).input_tokens; // The API's own shape.
    };
    expect(await count({ "x-ccproxy-session": session })).toBeGreaterThan(
      (await count({ "x-ccproxy-mode": "chat" })) + 1000,
    );
    // A session is counted as it goes on: in its own mode.
    expect(modes[0]).toBe("chat");
    expect((await bench.api("GET", `/sessions/${session}`)).body["turns"]).toBe(1);
  });

  test("is asked to interrupt where nothing has a name: the answer says that it meant nothing", async () => {
    const headers = { "x-ccproxy-busy": "interrupt" };
    const { headers: told } = await bench.ask(`hi ${say("ok")}`, { headers, body: { prompt_cache_key: "k" } });
    expect(told.get("x-ccproxy-ignored-params")).toContain("X-CCProxy-Busy");
  });

  test('is listed, looked at, interrupted and deleted by its id; proves("session-api")', async () => {
    const session = "größe/1";
    const path = `/sessions/${encodeURIComponent(session)}`;
    expect((await bench.api("GET", path)).status).toBe(404);
    expect((await bench.api("POST", `${path}/interrupt`)).status).toBe(404);
    const inPath = { path: `/sdk/${encodeURIComponent(session)}/v1/chat/completions` };
    const { headers } = await bench.ask(`plum ${say("ok")}`, inPath);
    expect(headers.get("x-ccproxy-session")).toBe(encodeURIComponent(session).replace("%2F", "/"));
    const { body: listed } = await bench.api("GET", "/sessions?limit=1");
    expect(listed.data).toMatchObject([{ id: session, named: true, mode: "chat", turns: 1 }]);
    expect(listed["has_more"]).toBe(true);
    // Whoever pages would otherwise begin anew, and never come to an end.
    expect((await bench.api("GET", "/sessions?after_id=deleted-meanwhile")).status).toBe(404);
    const long = bench.ask("long [[demo text 600 delay=50]]", inPath);
    await waitFor(async () => (await bench.api("GET", path)).body["running"] === 1 || undefined, 20_000);
    expect((await bench.api("POST", `${path}/interrupt`)).body).toMatchObject({ id: session, interrupted: 1 });
    expect((await long).status).toBe(499);
    expect((await bench.api("DELETE", path)).body).toEqual({ id: session, object: "session", deleted: true });
    expect((await bench.api("DELETE", path)).status).toBe(404);
    expect((await bench.ask(`after ${say("ok")}`, inPath)).seen.map(([, text]) => text)).toEqual([
      `after ${say("ok")}`,
    ]);
  });

  test("of an agent is gone from the CLI's own files once it is deleted, or begins anew there", async () => {
    const session = "files";
    const turns = [user(`damson ${say("one")}`), assistant("one"), user(`on ${say("two")}`)];
    await bench.ask(turns.slice(0, 1), { session, mode: "agent" });
    await bench.ask(turns, { session, mode: "agent" });
    expect(transcript(bench.proxy())).toContain("damson");
    await bench.ask([user(`quince ${say("one")}`), assistant("uno"), user(`on ${say("two")}`)], {
      session,
      mode: "agent",
    });
    await waitFor(() => !transcript(bench.proxy()).includes("damson") || undefined, 10_000);
    expect(transcript(bench.proxy())).toContain("quince");
    await bench.api("DELETE", `/sessions/${session}`);
    await waitFor(() => !transcript(bench.proxy()).includes("quince") || undefined, 10_000);
    // Also while its first turn runs, or waits for the client's tools: neither could be gone on from.
    const cut = bench.ask("sloe [[demo text 600 delay=50]]", { session, mode: "agent" });
    await waitFor(() => transcript(bench.proxy()).includes("sloe") || undefined, 20_000);
    const headers = { "x-ccproxy-tools": "both" };
    const tools = [{ type: "function", function: { name: "get", parameters: { type: "object", properties: {} } } }];
    await bench.ask("medlar [[demo tool get {}]]", {
      session: "parked files",
      mode: "agent",
      headers,
      body: { tools },
    });
    await waitFor(() => transcript(bench.proxy()).includes("medlar") || undefined, 20_000);
    for (const id of [session, "parked files"])
      expect((await bench.api("DELETE", `/sessions/${encodeURIComponent(id)}`)).status).toBe(200);
    expect((await cut).status).toBe(499);
    await waitFor(() => !/sloe|medlar/.test(transcript(bench.proxy())) || undefined, 10_000);
    await bench.ask(`unnamed ${say("gone")}`, { mode: "agent" });
    expect(transcript(bench.proxy())).not.toMatch(/unnamed|sloe|medlar/);
  });

  test("is not what clients send along: equal hints, whatever they are called, bring no conversations together", async () => {
    const hints = [
      { body: { prompt_cache_key: "hint" } },
      { headers: { "x-claude-code-session-id": "hint" } },
      { headers: { "x-opencode-session": "hint" } },
      { headers: { "session-id": "hint" } },
    ];
    for (const [at, hint] of hints.entries()) {
      const { seen, headers } = await bench.ask(`question ${at} ${say("yes")}`, hint);
      expect(seen).toHaveLength(1);
      expect(headers.get("x-ccproxy-session")).toBe("hint");
      expect(headers.get("x-ccproxy-ignored-params")).toBeNull();
    }
    expect((await bench.api("GET", "/sessions/hint")).body).toMatchObject({ named: false, turns: 4 });
  });

  test.each(["chat", "agent"] as const)(
    "of a %s waits for the results of its client's tools, and takes them alone",
    async (mode) => {
      const parameters = { type: "object", properties: { city: { type: "string" } } };
      const tools = [{ type: "function", function: { name: "get_weather", parameters } }];
      const session = `tools ${mode}`;
      const { url, upstream } = bench.proxy();
      const post = async (messages: readonly object[]) => {
        const headers = { "x-ccproxy-session": session, "x-ccproxy-mode": mode };
        const body = JSON.stringify({ messages, tools });
        const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
        const { choices } = (await response.json()) as { choices: { message: ToolMessage }[] }; // The API's own shape.
        return { message: choices[0]?.message, backend: response.headers.get("x-ccproxy-backend-session") };
      };
      const before = upstream.requests().length;
      const prompt = '[[demo tool get_weather {"city": "Bern"}]] [[demo then]] [[demo say Sunny it is.]]';
      const first = await post([{ role: "user", content: prompt }]);
      const [call] = first.message?.tool_calls ?? [];
      expect(call?.function.name).toBe("get_weather");
      const second = await post([{ role: "tool", tool_call_id: call?.id, content: "sunny" }]);
      expect(second.message?.content).toBe("Sunny it is.");
      expect(second.backend).toBe(first.backend ?? "");
      expect(upstream.requests().length - before).toBe(2);
      const third = await post([{ role: "user", content: `and then? ${say("Rain.")}` }]);
      expect([third.message?.content, third.backend]).toEqual(["Rain.", first.backend]);
    },
  );

  test("in a path is never a word of a base URL that was put together wrongly", async () => {
    for (const path of ["/sdk/v1/v1/chat/completions", "/claude/sdk/v1/chat/completions", "/claude/api/v1/messages"])
      expect((await bench.ask("hi", { path, body: { max_tokens: 5 } })).status).toBe(404);
    expect((await bench.ask("hi", { session: "x".repeat(201) })).status).toBe(400);
  });
});

test("a session that is busy for too long is a 409, and goes on", async () => {
  const bench = await openSessionBench({
    args: ["--pool-size", "0"],
    env: { CCPROXY__SESSIONS__WAIT_SECONDS: "1" },
  });
  try {
    const session = "busy";
    const first = bench.ask("first [[demo stall 4000]]", { session });
    await waitFor(() => bench.proxy().upstream.openRequests() > 0 || undefined, 20_000);
    const second = await bench.ask("second", { session });
    expect([second.status, second.headers.get("retry-after")]).toEqual([409, "5"]);
    expect(second.message).toContain("X-CCProxy-Busy");
    expect((await first).status).toBe(200);
  } finally {
    await bench.stop();
  }
});

test('an idle session gives its process back after its time, and goes on from the CLI\'s own transcript; proves("session-resume")', async () => {
  const bench = await openSessionBench({
    mode: "agent",
    args: ["--pool-size", "0"],
    env: { CCPROXY__POOL__SESSION_TTL_MINUTES: "0.05" },
  });
  try {
    const session = "idle";
    const first = await bench.ask(`apple ${say("noted")}`, { session });
    await waitFor(() => childrenOf(bench.proxy().home, bench.proxy().pid).length === 0 || undefined, 20_000);
    const second = await bench.ask(`pear ${say("too")}`, { session });
    expect(second.seen.map(([, text]) => text)).toEqual([`apple ${say("noted")}`, "noted", `pear ${say("too")}`]);
    expect(second.headers.get("x-ccproxy-backend-session")).toBe(first.headers.get("x-ccproxy-backend-session"));
  } finally {
    await bench.stop();
  }
});

test("a named agent's edited conversation is taken up when the process that had it has ended: one transcript, one writer", async () => {
  const bench = await openSessionBench({ mode: "agent", args: ["--pool-size", "0"] });
  try {
    const session = "forked";
    const begun = [user(`fig ${say("one")}`), assistant("one")];
    const first = await bench.ask(begun.slice(0, 1), { session });
    await bench.ask([...begun, user(`then ${say("two")}`)], { session });
    const forking = bench.ask([...begun, user("rather [[demo text 100 delay=50]]")], { session });
    await waitFor(() => bench.proxy().upstream.requests().length > 2 || undefined, 20_000);
    expect(childrenOf(bench.proxy().home, bench.proxy().pid)).toHaveLength(1);
    const { headers, status } = await forking;
    expect([status, headers.get("x-ccproxy-backend-session")]).toEqual([
      200,
      first.headers.get("x-ccproxy-backend-session"),
    ]);
  } finally {
    await bench.stop();
  }
});

test("matching by history can be switched off; sessions and hints still go on", async () => {
  const bench = await openSessionBench({
    mode: "chat",
    args: ["--pool-size", "1"],
    env: { CCPROXY__SESSIONS__MATCH_HISTORY: "false" },
  });
  for (const [options, isLive] of [
    [{}, false],
    [{ session: "s" }, true],
    [{ body: { prompt_cache_key: "k" } }, true],
  ] as const) {
    const one = `one ${say("1")}`;
    const first = await bench.ask(one, options);
    const second = await bench.ask([user(one), assistant("1"), user(`two ${say("2")}`)], options);
    expect(second.seen).toHaveLength(3);
    const [before, after] = [first, second].map(({ headers }) => headers.get("x-ccproxy-backend-session"));
    expect(before === after).toBe(isLive);
  }
  await bench.stop();
});
