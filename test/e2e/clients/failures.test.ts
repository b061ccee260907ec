/** Every way a turn fails, as official clients see it: a true status first, an error frame later, never a clean end. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { testedVersions } from "../../../src/backends/claude-cli/tested-versions.ts";
import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { failureOf } from "../support/clients.ts";
import { claudes, type ProxyOptions } from "../support/proxy.ts";
import { readFrames, terminalsOf } from "../support/raw-streams.ts";
import { readers } from "../support/readers.ts";
import { expectOneRowEach } from "../support/traffic.ts";

setDefaultTimeout(30_000);
const model = "claude-sonnet-5-5";
const newest = claudes[0]?.version;

interface Failure {
  readonly prompt: string;
  readonly model?: string;
  readonly openai: readonly [status: number, type: string, code: string | null];
  readonly anthropic: readonly [status: number, type: string];
  readonly says: RegExp;
  /** Bounds of Retry-After, in seconds. */
  readonly retryAfter?: readonly [number, number];
}

const refused = {
  openai: [401, "invalid_request_error", "invalid_api_key"],
  anthropic: [401, "authentication_error"],
} as const;
const failures: readonly Failure[] = [
  { prompt: "[[demo error 401]]", ...refused, says: /not logged in.*claude \/login.*ANTHROPIC_API_KEY/ },
  {
    prompt: "[[demo error 429 retry-after=60]]",
    openai: [429, "requests", "rate_limit_exceeded"],
    anthropic: [429, "rate_limit_error"],
    says: /rate limit|status 429/,
    // 2.1.329 adds up to a quarter to what it is told.
    retryAfter: [60, 75],
  },
  {
    // More than the CLI is willing to wait; it does not say how much more.
    prompt: "[[demo error 429 retry-after=90]]",
    openai: [429, "requests", "rate_limit_exceeded"],
    anthropic: [429, "rate_limit_error"],
    says: /rate limit/,
    retryAfter: [30, 30],
  },
  {
    prompt: "[[demo error 529 should-retry=false]]",
    openai: [503, "server_error", "overloaded"],
    anthropic: [529, "overloaded_error"],
    says: /Overloaded/,
  },
  {
    prompt: "[[demo error 500 should-retry=false]]",
    openai: [500, "server_error", "upstream_error"],
    anthropic: [500, "api_error"],
    says: /Internal server error/,
  },
  {
    prompt: "[[demo error 503 should-retry=false]]",
    openai: [503, "server_error", "upstream_error"],
    anthropic: [503, "api_error"],
    says: /\S/,
  },
  {
    prompt: "hello",
    model: "claude-no-such-model",
    openai: [404, "invalid_request_error", "model_not_found"],
    anthropic: [404, "not_found_error"],
    says: /claude-no-such-model.*GET \/v1\/models/,
  },
  {
    prompt: "hello",
    model: "sonet",
    openai: [404, "invalid_request_error", "model_not_found"],
    anthropic: [404, "not_found_error"],
    says: /sonet.*Did you mean sonnet\? GET \/v1\/models/,
  },
  {
    prompt: "[[demo error 400 too-long]]",
    openai: [400, "invalid_request_error", "context_length_exceeded"],
    anthropic: [400, "invalid_request_error"],
    says: /^Prompt is too long.*Shorten/i,
  },
  {
    prompt: "[[demo error 413]]",
    openai: [413, "invalid_request_error", "request_too_large"],
    anthropic: [413, "request_too_large"],
    says: /too large/i,
  },
  {
    prompt: "[[demo error 403]]",
    openai: [403, "permission_denied", "permission_denied"],
    anthropic: [403, "permission_error"],
    says: /permission/,
  },
  {
    prompt: "[[demo error 400]]",
    openai: [400, "invalid_request_error", null],
    anthropic: [400, "invalid_request_error"],
    says: /not valid/,
  },
];

interface Way {
  readonly stream: boolean;
  readonly format: "openai-chat" | "anthropic-messages";
}

const ways: readonly Way[] = (["openai-chat", "anthropic-messages"] as const).flatMap((format) =>
  [true, false].map((stream) => ({ format, stream })),
);

/** In all the ways at once: each has a child of its own. */
async function expectFailure(bench: ClientBench, failure: Failure, used: readonly Way[] = ways): Promise<void> {
  const from = bench.traffic.sent.length;
  await Promise.all(
    used.map(({ format, stream }) =>
      format === "openai-chat" ? expectOpenAi(bench, failure, stream) : expectAnthropic(bench, failure, stream),
    ),
  );
  expect(bench.traffic.sent).toHaveLength(from + used.length);
}

async function expectOpenAi(bench: ClientBench, failure: Failure, stream: boolean): Promise<void> {
  const { openai } = bench.clients("chat");
  const ask = { model: failure.model ?? model, messages: [{ role: "user" as const, content: failure.prompt }], stream };
  const error = await failureOf(() => openai.chat.completions.create(ask));
  if (!(error instanceof OpenAI.APIError)) throw error;
  const [status, type, code] = failure.openai;
  expect({ status: error.status, type: error.type, code: error.code }).toEqual({ status, type, code });
  expectCommon(bench, failure, { message: error.message.replace(/^\d+ /, ""), headers: error.headers });
}

