/** What is kept of a named session to go on with what Codex wrote down of it, once its thread is gone. */
import * as v from "valibot";

import type { RunSession } from "#core/backend.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

const id = v.pipe(v.string(), v.uuid());
const resumeSchema = v.strictObject({
  /** The thread, and before which it was cut off from which: those that went on elsewhere have what they share in the first. */
  codexThreads: v.pipe(v.array(id), v.minLength(1)),
  /** Its answers, oldest first, by the fingerprints of the conversation up to them. */
  points: v.array(v.object({ turnId: id, keys: v.pipe(v.array(v.string()), v.readonly()) })),
});
export type Resume = v.InferOutput<typeof resumeSchema>;

/** How far back a conversation may be edited and still go on with what its tools said. */
const MOST_POINTS = 20;
/** Each is a file, which the next one needs. */
const MOST_THREADS = 10;

/** undefined where there is none, or another backend wrote it. */
export function readResume(session: Pick<RunSession, "resume"> | undefined): Resume | undefined {
  const parsed = v.safeParse(resumeSchema, parseJsonText(session?.resume ?? ""));
  return parsed.success ? parsed.output : undefined;
}

export interface ResumePoint {
  readonly threadId: string;
  /** Whatever was said after it is left out. */
  readonly lastTurnId: string;
}

/** undefined for a conversation that is not in it. */
export function pointAt({ codexThreads, points }: Resume, key: string): ResumePoint | undefined {
  const [threadId] = codexThreads;
  const point = points.findLast(({ keys }) => keys.includes(key));
  if (threadId === undefined || point === undefined || codexThreads.length >= MOST_THREADS) return undefined;
  return { threadId, lastTurnId: point.turnId };
}

/** Of a thread that goes on in another way from there. */
export function resumeFrom({ codexThreads, points }: Resume, threadId: string, { lastTurnId }: ResumePoint): Resume {
  const at = points.findLastIndex(({ turnId }) => turnId === lastTurnId);
  return { codexThreads: [threadId, ...codexThreads], points: points.slice(0, at + 1) };
}

/** With the answer that was just given. */
export function resumeAfter({ codexThreads, points }: Resume, point: Resume["points"][number]): Resume {
  return { codexThreads, points: [...points, point].slice(-MOST_POINTS) };
}
