/** A parked process spends the cost of its first turn ahead, and nobody can tell but by the clock. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";

import type { Mode } from "#core/backend.ts";

import { claudes } from "../support/proxy.ts";
import { type Bench, eventually, openBench, request, says } from "./support.ts";

setDefaultTimeout(60_000);

const fromSettings = { env: { ANTHROPIC_CUSTOM_HEADERS: "x-user: from settings" } };
const outside = { PATH: process.env["PATH"], LANG: "C.UTF-8" };

interface Origin {
  readonly title: string;
  readonly mode: Mode;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly settings: object;
}

/** What the model got of a process that was started for the question, or parked and rehearsed before. */
async function heard(path: string, parked: boolean, { mode, environment, settings }: Origin) {
  const pool = { size: parked ? 2 : 0, maxAgeMs: 600_000, maxTurns: 50 };
  const bench = await openBench(path, { pool, defaultMode: mode, environment }, settings);
  try {
    if (parked) {
      expect(await eventually(() => bench.backend.stats().rehearsed === 2, 40_000)).toBe(true);
      expect(bench.upstream.requests().filter(({ method }) => method === "POST")).toEqual([]);
    }
    const answer = await bench.ask(request([says("hi")], { system: ["Be brief."] }), { mode });
    expect(answer.error).toBeUndefined();
    expect(answer.facts.start).toBe(parked ? "warm" : "cold");
    return bench.upstream
      .requests()
      .filter(({ method }) => method === "POST")
      .map(({ body, headers }) => ({
        user: headers["x-user"],
        rest: same(bench, JSON.stringify([body, headers["anthropic-beta"]])),
      }));
  } finally {
    await bench.close();
  }
}

/** Without what differs from one process to the next. */
function same({ directory, workspace }: Bench, text: string): string {
  return text
    .replaceAll(workspace, "WORKSPACE")
    .replaceAll(workspace.replaceAll(/[^a-zA-Z0-9]/g, "-"), "PROJECT")
    .replaceAll(directory, "DIRECTORY")
    .replaceAll(/[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID");
}

describe.each([...claudes])("claude $version", ({ path }) => {
  test.each<Origin>([
    { title: "without headers", mode: "chat", environment: outside, settings: {} },
    { title: "with headers in the user's settings", mode: "agent", environment: outside, settings: fromSettings },
    {
      title: "with headers in the environment",
      mode: "agent",
      environment: { ...outside, ANTHROPIC_CUSTOM_HEADERS: "x-user: from outside" },
      settings: {},
    },
  ])("in $mode mode, $title, the model is asked the same", async (origin) => {
    const cold = await heard(path, false, origin);
    expect(cold).toHaveLength(1);
    expect(cold[0]?.user).toBe(userOf(origin));
    expect(await heard(path, true, origin)).toEqual(cold);
  });

  test("with another provider there is no rehearsal: its question might reach it", async () => {
    const environment = { ...outside, CLAUDE_CODE_USE_BEDROCK: "1", AWS_REGION: "us-east-1" };
    const bench = await openBench(path, { environment, pool: { size: 1, maxAgeMs: 600_000, maxTurns: 50 } });
    try {
      expect(await eventually(() => bench.backend.stats().parked === 1, 40_000)).toBe(true);
      await Bun.sleep(1000);
      expect(bench.backend.stats().rehearsed).toBe(0);
    } finally {
      await bench.close();
    }
  });
});

function userOf({ settings, environment }: Origin): string | undefined {
  const given = "env" in settings ? fromSettings.env.ANTHROPIC_CUSTOM_HEADERS : environment["ANTHROPIC_CUSTOM_HEADERS"];
  return given?.slice("x-user: ".length);
}
