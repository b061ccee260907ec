/** Whose key a provider is asked with: kept where its owner keeps it, renewed once, one after the other or in turn. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { fingerprintOf } from "#demo/credential.ts";

import { openProviderBench, type ProviderBench } from "../support/provider-bench.ts";
import {
  askWay,
  baseUrlOf,
  type Format,
  providerFormats,
  readTold,
  type Told,
  ways,
} from "../support/provider-ways.ts";
import { waitFor } from "../support/proxy.ts";
import { readRows } from "../support/rows.ts";

setDefaultTimeout(30_000);

const secrets = {
  first: "sk-first-of-two-keys",
  second: "sk-second-of-two-keys",
  old: "sk-old-and-expired",
  fresh: "sk-fresh-from-the-vault",
};

let bench: ProviderBench;
let folder: string;
const inFolder = (name: string) => join(folder, name);

/** What becomes of one of two credentials, and whether it rests by it. */
const troubles: readonly (readonly [string, string, boolean])[] = [
  ["is refused", "[[demo error 401]]", true],
  ["is refused as Gemini does it", '[[demo error 400 message="API key not valid."]] [[demo quirk error-array]]', true],
  ["may not", "[[demo error 403]]", true],
  ["has used up what it may", "[[demo error 429 retry-after=60]]", true],
  ["has no credit", "[[demo error 402]]", true],
  ["meets a server in trouble", "[[demo error 500]]", false],
];

const two = { credentials: { one: { env: "FIRST" }, other: { env: "SECOND" } } };
/** What is told of each but where it is; of every name there is one a format. */
const providers = (): Readonly<Record<string, object>> => ({
  vault: { credentials: { vault: { command: ["sh", inFolder("vault.sh")] } } },
  many: { credentials: { vault: { command: ["sh", inFolder("vault.sh")] } } },
  file: { credentials: { file: { file: inFolder("key") } } },
  keyless: {},
  patient: { credentials: { gone: { command: ["sh", "-c", `echo $$ > ${inFolder("pid")}; exec sleep 25`] } } },
  unset: { credentials: { gone: { env: "NOT_SET_ANYWHERE" } } },
  broken: { credentials: { gone: { command: ["sh", "-c", "echo no such vault >&2; exit 3"] } } },
  ...Object.fromEntries(troubles.map((_, index) => [`over-${index}`, two])),
  mended: { credentials: { one: { file: inFolder("mended") }, other: { env: "SECOND" } } },
  both: two,
  lost: { ...two, proxy: "http://127.0.0.1:1", max_retries: 0 },
  turns: { ...two, spread: "round-robin" },
  tired: { credentials: { one: { env: "FIRST" } }, max_retries: 0 },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ccproxy-vault-"));
  await Bun.write(inFolder("vault.sh"), `echo run >> ${inFolder("runs")}; sleep 0.1; cat ${inFolder("secret")}\n`);
  await Bun.write(inFolder("secret"), `${secrets.old}\n`);
  await Bun.write(inFolder("key"), `${secrets.first}\n`);
  bench = await openProviderBench({
    env: { FIRST: secrets.first, SECOND: secrets.second },
    config: (demo) => ({
      providers: Object.fromEntries(
        Object.entries(providers()).flatMap(([name, more]) =>
          providerFormats.map((format) => [
            `${name}-${format}`,
            { base_url: baseUrlOf(format, `${demo}/${name}`), wire_format: format, allow_private: true, ...more },
          ]),
        ),
      ),
    }),
  });
});
let command: number | undefined;
const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  // By its watchdog, as any child of its.
  if (command !== undefined) expect(isRunning(command)).toBe(false);
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await bench.forgetOrders();
  bench.forget();
});

const oneEach = ways.filter(({ stream }) => !stream);
const ask = (name: string, prompt = "[[demo say Hello.]]", among = oneEach): Promise<readonly Told[]> =>
  Promise.all(among.map((way) => askWay(bench, name, way, prompt)));

/** The fingerprint of the key that a request came with, in the header in which its API wants it. */
const keysSeen = () =>
  bench.asked().map(({ path, credentials }) => {
    const isAnthropic = path.endsWith("/messages");
    return isAnthropic ? credentials["x-api-key"] : credentials["authorization"]?.replace("Bearer ", "");
  });

const runs = async () => (await Bun.file(inFolder("runs")).text()).split("\n").length - 1;

function expectWhole(told: readonly Told[], retries: string | null): void {
  for (const one of told) {
    expect({ way: one.way, status: one.status, ...readTold(one) }).toMatchObject({ status: 200, ending: "whole" });
    expect(one.headers.get("x-ccproxy-retries")).toBe(retries);
    bench.expectRow(one.requestId, { status: 200, errorKind: null, retries: Number(retries ?? 0) });
  }
}

