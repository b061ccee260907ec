import * as v from "valibot";

const identity = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(2)),
  realm: v.string(),
  startTime: v.pipe(v.string(), v.nonEmpty()),
});

const journalRecord = v.object({
  version: v.literal(1),
  /** Begins the mark of every child. Long, or a short prefix could match what is not ours. */
  mark: v.pipe(v.string(), v.minLength(16)),
  proxy: identity,
  children: v.array(identity),
});

/** The content of one journal file. */
export type JournalRecord = v.InferOutput<typeof journalRecord>;

/** undefined for anything that is not a whole record. */
export function parseJournalRecord(text: string): JournalRecord | undefined {
  try {
    const { success, output } = v.safeParse(journalRecord, JSON.parse(text));
    return success ? output : undefined;
  } catch {
    return undefined;
  }
}
