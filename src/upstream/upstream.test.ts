import { afterAll, describe, expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";
import { createCredential, type Credential } from "#credentials/credential.ts";
import { redactText } from "#lib/redact.ts";

import { chunksOf, textOf } from "./read-body.ts";
import { createUpstream, type UpstreamCall, type UpstreamOptions } from "./upstream.ts";

/** Answers each request with the next of these, and the last for ever. */
const script: { answers: ((request: Request) => Response | Promise<Response>)[]; keys: string[] } = {
  answers: [],
  keys: [],
};
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    script.keys.push(request.headers.get("x-key") ?? "");
    const answer = script.answers.length > 1 ? script.answers.shift() : script.answers[0];
    return answer?.(request) ?? new Response("ok");
  },
});
afterAll(() => server.stop(true));

const fixed = (secret: string) => createCredential({ label: secret, keep: false, read: () => Promise.resolve(secret) });
const status =
  (code: number, headers: Record<string, string> = {}) =>
  () =>
    new Response("no", { status: code, headers });

function setUp(answers: typeof script.answers, more: Partial<UpstreamOptions> = {}) {
  script.answers = answers;
  script.keys = [];
  const upstream = createUpstream({
    provider: "Acme",
    settings: "providers.acme",
    credentials: [],
    spread: "failover",
    connect: undefined,
    responseTimeoutMs: 5000,
    maxRetries: 2,
    ...more,
  });
  return (call: Partial<UpstreamCall> = {}) =>
    upstream.send({
      url: server.url.href,
      method: "POST",
      headers: {},
      body: "{}",
      authorize: (secret) => ({ "x-key": secret }),
      signal: new AbortController().signal,
      ...call,
    });
}

const now = { "retry-after-ms": "1" };

describe("what is tried again, before the first byte", () => {
  test.each([408, 409, 429, 500, 502, 503, 504, 529])("status %i, until it passes", async (code) => {
    const send = setUp([status(code, now), status(code, now), () => new Response("ok")]);
    const { response, retries } = await send();
    expect([response.status, retries]).toEqual([200, 2]);
  });

  test("no more often than it may be, and then the answer is passed on", async () => {
    const { response, retries } = await setUp([status(503, now)])();
    expect([response.status, retries, script.keys.length]).toEqual([503, 2, 3]);
  });

  test.each([
    [400, {}],
    [401, {}],
    [404, {}],
    [503, { "x-should-retry": "false" }],
    [429, { "retry-after": "60" }],
  ] as const)("but not status %i with %o", async (code, headers) => {
    const { response, retries } = await setUp([status(code, headers)])();
    expect([response.status, retries]).toEqual([code, 0]);
  });

  test("nor without end by many: an upstream in trouble is asked for one request in five once more", async () => {
    const send = setUp([status(429, now)]);
    for (let sent = 0; sent < 50; sent += 1) await send();
    expect(script.keys.length).toBeLessThan(50 + 10 + 50 / 5 + 1);
  });

  test("and a wait that is too long costs nothing of that", async () => {
    const send = setUp([status(429, { "retry-after": "60" })]);
    for (let sent = 0; sent < 20; sent += 1) await send();
    script.answers = [status(429, now), () => new Response("ok")];
    expect((await send()).retries).toBe(1);
  });

  test("and a redirect is passed on, with the key", async () => {
    const { response } = await setUp([status(307, { location: "http://evil.test/" })], { credentials: [fixed("k")] })();
    expect([response.status, script.keys.length]).toEqual([307, 1]);
  });
});

