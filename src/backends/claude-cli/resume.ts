/** What is kept of a named session to go on with the CLI's own memory of it, once its process is gone. */
import { readdir, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import * as v from "valibot";

import type { RunSession } from "#core/backend.ts";

import type { ResumePoint } from "./launch.ts";
import type { CliSession } from "./session.ts";
import { noTotals, type Totals } from "./usage.ts";

const cliSessionId = v.pipe(v.string(), v.uuid());
const amount = v.pipe(v.number(), v.finite());
const resumeSchema = v.object({
  /** The CLI's session; it is part of a path. */
  sessionId: cliSessionId,
  /** What its process had cost at its last point. */
  totals: v.object({
    costUsd: amount,
    inputTokens: amount,
    outputTokens: amount,
    cacheReadInputTokens: amount,
    cacheWriteInputTokens: amount,
  }),
  /** Its answers, oldest first, by the fingerprints of the conversation up to them. */
  points: v.array(v.object({ answerId: v.pipe(v.string(), v.uuid()), keys: v.array(v.string()) })),
});
export type Resume = v.InferOutput<typeof resumeSchema>;

/** How far back a conversation may be edited and still go on with the CLI's own memory. */
const MOST_POINTS = 20;

/** undefined where there is none, or another version of ours wrote it. */
export function readResume(session: RunSession | undefined): Resume | undefined {
  if (session?.resume === undefined) return undefined;
  try {
    const read = v.safeParse(resumeSchema, JSON.parse(session.resume));
    return read.success ? read.output : undefined;
  } catch {
    return undefined;
  }
}

/** undefined for a conversation the CLI does not have. */
export function pointAt({ sessionId, points }: Resume, key: string): ResumePoint | undefined {
  const point = points.findLast(({ keys }) => keys.includes(key));
  return point && { sessionId, answerId: point.answerId };
}

/** With the answer the process has just given; undefined when there is nothing to go on from. */
export function resumeAfter(
  session: Pick<CliSession, "id" | "answerId" | "totals">,
  keys: readonly string[],
  before?: Resume,
): Resume | undefined {
  const { id: sessionId, answerId, totals } = session;
  if (answerId === undefined || keys.length === 0) return undefined;
  const earlier = before?.sessionId === sessionId ? before.points : [];
  return { sessionId, totals: { ...totals }, points: [...earlier, { answerId, keys: [...keys] }].slice(-MOST_POINTS) };
}

const costSchema = v.object({ text: v.string() });

/** 2.1.329 goes on counting where an earlier process ended properly, 2.1.197 begins anew; only their words tell. */
export async function restoredTotals(session: CliSession, { totals }: Resume): Promise<Totals> {
  const told = v.safeParse(costSchema, await session.control({ subtype: "get_session_cost" }));
  const costUsd = Number(/\$(\d+\.\d+)/.exec(told.success ? told.output.text : "")?.[1] ?? 0);
  if (costUsd === 0) return noTotals;
  // It is told in four decimals.
  return { ...totals, costUsd: Math.abs(costUsd - totals.costUsd) < 0.0001 ? totals.costUsd : costUsd };
}

/** Removes what the CLI wrote down of a session, in whichever project it was. */
export async function removeTranscript(
  sessionId: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  // It becomes part of a path; a process that was asked nothing has none.
  if (!v.is(cliSessionId, sessionId)) return;
  const config = environment["CLAUDE_CONFIG_DIR"] ?? join(environment["HOME"] ?? homedir(), ".claude");
  const projects = join(config, "projects");
  for (const project of await readdir(projects).catch(() => []))
    for (const name of [`${sessionId}.jsonl`, sessionId])
      await rm(join(projects, project, name), { recursive: true, force: true }).catch(() => undefined);
}