// proves("upstream-api-key")
describe("where it is kept", () => {
  test("a file's key is read anew for each request", async () => {
    expectWhole(await ask("file"), null);
    await Bun.write(inFolder("key"), secrets.second);
    expectWhole(await ask("file"), null);
    const [first, second] = [fingerprintOf(secrets.first), fingerprintOf(secrets.second)];
    expect(keysSeen()).toEqual([...oneEach.map(() => first), ...oneEach.map(() => second)]);
  });

  test("where there is none, none is sent, and certainly not the client's own", async () => {
    await bench.order({ directives: "[[demo quirk no-key]]", path: "/keyless/" });
    expectWhole(await ask("keyless"), null);
    for (const { credentials } of bench.asked()) expect(credentials).toEqual({});
  });

  test.each([
    ["unset", "NOT_SET_ANYWHERE is not set"],
    ["broken", "failed. The log says how"],
  ])(
    "%s: one that cannot be had is a 401 in the client's format that says where it was looked for",
    async (name, words) => {
      for (const one of await ask(name)) {
        expect(one.status).toBe(401);
        expect(readTold(one).message).toContain(words);
        bench.expectRow(one.requestId, { status: 401, errorKind: "authentication" });
      }
      expect(bench.asked()).toEqual([]);
    },
  );

  test("what a program says of its failure is in the log, and in no answer", async () => {
    for (const one of await ask("broken")) expect(one.raw).not.toContain("no such vault");
    expect(bench.proxy.output()).toContain("exit code 3: no such vault");
  });
});

// proves("upstream-balance", "upstream-rest")
describe("of two", () => {
  test.each(troubles.map((trouble, index) => [...trouble, index] as const))(
    "the other is asked at once where one %s; one that is refused rests",
    async (_name, directives, rests, index) => {
      await bench.order({ directives, key: secrets.first });
      const inTurn = providerFormats.map(async (format) => {
        const told: Told[] = [];
        for (const way of oneEach.filter(({ provider }) => provider === format))
          told.push(await askWay(bench, `over-${index}`, way, "Hello."));
        return told;
      });
      const told = await Promise.all(inTurn);
      for (const [before, ...after] of told) {
        expectWhole(before === undefined ? [] : [before], "1");
        expectWhole(after, rests ? null : "1");
      }
      const countOf = (secret: string) => keysSeen().filter((seen) => seen === fingerprintOf(secret)).length;
      expect(countOf(secrets.second)).toBe(oneEach.length);
      expect(countOf(secrets.first)).toBe(rests ? providerFormats.length : oneEach.length);
      if (rests && index === 0) expect(bench.proxy.output()).toMatch(/credential FIRST is refused with status 401/);
    },
  );

  test("one that its owner has replaced is asked first again", async () => {
    const way = { provider: "openai-chat", client: "openai-chat", stream: false } as const;
    const send = () => askWay(bench, "mended", way, "Hello.");
    await Bun.write(inFolder("mended"), secrets.old);
    await bench.order({ directives: "[[demo error 401]]", key: secrets.old });
    await send();
    await send();
    await Bun.write(inFolder("mended"), secrets.fresh);
    await send();
    const { old, second, fresh } = secrets;
    expect(keysSeen()).toEqual([old, second, second, fresh].map(fingerprintOf));
  });

  test("where neither may, the client is told what the last was told", async () => {
    await bench.order({ directives: "[[demo error 401]]" });
    for (const one of await ask("both")) {
      expect([one.status, readTold(one).ending]).toEqual([401, "failed"]);
      for (const secret of Object.values(secrets)) expect(one.raw).not.toContain(secret);
      bench.expectRow(one.requestId, { status: 401, errorKind: "authentication", retries: 1 });
    }
  });

  test("where nobody is there, an error says how many tries it took, relayed or read", async () => {
    for (const one of await ask("lost")) {
      expect([one.status, one.headers.get("x-ccproxy-retries")]).toEqual([502, "1"]);
      bench.expectRow(one.requestId, { status: 502, errorKind: "upstream", retries: 1 });
    }
  });

  /** Each format's way to say which requests belong together. */
  const hints: readonly (readonly [Format, Format, (id: string) => object])[] = providerFormats.flatMap((provider) => [
    [provider, "anthropic-messages", (id) => ({ metadata: { user_id: `user_x_account__session_${id}` } })],
    [provider, "openai-chat", (id) => ({ prompt_cache_key: id })],
    [provider, "openai-responses", (id) => ({ prompt_cache_key: id })],
  ]);

  test.each(hints)("in turn, but one for a conversation: %s asked by %s", async (provider, client, hint) => {
    const way = { provider, client, stream: false };
    const seen = new Set<string | undefined>();
    for (const id of ["a", "b", "c", "d", "e", "f"]) {
      bench.forget();
      for (let turn = 0; turn < 3; turn += 1)
        await askWay(bench, "turns", way, { prompt: `Turn ${turn}.`, more: hint(id) });
      const keys = new Set(keysSeen());
      expect(keys.size).toBe(1);
      for (const key of keys) seen.add(key);
    }
    expect(seen).toEqual(new Set([secrets.first, secrets.second].map(fingerprintOf)));
  });

  // proves("upstream-affinity")
  test.each(oneEach)(
    "and one whose client says nothing is known by its beginning: $client on $provider",
    async (way) => {
      const seen = new Set<string | undefined>();
      for (const name of ["Ada", "Bob", "Cy", "Di", "Eve", "Fay"]) {
        bench.forget();
        const first = [{ role: "user", content: `I am ${name}.` }];
        for (const more of [
          [],
          [
            { role: "assistant", content: "Hi." },
            { role: "user", content: "And now?" },
          ],
        ]) {
          const turns = [...first, ...more];
          const said = way.client === "openai-responses" ? { input: turns } : { messages: turns };
          await askWay(bench, "turns", way, { prompt: "", more: said });
        }
        const [one, ...others] = keysSeen();
        expect(others).toEqual([one]);
        seen.add(one);
      }
      expect(seen.size).toBe(2);
    },
  );
});