describe("credentials", () => {
  test("the next one is asked at once where one is refused or has used up what it may", async () => {
    for (const code of [401, 403, 402, 429, 500]) {
      const send = setUp([status(code), () => new Response("ok")], { credentials: [fixed("a"), fixed("b")] });
      expect((await send()).response.status).toBe(200);
      expect(script.keys).toEqual(["a", "b"]);
    }
  });

  test("one that is refused is read again, and asked with once more", async () => {
    const held = { secret: "old" };
    const credential = createCredential({
      label: "x",
      keep: true,
      read: () => Promise.resolve(held.secret),
      now: () => now++ * 1e6,
    });
    let now = 1;
    await credential.get();
    held.secret = "new";
    const send = setUp([status(401), () => new Response("ok")], { credentials: [credential], maxRetries: 0 });
    const told: number[] = [];
    const { response, retries } = await send({ onRetry: (again) => told.push(again) });
    expect([response.status, retries, told]).toEqual([200, 1, [1]]);
    expect(script.keys).toEqual(["old", "new"]);
  });

  test("a 400 that refuses the key is told from one that refuses the request, and read by who asks all the same", async () => {
    const send = setUp([byKey({ a: () => new Response("bad key", { status: 400 }) })], {
      credentials: [fixed("a"), fixed("b")],
    });
    const refusesKey = (text: string) => text === "bad key";
    expect((await send({ refusesKey })).retries).toBe(1);
    expect((await send({ refusesKey })).retries).toBe(0);
    script.answers = [() => new Response("bad request", { status: 400 })];
    const { response, retries } = await send({ refusesKey });
    expect([response.status, retries, await response.text()]).toEqual([400, 0, "bad request"]);
  });

  test("in turn, but one for a conversation", async () => {
    const send = setUp([() => new Response("ok")], { credentials: [fixed("a"), fixed("b")], spread: "round-robin" });
    for (let sent = 0; sent < 4; sent += 1) await send();
    expect(script.keys).toEqual(["a", "b", "a", "b"]);
    script.keys = [];
    for (let sent = 0; sent < 4; sent += 1) await send({ affinity: "conversation" });
    expect(new Set(script.keys).size).toBe(1);
  });

  test.each(["failover", "round-robin"] as const)(
    "with %s whoever gave an earlier answer is asked first, also of two that are kept alike",
    async (spread) => {
      const alike = (secret: string): Credential => ({ ...fixed(secret), label: "sh …" });
      const credentials = [alike("a"), alike("b"), alike("c")];
      const send = setUp([byKey({ a: status(401) })], { credentials, spread });
      const { account } = await send();
      const [made] = script.keys.slice(-1);
      expect(made).toBe("b");
      const later = setUp([() => new Response("ok")], { credentials, spread });
      expect((await later({ account, affinity: "x" })).account).toBe(account);
      expect((await later({ account: "gone" })).response.status).toBe(200);
      expect(script.keys).toEqual(["b", "a"]);
    },
  );

  test("one that alone has what is asked for is not stood in for by others, who would say that there is no such thing", async () => {
    const credentials = [fixed("a"), fixed("b")];
    const send = setUp([byKey({ a: status(404), b: status(429, minute) })], { credentials, maxRetries: 0 });
    for (const _ of [1, 2]) expect((await send({ account: "b" })).response.status).toBe(429);
    expect(script.keys).toEqual(["b", "b"]);
    expect((await send()).response.status).toBe(404);
  });

  test("one that cannot be had is a 401 that says so", async () => {
    const none = createCredential({
      label: "x",
      keep: false,
      read: () => Promise.reject(new GatewayError("authentication", "The variable X is not set.")),
    });
    expect(setUp([], { credentials: [none] })()).rejects.toMatchObject({ kind: "authentication" });
  });
});

/** Answers by the key it is asked with. */
const byKey = (answers: Readonly<Record<string, () => Response>>) => (request: Request) =>
  answers[request.headers.get("x-key") ?? ""]?.() ?? new Response("ok");
const minute = { "retry-after": "60" };