async function expectAnthropic(bench: ClientBench, failure: Failure, stream: boolean): Promise<void> {
  const { anthropic } = bench.clients("chat");
  const messages = [{ role: "user" as const, content: failure.prompt }];
  const error = await failureOf(() =>
    anthropic.messages.create({ model: failure.model ?? model, max_tokens: 100, messages, stream }),
  );
  if (!(error instanceof Anthropic.APIError)) throw error;
  const [status, type] = failure.anthropic;
  expect(error.status).toBe(status);
  expect(error.error).toMatchObject({ type: "error", error: { type }, request_id: error.headers?.get("request-id") });
  const body = error.error as { error: { message: string } }; // As just seen.
  expectCommon(bench, failure, { message: body.error.message, headers: error.headers });
}

function expectCommon(
  bench: ClientBench,
  { says, retryAfter }: Failure,
  error: { readonly message: string; readonly headers: Headers | undefined },
): void {
  expect(error.message).toMatch(says);
  // Nothing of how the answer comes about: that is the operator's business.
  expect(error.message).not.toMatch(/API Error|127\.0\.0\.1|localhost/);
  const seconds = error.headers?.get("retry-after") ?? null;
  if (retryAfter === undefined) expect(seconds).toBeNull();
  else {
    expect(Number(seconds)).toBeGreaterThanOrEqual(retryAfter[0]);
    expect(Number(seconds)).toBeLessThanOrEqual(retryAfter[1]);
  }
  expect(bench.traffic.sent.map(({ requestId }) => requestId)).toContain(error.headers?.get("x-request-id") ?? "none");
  expect(error.headers?.get("content-type")).toBe("application/json");
}

describe.each([...claudes])("claude $version", ({ path, version }) => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({ claude: path });
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());

  // Each in both formats, streamed in the one and whole in the other, by turns.
  test.each(failures.map((failure, at) => ({ ...failure, isEven: at % 2 === 0 })))(
    '$prompt; proves("stream-true-status")',
    ({ isEven, ...failure }) =>
      expectFailure(
        bench,
        failure,
        version === newest
          ? ways.filter(({ format, stream }) => stream === ((format === "openai-chat") === isEven))
          : ways.slice(0, 1),
      ),
  );

  test("a fault that passes is not seen", async () => {
    const { openai } = bench.clients("chat");
    const content = "[[demo error 529 times=1]] [[demo say fine]]";
    const answer = await openai.chat.completions.create({ model, messages: [{ role: "user", content }] });
    expect(answer.choices[0]?.message.content).toBe("fine");
    expect(bench.requests().map(({ status }) => status)).toEqual([529, 200]);
  });

  const raw = readers.filter(({ name }) => name.includes("raw stream"));
  const breaks = [
    {
      how: "an error event",
      prompt: "[[demo text 12 delay=5]] [[demo fail overloaded_error at=6]]",
      used: version === newest ? readers : raw,
    },
    // Slowly: what a reset overtakes is lost, and before its first word the CLI may ask again. Clients are told as above.
    { how: "a lost connection", prompt: "[[demo text 12 delay=60]] [[demo drop at=6]]", used: raw },
  ];
  describe.each(breaks)('$how in the middle; proves("stream-late-error")', ({ prompt, used }) => {
    test(`${used.length} clients throw, and the model is not asked again`, async () => {
      const told = await Promise.all(
        used.map(async (reader) => {
          const headers = { "x-request-id": `e2e-${crypto.randomUUID()}` };
          const clients = bench.clients("agent", { headers });
          const error = await failureOf(() => reader.ask(clients, { text: prompt, model }));
          const sent = bench.traffic.sent.find(({ requestId }) => requestId === headers["x-request-id"]);
          return { reader, error, status: sent?.status ?? 0 };
        }),
      );
      for (const { reader, error, status } of told) {
        const { name, streaming } = reader;
        expect({ name, error: String(error) }).toMatchObject({
          error: expect.stringMatching(/overloaded|connection to the (?:model )?API was lost/i),
        });
        expect({ name, status: streaming ? status : Math.floor(status / 100) }).toEqual({
          name,
          status: streaming ? 200 : 5,
        });
      }
      await bench.quiet();
      expect(bench.requests()).toHaveLength(used.length);
    });

    // proves("stream-one-terminal")
    test.each(["/v1/chat/completions", "/v1/messages"])("%s ends with the error, once", async (route) => {
      const messages = [{ role: "user", content: prompt }];
      const response = await bench.clients("chat").post(route, { model, max_tokens: 99, stream: true, messages });
      expect(response.status).toBe(200);
      const frames = await readFrames(response);
      expect(JSON.stringify(frames)).toContain("chunk 1");
      expect(terminalsOf(frames)).toEqual(["error"]);
      expect(frames.at(-1)?.kind).toBe("error");
      const row = await bench.rowOf(bench.traffic.last().requestId);
      expect(row.status).toBe(200);
      expect(["overloaded", "upstream"]).toContain(row.errorKind ?? "none");
    });
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});