// proves("upstream-rest")
test("one that fails five times is left alone for a while, and then asked by one alone until that is answered", async () => {
  const way = { provider: "openai-chat", client: "openai-chat", stream: false } as const;
  const send = () => askWay(bench, "tired", way, "Hello.");
  await bench.order({ directives: "[[demo error 500]]", times: 5, path: "/tired/" });
  for (let failed = 0; failed < 5; failed += 1) expect((await send()).status).toBe(500);
  const refused = await send();
  expect(refused.status).toBe(503);
  const seconds = Number(refused.headers.get("retry-after"));
  expect(seconds).toBeWithin(1, 6);
  bench.expectRow(refused.requestId, { status: 503, errorKind: "unavailable" });
  expect(bench.asked()).toHaveLength(5);
  await Bun.sleep(seconds * 1000);
  await bench.order({ directives: "[[demo stall 1500 at=headers]]", times: 2, path: "/tired/" });
  const leaving = new AbortController();
  const url = `${bench.proxy.url}/providers/tired-openai-chat/v1/chat/completions`;
  const body = JSON.stringify({ model: "demo", messages: [{ role: "user", content: "Hello." }] });
  const left = fetch(url, { method: "POST", body, signal: leaving.signal }).catch(() => "left");
  await waitFor(async () => bench.asked().length === 6 || undefined, 5000);
  expect((await send()).status).toBe(503);
  leaving.abort();
  expect(await left).toBe("left");
  await bench.quiet();
  const statuses = (await Promise.all([send(), send(), send(), send()])).map(({ status }) => status);
  expect(Object.entries(Object.groupBy(statuses, String)).map(([code, of]) => [code, of?.length])).toEqual([
    ["200", 1],
    ["503", 3],
  ]);
  expect((await send()).status).toBe(200);
});

test("a client that leaves while a key is awaited gives its place back; the command ends with ccproxy at the latest", async () => {
  const leaving = new AbortController();
  const url = `${bench.proxy.url}/providers/patient-openai-chat/v1/chat/completions`;
  const body = JSON.stringify({ model: "demo", messages: [{ role: "user", content: "Hello." }] });
  const left = fetch(url, { method: "POST", body, signal: leaving.signal }).catch(() => "left");
  command = await waitFor(
    async () =>
      Number(
        await Bun.file(inFolder("pid"))
          .text()
          .catch(() => ""),
      ) || undefined,
    5000,
  );
  leaving.abort();
  expect(await left).toBe("left");
  await bench.quiet();
  expect(isRunning(command)).toBe(true);
});

// proves("upstream-api-key")
describe("a command's key is kept until it is refused", () => {
  test("and then the command is asked again, and the request sent once more", async () => {
    expectWhole(await ask("vault"), null);
    expectWhole(await ask("vault"), null);
    // One run for each of the providers.
    const before = await runs();
    await ask("many");
    await Bun.sleep(2100);
    await Bun.write(inFolder("secret"), secrets.fresh);
    await bench.order({ directives: "[[demo error 401]]", key: secrets.old });
    bench.forget();
    expectWhole(await ask("vault"), "1");
    expect(new Set(keysSeen())).toEqual(new Set([secrets.old, secrets.fresh].map(fingerprintOf)));
    expect(keysSeen()).toHaveLength(2 * oneEach.length);
    expect(await runs()).toBe(before + 2 * providerFormats.length);
  });

  test("by twenty at once, it runs once", async () => {
    await bench.order({ directives: "[[demo error 401]]", key: secrets.old });
    const before = await runs();
    const way = { provider: "openai-chat", client: "openai-chat", stream: true } as const;
    const told = await Promise.all(Array.from({ length: 20 }, () => askWay(bench, "many", way, "Hello.")));
    expectWhole(told, "1");
    expect(keysSeen().filter((key) => key === fingerprintOf(secrets.old))).toHaveLength(20);
    expect(await runs()).toBe(before + 1);
  });
});

test('no key is in any output, log or row; proves("log-secrets")', async () => {
  await bench.quiet();
  await bench.checkRows();
  const seen = bench.proxy.output() + JSON.stringify(readRows(bench.proxy));
  for (const secret of Object.values(secrets)) expect(seen).not.toContain(secret);
});