describe("a credential that rests", () => {
  test.each([401, 402, 403, 429])("after a %i is asked behind the others", async (code) => {
    const said: string[] = [];
    const two = { credentials: [fixed("a"), fixed("b")], onRefused: (message: string) => said.push(message) };
    const send = setUp([byKey({ a: status(code, code === 429 ? minute : {}) })], two);
    expect([(await send()).retries, (await send()).retries]).toEqual([1, 0]);
    expect(script.keys).toEqual(["a", "b", "b"]);
    expect(said).toEqual(
      code === 429
        ? []
        : [expect.stringMatching(new RegExp(`credential a is refused with status ${code}.*30 seconds`))],
    );
  });

  test("that is the only one is named once, and its answer passed on with its name", async () => {
    const said: string[] = [];
    const key = createCredential({ label: "ACME_API_KEY", keep: false, read: () => Promise.resolve("a") });
    // As the log has it.
    const onRefused = (text: string) => said.push(redactText(text));
    const send = setUp([byKey({ a: status(401) })], { credentials: [key], onRefused });
    expect([(await send()).credential, (await send()).credential]).toEqual(["ACME_API_KEY", "ACME_API_KEY"]);
    expect(said).toEqual([
      expect.stringContaining("credential ACME_API_KEY is refused with status 401. There is no other"),
    ]);
  });

  test("is asked again where the others are refused, too: its owner may have seen to it", async () => {
    const keys: Record<string, () => Response> = { a: status(402) };
    const send = setUp([byKey(keys)], { credentials: [fixed("a"), fixed("b")] });
    await send();
    Object.assign(keys, { a: () => new Response("ok"), b: status(401) });
    expect((await send()).response.status).toBe(200);
    expect((await send()).response.status).toBe(200);
    expect(script.keys).toEqual(["a", "b", "b", "a", "a"]);
  });

  test("is not asked in place of one whose upstream fails", async () => {
    const keys: Record<string, () => Response> = { a: status(401) };
    const send = setUp([byKey(keys)], { credentials: [fixed("a"), fixed("b")], maxRetries: 1 });
    await send();
    keys["b"] = status(503, now);
    expect((await send()).response.status).toBe(503);
    expect(script.keys).toEqual(["a", "b", "b", "b"]);
    for (let time = 0; time < 2; time += 1) await send();
    await expect(send()).rejects.toMatchObject({ kind: "unavailable" });
    expect(script.keys.filter((key) => key === "a")).toHaveLength(1);
  });

  test("is worse than a little wait, and what it says than news that may pass", async () => {
    const keys: Record<string, () => Response> = { a: status(402) };
    const send = setUp([byKey(keys)], { credentials: [fixed("a"), fixed("b")] });
    await send();
    const limits = [status(429, now), () => new Response("ok"), status(429, minute)];
    keys["b"] = () => limits.shift()?.() ?? new Response("ok");
    expect((await send()).response.status).toBe(200);
    expect(script.keys).toEqual(["a", "b", "b", "b"]);
    const { response, retries } = await send();
    expect([response.status, await response.text(), retries]).toEqual([429, "no", 1]);
    expect(script.keys.slice(4)).toEqual(["b", "a"]);
  });

  test("of several that are to wait only who waits least is asked", async () => {
    const keys = { a: status(429, minute), b: status(429, { "retry-after": "30" }) };
    const send = setUp([byKey(keys)], { credentials: [fixed("a"), fixed("b")] });
    await send();
    const { response } = await send();
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "30"]);
    expect(script.keys).toEqual(["a", "b", "b"]);
  });

  test("and is the only one is asked each time", async () => {
    for (const code of [401, 402, 403, 429]) {
      const send = setUp([status(code, minute)], { credentials: [fixed("a")] });
      for (let time = 0; time < 7; time += 1) expect((await send()).response.status).toBe(code);
      script.answers = [() => new Response("ok")];
      expect((await send()).response.status).toBe(200);
      expect(script.keys).toHaveLength(8);
    }
  });

  test("wakes at once where its owner keeps another", async () => {
    const held = { secret: "old" };
    const changing = createCredential({ label: "x", keep: false, read: () => Promise.resolve(held.secret) });
    const send = setUp([byKey({ old: status(401) })], { credentials: [changing, fixed("b")] });
    await send();
    held.secret = "new";
    expect((await send()).retries).toBe(0);
    expect(script.keys).toEqual(["old", "b", "new"]);
  });

  test("because it cannot be had wakes when it can", async () => {
    const held: { secret?: string; reads: number } = { reads: 0 };
    const read = async () => {
      held.reads += 1;
      if (held.secret === undefined) throw new GatewayError("authentication", "The variable X is not set.");
      return await Promise.resolve(held.secret);
    };
    const send = setUp([() => new Response("ok")], {
      credentials: [createCredential({ label: "x", keep: false, read }), fixed("b")],
    });
    await send();
    await send();
    held.secret = "a";
    await send();
    expect(script.keys).toEqual(["b", "b", "a"]);
  });
});

describe("a credential that is being renewed", () => {
  /** Whose owner takes their time. */
  function slow() {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const asked = Promise.withResolvers<undefined>();
    let reads = 0;
    const read = () => {
      reads += 1;
      if (reads === 1) return Promise.resolve("old");
      asked.resolve(undefined);
      return promise;
    };
    const clock = { now: 0 };
    const credential = createCredential({ label: "x", keep: true, read, now: () => (clock.now += 60_000) });
    return { credential, asked: asked.promise, resolve, reject };
  }
  const gone = new GatewayError("cancelled", "Gone.");

  test("holds nobody who leaves, and goes on for those who stay", async () => {
    const { credential, asked, resolve } = slow();
    const send = setUp([byKey({ old: status(401) })], { credentials: [credential] });
    const leaving = new AbortController();
    const [leaver, stayer] = [send({ signal: leaving.signal }), send()];
    await asked;
    while (script.keys.length < 2) await Bun.sleep(1);
    leaving.abort(gone);
    await expect(leaver).rejects.toMatchObject({ kind: "cancelled" });
    resolve("new");
    expect((await stayer).response.status).toBe(200);
    expect(script.keys).toEqual(["old", "old", "new"]);
  });

  test("and fails with nobody left ends nothing else", async () => {
    const { credential, asked, reject } = slow();
    const send = setUp([byKey({ old: status(401) })], { credentials: [credential] });
    const leaving = new AbortController();
    const leaver = send({ signal: leaving.signal });
    await asked;
    leaving.abort(gone);
    await expect(leaver).rejects.toMatchObject({ kind: "cancelled" });
    reject(new Error("No such vault."));
    await Bun.sleep(1);
  });

  test("by somebody who fails says nothing of the upstream", async () => {
    const state = { isWell: true };
    const failing: Credential = {
      label: "x",
      get: () => Promise.resolve("old"),
      look: () => Promise.resolve("old"),
      renew: () => Promise.reject(new GatewayError("upstream", "login.test answered 503.")),
    };
    const send = setUp([() => (state.isWell ? new Response("ok") : new Response("", { status: 401 }))], {
      credentials: [failing],
      maxRetries: 0,
    });
    state.isWell = false;
    for (let time = 0; time < 7; time += 1) await expect(send()).rejects.toThrow("login.test answered 503.");
    state.isWell = true;
    expect((await send()).response.status).toBe(200);
  });
});