const unable: readonly { name: string; options: ProxyOptions; expected: Omit<Failure, "prompt"> }[] = [
  {
    name: "no CLI",
    options: { claude: "/nonexistent/claude" },
    expected: {
      openai: [503, "server_error", "unavailable"],
      anthropic: [503, "api_error"],
      says: /Claude Code could not be started.*ccproxy doctor/,
    },
  },
  {
    name: "no login",
    options: { env: { ANTHROPIC_API_KEY: "" } },
    expected: { ...refused, says: /not logged in.*claude \/login.*ANTHROPIC_API_KEY/ },
  },
  {
    name: "an upstream that refuses connections",
    options: { env: { ANTHROPIC_BASE_URL: "http://127.0.0.1:9" } },
    expected: {
      openai: [502, "server_error", "upstream_error"],
      anthropic: [502, "api_error"],
      says: /connect/i,
    },
  },
];

describe.each([...unable])('$name; proves("stream-true-status")', ({ options, expected }) => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench(options);
  });
  afterAll(() => bench.end());

  test("in every way", () => expectFailure(bench, { ...expected, prompt: "hi" }));

  test("is no reason to be silent about the rest", async () => {
    const { get } = bench.clients("chat");
    expect((await get("/health/live")).status).toBe(200);
    expect((await get("/openapi.json")).status).toBe(200);
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});

describe("a subscription's used-up limit", () => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({ env: { ANTHROPIC_API_KEY: "", CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-demo" } });
  });
  afterAll(() => bench.end());

  test("is a 429 that says when it ends, in both formats", async () => {
    const resetsAt = Math.floor(Date.now() / 1000) + 5000;
    const unified = { status: "rejected", reset: resetsAt, "representative-claim": "five_hour" };
    const headers = Object.entries(unified).map(
      ([name, value]) => `[[demo header anthropic-ratelimit-unified-${name}=${value}]]`,
    );
    const messages = [{ role: "user", content: `${headers.join(" ")} [[demo error 429]]` }];
    for (const route of ["/v1/chat/completions", "/v1/messages"]) {
      const response = await bench.clients("chat").post(route, { model, max_tokens: 99, stream: true, messages });
      expect(response.status).toBe(429);
      const seconds = Number(response.headers.get("retry-after"));
      expect(seconds).toBeGreaterThan(4900);
      expect(seconds).toBeLessThanOrEqual(5000);
      expect(await response.text()).toContain("limit");
    }
  });
});

describe("more requests than may run or wait", () => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({
      args: ["--queue-timeout", "1"],
      env: { CCPROXY__LIMITS__MAX_RUNNING: "1", CCPROXY__LIMITS__MAX_WAITING: "1" },
    });
  });
  afterAll(() => bench.end());

  const limited: Failure = {
    prompt: "hi",
    openai: [429, "requests", "rate_limit_exceeded"],
    anthropic: [429, "rate_limit_error"],
    says: /No place is free|No place became free/,
    retryAfter: [1, 5],
  };
  test('are a 429 with Retry-After, and the first is answered; proves("admission-limits")', async () => {
    const leaving = new AbortController();
    const messages = [{ role: "user", content: "[[demo text 200 delay=50]]" }];
    const body = { model, max_tokens: 99, stream: true, messages };
    const running = await bench.clients("chat").post("/v1/messages", body, { signal: leaving.signal });
    expect(running.status).toBe(200);
    // One of them waits for a place in vain, the others are not even let in.
    await expectFailure(bench, limited);
    leaving.abort();
    await running.text().catch(() => undefined);
    await bench.quiet();
    const { openai } = bench.clients("chat");
    const answer = await openai.chat.completions.create({ model, messages: [{ role: "user", content: "hi" }] });
    expect(answer.choices[0]?.finish_reason).toBe("stop");
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});

describe("a body over the limit", () => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({ env: { CCPROXY__SERVER__MAX_BODY_MB: "1" } });
  });
  afterAll(() => bench.end());

  const large: Failure = {
    prompt: "x".repeat(1_100_000),
    openai: [413, "invalid_request_error", "request_too_large"],
    anthropic: [413, "request_too_large"],
    says: /1 MB/,
  };
  test('is refused in both formats, and nobody is asked; proves("limit-body")', async () => {
    await expectFailure(bench, large);
    expect(bench.asked()).toEqual([]);
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});

// The rows above run on both; a machine with one of them would prove less than it says.
test("both pinned versions took part", () => {
  expect(claudes.map(({ version }) => version)).toEqual([...testedVersions]);
});
