/** HTTP as no client library sends it: answered in shape, refused, or cut off, and never the end of the proxy. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { answer } from "../fakes/turn.ts";
import { type FaultBench, openFaultBench, residentMegabytes } from "./support/fault-bench.ts";
import { valid } from "./support/malformed.ts";
import { waitFor } from "./support/proxy.ts";
import { openSocket, postText, type RawConnection } from "./support/socket.ts";

setDefaultTimeout(60_000);

const body = JSON.stringify(valid["anthropic-messages"]);
/** A connection that gives nothing is cut after 30 s, to the few seconds of Bun's clock for it. */
const idleMs = 40_000;

let bench: FaultBench;
let slow: readonly RawConnection[];
beforeAll(async () => {
  bench = await openFaultBench();
  // They need their time; the other tests go on meanwhile.
  slow = slowBeginnings.flatMap((beginning) => Array.from({ length: 8 }, (_, at) => openSlow(beginning, at === 0)));
});
afterAll(async () => {
  for (const connection of slow) connection.destroy();
  expect(bench.proxy.output()).not.toContain("A fault nobody handled");
  await bench.expectEnd();
});

const slowBeginnings = [
  "",
  "P",
  "POST /v1/messages HTTP/1.1\r\n",
  "POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ",
  "POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n",
  `POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{"model":`,
  "POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{",
];

/** Says no more than its beginning, or a byte every few seconds. */
function openSlow(beginning: string, dribbles: boolean): RawConnection {
  const connection = openSocket(bench.proxy.url);
  connection.send(beginning);
  if (!dribbles) return connection;
  const timer = setInterval(() => connection.send("1"), 3000);
  connection.socket.on("close", () => clearInterval(timer));
  return connection;
}

