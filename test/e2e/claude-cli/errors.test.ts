/** Every way a request fails has its kind, its next action, and never a clean end; both pinned versions. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { claudes } from "../support/proxy.ts";
import { answers, asked, type Bench, eventually, openBench, request, says, workspaceAt } from "./support.ts";

setDefaultTimeout(30_000);
const NO_POOL = { size: 0, maxAgeMs: 1000, maxTurns: 9 };

describe.each([...claudes])("claude $version", ({ path }) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(path);
  });
  afterAll(async () => {
    await bench.close();
  });

  // At once: the CLI waits before it asks again.
  test.concurrent.each([
    ["[[demo error 400 message=no-such-thing]]", "invalid-request", 400],
    ["[[demo error 400 too-long]]", "context-length", 400],
    ["[[demo error 403]]", "permission", 403],
    ["[[demo error 404]]", "model-not-found", 404],
    ["[[demo error 413]]", "request-too-large", 413],
    ["[[demo error 429 retry-after=1]]", "rate-limit", 429],
    ["[[demo error 500]]", "upstream", 500],
    ["[[demo error 503]]", "upstream", 503],
    ["[[demo error 529]]", "overloaded", 529],
  ] as const)("%s is %s", async (prompt, kind, status) => {
    const { events, error } = await bench.ask(request([says(prompt)]));
    expect(events).toHaveLength(1);
    expect(error).toMatchObject({ kind, options: { upstreamStatus: status } });
    expect(error?.message).not.toMatch(/API Error|127\.0\.0\.1|\/login/);
  });

  test("a refused credential is said at once, with what to do, and not tried ten times; it is not ready until it works", async () => {
    const before = asked(bench.upstream).length;
    const { events, error } = await bench.ask(request([says("[[demo error 401]]")]));
    expect(events).toHaveLength(1);
    expect(error?.kind).toBe("authentication");
    expect(error?.explanation).toMatch(/claude \/login.*ANTHROPIC_API_KEY/);
    expect(asked(bench.upstream).length - before).toBeLessThanOrEqual(2);
    expect(bench.backend.status().ready).toBe(false);
    await bench.ask(request([says("[[demo say fine]]")]));
    expect(bench.backend.status().ready).toBe(true);
  });

  test("an upstream error that passes is not seen by the client", async () => {
    const { finish, text } = await bench.ask(request([says("[[demo error 500 times=1]] [[demo say fine]]")]));
    expect(finish?.reason).toBe("stop");
    expect(text).toBe("fine");
  });

  test("a stream that breaks off before its first word is asked for again", async () => {
    const { finish, text, events } = await bench.ask(request([says("[[demo drop at=0 times=1]] [[demo say whole]]")]));
    if (finish !== undefined) {
      expect(text).toBe("whole");
      expect(events.filter(({ type }) => type === "step-start")).toHaveLength(1);
    } else expect(text).toBe("");
  });

  test("without a login it is an authentication error", async () => {
    const own = await openBench(path, {
      pool: NO_POOL,
      extraEnvironment: { ANTHROPIC_BASE_URL: bench.upstream.url, CLAUDE_CONFIG_DIR: join(bench.directory, "empty") },
    });
    try {
      const { events, error } = await own.ask(request([says("hi")]));
      expect(events).toHaveLength(1);
      expect(error?.kind).toBe("authentication");
      expect(error?.explanation).toContain("claude /login");
      expect(own.backend.status()).toMatchObject({ ready: false, detail: error?.explanation });
    } finally {
      await own.close();
    }
  });

  test("a subscription's used-up limit says when it ends", async () => {
    const resetsAt = Math.floor(Date.now() / 1000) + 600;
    const own = await openBench(path, {
      pool: NO_POOL,
      extraEnvironment: {
        ANTHROPIC_BASE_URL: bench.upstream.url,
        CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-demo",
        CLAUDE_CONFIG_DIR: join(bench.directory, "oauth"),
      },
    });
    try {
      const unified = (name: string, value: string | number): string =>
        `[[demo header anthropic-ratelimit-unified-${name}=${value}]]`;
      const headers = [
        unified("status", "rejected"),
        unified("reset", resetsAt),
        unified("representative-claim", "five_hour"),
        unified("5h-status", "rejected"),
        unified("5h-reset", resetsAt),
        unified("5h-utilization", 1),
      ];
      const { error } = await own.ask(request([says(`${headers.join(" ")} [[demo error 429]]`)]));
      expect(error?.kind).toBe("rate-limit");
      expect(error?.options.retryAfterSeconds).toBeGreaterThan(500);
      expect(error?.options.retryAfterSeconds).toBeLessThanOrEqual(600);
    } finally {
      await own.close();
    }
  });

  test("an upstream nobody answers at is an upstream error", async () => {
    const own = await openBench(path, {
      pool: NO_POOL,
      extraEnvironment: {
        ANTHROPIC_BASE_URL: "http://127.0.0.1:9",
        ANTHROPIC_API_KEY: "sk-ant-demo",
        CLAUDE_CODE_MAX_RETRIES: "0",
        CLAUDE_CONFIG_DIR: join(bench.directory, "unreachable"),
      },
    });
    try {
      const { events, error } = await own.ask(request([says("hi")]));
      expect(events).toHaveLength(1);
      expect(error?.kind).toBe("upstream");
    } finally {
      await own.close();
    }
  });

  test("a child that dies in the middle of an answer ends it with an error", async () => {
    let pid = 0;
    const own = await openBench(path, {
      pool: NO_POOL,
      journal: {
        mark: "test",
        guarded: false,
        started(child) {
          pid = child;
        },
        exited: () => undefined,
      },
    });
    try {
      let killed = false;
      const { error } = await own.ask(request([says("[[demo text 200 delay=20]]")]), {
        onEvents: (seen) => {
          if (killed || !seen.some(({ type }) => type === "text-delta")) return;
          killed = true;
          process.kill(pid, "SIGKILL");
        },
      });
      expect(error).toMatchObject({ kind: "upstream" });
      expect(error?.message).toContain("SIGKILL");
      expect(await eventually(() => own.upstream.openRequests() === 0)).toBe(true);
    } finally {
      await own.close();
    }
  });
});

const [newest] = claudes;
describe.if(newest !== undefined)("before any child", () => {
  const path = newest?.path ?? "";

  test("an answer cannot be prefilled", async () => {
    const own = await openBench(path, { pool: NO_POOL });
    const { events, error } = await own.ask(request([says("a"), answers("b")]));
    expect(events).toHaveLength(1);
    expect(error).toMatchObject({ kind: "invalid-request", options: { param: "messages[1]" } });
    expect(own.backend.stats().spawned).toBe(0);
    await own.close();
  });

  test("an image that is none is refused by name", async () => {
    const own = await openBench(path, { pool: NO_POOL });
    const source = { type: "base64", mediaType: "image/png", data: "!!notbase64" } as const;
    const { error } = await own.ask(request([says("see", { type: "image", source })]));
    expect(error).toMatchObject({ kind: "invalid-request", options: { param: "messages[0].content[1]" } });
    await own.close();
  });

  test("a missing CLI, directory, or memory each say so", async () => {
    const missing = await openBench(join(tmpdir(), "no-such-claude"), { pool: NO_POOL });
    expect((await missing.ask(request([says("hi")]))).error).toMatchObject({ kind: "unavailable" });
    expect(missing.backend.status()).toMatchObject({ ready: false });
    await missing.close();

    const gone = mkdtempSync(join(tmpdir(), "ccproxy-gone-"));
    rmSync(gone, { recursive: true });
    const nowhere = await openBench(path, { pool: NO_POOL });
    const { error } = await nowhere.ask(request([says("hi")]), { mode: "agent", workspace: workspaceAt(gone) });
    expect(error).toMatchObject({ kind: "conflict" });
    expect(nowhere.backend.status()).toMatchObject({ ready: true });
    await nowhere.close();

    const full = await openBench(path, { pool: NO_POOL, minFreeMemoryBytes: Number.MAX_SAFE_INTEGER });
    const refused = (await full.ask(request([says("hi")]))).error;
    expect(refused).toMatchObject({ kind: "rate-limit" });
    expect(refused?.options.retryAfterSeconds).toBeGreaterThan(0);
    await full.close();
  });
});