describe("an upstream that is not well", () => {
  test("is not asked again by who asks already, once it is left alone", async () => {
    const send = setUp([status(500, now)], { maxRetries: 10 });
    expect([(await send()).response.status, script.keys.length]).toEqual([500, 5]);
  });

  test("is no worse for requests whose time is over", async () => {
    const send = setUp([() => Bun.sleep(30).then(() => new Response("ok"))], { credentials: [fixed("a"), fixed("b")] });
    const over = new GatewayError("timeout", "Over.");
    for (let time = 0; time < 6; time += 1) {
      const ending = new AbortController();
      setTimeout(() => ending.abort(over), 3);
      await expect(send({ signal: ending.signal })).rejects.toBe(over);
    }
    expect(new Set(script.keys)).toEqual(new Set(["a"]));
    expect((await send()).response.status).toBe(200);
  });

  test("is left alone for a while after five failures in a row", async () => {
    const send = setUp([status(500)], { maxRetries: 0 });
    for (let sent = 0; sent < 5; sent += 1) await send();
    const error: unknown = await send().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "unavailable", options: { retryAfterSeconds: 5 } });
    expect(script.keys).toHaveLength(5);
  });

  test("and for no longer because many failed at once", async () => {
    const send = setUp([status(500)], { maxRetries: 0 });
    await Promise.all(Array.from({ length: 20 }, () => send()));
    expect(await send().catch((thrown: unknown) => thrown)).toMatchObject({ options: { retryAfterSeconds: 5 } });
  });

  test("and cannot be reached is said to be that", () => {
    const send = setUp([], { maxRetries: 0 });
    expect(send({ url: "http://127.0.0.1:1/" })).rejects.toMatchObject({
      kind: "upstream",
      message: expect.stringContaining("Acme could not be reached"),
    });
  });

  test("and does not begin to answer is given up", () => {
    const send = setUp([() => Bun.sleep(500).then(() => new Response("late"))], {
      responseTimeoutMs: 20,
      maxRetries: 0,
    });
    expect(send()).rejects.toMatchObject({ kind: "timeout" });
  });

  test("is let go of when nobody waits any more", () => {
    const leaving = new AbortController();
    const send = setUp([() => Bun.sleep(500).then(() => new Response("late"))]);
    setTimeout(() => leaving.abort(new GatewayError("cancelled", "Gone.")), 10);
    expect(send({ signal: leaving.signal })).rejects.toMatchObject({ kind: "cancelled" });
  });
});

describe("the body", () => {
  const signal = new AbortController().signal;
  const stalling = () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("begun"));
        },
      }),
    );

  test("that falls silent is given up", async () => {
    const { response } = await setUp([stalling])();
    const reading = textOf(chunksOf(response, { idleTimeoutMs: 20, signal }), 1000);
    expect(reading).rejects.toMatchObject({ kind: "timeout" });
  });

  test("is let go of when nobody waits any more", async () => {
    const leaving = new AbortController();
    const { response } = await setUp([stalling])();
    setTimeout(() => leaving.abort(new GatewayError("cancelled", "Gone.")), 10);
    const reading = textOf(chunksOf(response, { idleTimeoutMs: 60_000, signal: leaving.signal }), 1000);
    expect(reading).rejects.toMatchObject({ kind: "cancelled" });
  });

  test("is read as far as it is wanted", async () => {
    const { response } = await setUp([() => new Response("x".repeat(100_000))])();
    expect(await textOf(chunksOf(response, { idleTimeoutMs: 1000, signal }), 10)).toBe("xxxxxxxxxx");
  });
});