interface Answer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/** One answer, or several on one connection. A body without a length runs to the end of the connection. */
function parseAnswers(raw: string): readonly Answer[] {
  const answers: Answer[] = [];
  let rest = raw;
  while (rest !== "") {
    const head = /^HTTP\/1\.[01] (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/.exec(rest);
    if (head === null) throw new Error(`No HTTP answer: ${JSON.stringify(rest.slice(0, 200))}`);
    const [whole, status = "", headers = ""] = head;
    const after = Buffer.from(rest.slice(whole.length));
    const length = /^content-length: (\d+)/im.exec(headers)?.[1];
    const end = length === undefined ? after.length : Number(length);
    answers.push({ status: Number(status), headers, body: after.subarray(0, end).toString() });
    rest = after.subarray(end).toString();
  }
  return answers;
}

async function exchange(text: string | Uint8Array, timeoutMs = 1500): Promise<readonly Answer[]> {
  const connection = openSocket(bench.proxy.url);
  connection.send(text);
  return parseAnswers(await connection.end(timeoutMs));
}

/** JSON in the shape of the API, or nothing at all where the bytes were no request that could be answered. */
function expectHonest({ status, body: text, headers }: Answer): void {
  if (status >= 400 && text === "") {
    expect([400, 408, 413, 414, 431, 505]).toContain(status);
    return;
  }
  expect(status).toBeWithin(200, 500);
  if (status === 204) return;
  expect(headers).toMatch(/^x-request-id: \S+/im);
  const parsed: unknown = JSON.parse(text);
  if (status >= 400)
    expect(parsed).toMatchObject({
      error: { message: expect.stringMatching(/\S/), type: expect.stringMatching(/\S/) },
    });
}

const get = (target: string, version = "1.1", headers = "host: 127.0.0.1\r\nconnection: close\r\n") =>
  `GET ${target} HTTP/${version}\r\n${headers}\r\n`;
const rawPost = (headers: string, text = body) =>
  `POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n${headers}\r\n${text}`;

describe("bytes that are hardly HTTP", () => {
  const abuse: readonly (readonly [string, string | Uint8Array])[] = [
    ["only line ends", "\r\n\r\n\r\n\r\n"],
    ["random bytes", new Uint8Array(4096).map((_, at) => (at * 7919) % 256)],
    ["NUL bytes", new Uint8Array(1000)],
    ["a TLS greeting", Uint8Array.of(0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x00)],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["HTTP/0.9", "GET /health\r\n\r\n"],
    ["a version to come", get("/health", "3.7")],
    ["no version", "GET /health HTTP\r\nhost: 127.0.0.1\r\n\r\n"],
    ["no Host", get("/health", "1.1", "connection: close\r\n")],
    ["two Hosts", get("/health", "1.1", "host: 127.0.0.1\r\nhost: evil.example\r\nconnection: close\r\n")],
    ["an empty Host", get("/health", "1.1", "host:\r\nconnection: close\r\n")],
    ["a Host that is no host", get("/v1/models", "1.1", "host: [::::\r\nconnection: close\r\n")],
    ["a foreign absolute target", get("http://evil.example/v1/models")],
    [
      "an absolute target behind a foreign Host",
      get("http://127.0.0.1/v1/models", "1.1", "host: evil.example\r\nconnection: close\r\n"),
    ],
    ["a target that is a star", "OPTIONS * HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"],
    ["CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n"],
    ["TRACE", "TRACE / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"],
    ["a method nobody knows", "BREW /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"],
    ["a lower-case method", "post /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"],
    ["a target of 100 kB", get(`/${"x".repeat(100_000)}`)],
    ["a header of 100 kB", get("/health", "1.1", `host: 127.0.0.1\r\nx-long: ${"x".repeat(100_000)}\r\n`)],
    ["10,000 headers", get("/health", "1.1", `host: 127.0.0.1\r\n${"x-many: 1\r\n".repeat(10_000)}`)],
    ["a header without a colon", get("/health", "1.1", "host: 127.0.0.1\r\nnonsense\r\n")],
    ["a header with a NUL", get("/health", "1.1", "host: 127.0.0.1\r\nx-a: b\u0000c\r\n")],
    ["a folded header", get("/health", "1.1", "host: 127.0.0.1\r\nx-a: b\r\n c\r\nconnection: close\r\n")],
    ["a target with spaces", get("/he alth")],
    ["a target with raw bytes", Buffer.from(get("/h\u00e9alth"), "latin1")],
    ["a target without a slash", get("health")],
    ["a target of dots", get("/../../../etc/passwd")],
    ["a length that is no number", rawPost("content-length: many\r\n")],
    ["a negative length", rawPost("content-length: -1\r\n")],
    ["two lengths", rawPost(`content-length: 2\r\ncontent-length: ${body.length}\r\n`)],
    [
      "a length and chunks",
      rawPost(`content-length: ${body.length}\r\ntransfer-encoding: chunked\r\n`, `0\r\n\r\n${get("/health")}`),
    ],
    ["a chunk size that is none", rawPost("transfer-encoding: chunked\r\n", "zz\r\nhello\r\n0\r\n\r\n")],
    ["a chunk larger than any", rawPost("transfer-encoding: chunked\r\n", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n")],
    ["a coding of transfer nobody knows", rawPost("transfer-encoding: rot13\r\n")],
    ["no length at all", rawPost("")],
    ["a length of an exabyte", rawPost("content-length: 1000000000000000000\r\n")],
    [
      "an upgrade to a WebSocket",
      get(
        "/v1/messages",
        "1.1",
        "host: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: AAAA\r\nsec-websocket-version: 13\r\n",
      ),
    ],
  ];
  test.each(abuse)("%s", async (_name, bytes) => {
    for (const one of await exchange(bytes, 300)) expectHonest(one);
    expect((await fetch(`${bench.proxy.url}/health/live`)).status).toBe(200);
  });
});

describe("uncommon, but HTTP", () => {
  test("HTTP/1.0 without a Host is answered, and closed", async () => {
    const [answer, ...more] = await exchange("GET /health HTTP/1.0\r\n\r\n");
    expect(more).toEqual([]);
    expect(answer).toMatchObject({ status: 200 });
  });

  test("an absolute target is answered by its path", async () => {
    const [answer] = await exchange(get("http://127.0.0.1/v1/nope"));
    expect(answer).toMatchObject({ status: 404 });
    if (answer !== undefined) expectHonest(answer);
  });

  test("requests in a row on one connection are answered in a row", async () => {
    const keep = "host: 127.0.0.1\r\n";
    const answers = await exchange(
      [
        get("/health/live", "1.1", keep),
        get("/v1/nope", "1.1", keep),
        get("/health/live", "1.1", keep),
        get("/nope"),
      ].join(""),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 200, 404]);
    for (const answer of answers) expectHonest(answer);
  });

  test("what is sent behind a turn before its answer is answered in turn, or the connection is cut", async () => {
    const turn = postText("/v1/messages", body, { connection: "keep-alive" });
    const answers = await exchange(turn + get("/health/live"), 3000);
    expect(answers.map(({ status }) => status)).toBeOneOf([[], [200, 200]]);
    for (const answer of answers) expectHonest(answer);
    await bench.expectRecovered();
  });

  test("a client that waits for 100 Continue gets its answer", async () => {
    const connection = openSocket(bench.proxy.url);
    connection.send(
      `POST /v1/nope HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    await Bun.sleep(100);
    connection.send(body);
    const raw = (await connection.end(2000)).replace("HTTP/1.1 100 Continue\r\n\r\n", "");
    const [answer] = parseAnswers(raw);
    expect(answer).toMatchObject({ status: 404 });
  });

  test("a client that closes its half once it has asked is answered or let go, and its place is free", async () => {
    const connection = openSocket(bench.proxy.url);
    connection.send(postText("/v1/messages", body));
    connection.socket.end();
    for (const answer of parseAnswers(await connection.end(3000))) expectHonest(answer);
    await bench.expectRecovered();
  });

  test("bodies in chunks of one byte are read", async () => {
    const chunks = body.replaceAll(/./g, "1\r\n$&\r\n");
    const [answer] = await exchange(rawPost("transfer-encoding: chunked\r\n", `${chunks}0\r\n\r\n`), 3000);
    expect(answer).toMatchObject({ status: 200 });
  });

  test("clients that reset their connection amid a body leave nothing", async () => {
    const before = residentMegabytes(bench.proxy);
    for (let round = 0; round < 300; round += 1) {
      const connection = openSocket(bench.proxy.url);
      connection.send(rawPost("content-length: 1000000\r\n", "x".repeat(1000)));
      await Bun.sleep(1);
      connection.socket.resetAndDestroy();
    }
    await bench.expectRecovered();
    expect(residentMegabytes(bench.proxy) - before).toBeLessThan(40);
  });
});

test("connections that give nothing more, or next to nothing, are cut, and hold nobody up meanwhile", async () => {
  bench.expectWhole(await bench.ask({ kind: "none" }), answer);
  await waitFor(() => (slow.every(({ socket }) => socket.closed) ? true : undefined), idleMs);
  for (const connection of slow) for (const answer of parseAnswers(connection.received())) expectHonest(answer);
});
