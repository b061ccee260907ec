import * as v from "valibot";

import type { ApprovalAsk } from "#core/approval.ts";
import { diffLines } from "#lib/line-diff.ts";

const edit = v.object({ old_string: v.string(), new_string: v.string() });

/** Codex's patch: what is added and deleted is there as it is, the rest as a diff. */
const patch = v.object({
  changes: v.pipe(v.array(v.object({ path: v.string(), kind: v.string(), diff: v.string() })), v.minLength(1)),
});

/** What the tools that change files are given. */
const change = v.union([
  patch,
  v.object({ file_path: v.string(), edits: v.array(edit) }),
  v.object({ file_path: v.string(), ...edit.entries }),
  v.object({ file_path: v.string(), content: v.string() }),
  v.object({ notebook_path: v.string(), new_source: v.string() }),
]);

/**
 * The change a call would make to a file, as a diff of what the call says of it; undefined for a call that changes
 * none. The file itself is not read: whoever decides may see no more of it than the model has.
 */
export function renderDiff({ input }: ApprovalAsk): string | undefined {
  const parsed = v.safeParse(change, input);
  if (!parsed.success) return undefined;
  const { output } = parsed;
  if ("changes" in output) return output.changes.flatMap(patchOf).join("\n");
  const path = "file_path" in output ? output.file_path : output.notebook_path;
  return [`--- ${path}`, `+++ ${path}`, ...hunksOf(output)].join("\n");
}

function patchOf({ path, kind, diff }: v.InferOutput<typeof patch>["changes"][number]): readonly string[] {
  const isNew = kind === "add";
  const isGone = kind === "delete";
  const lines = isNew ? diffLines("", diff) : isGone ? diffLines(diff, "") : diff.trimEnd().split("\n");
  return [`--- ${isNew ? "/dev/null" : path}`, `+++ ${isGone ? "/dev/null" : path}`, ...lines];
}

function hunksOf(output: Exclude<v.InferOutput<typeof change>, v.InferOutput<typeof patch>>): readonly string[] {
  if ("edits" in output) return output.edits.flatMap(hunkOf);
  if ("old_string" in output) return hunkOf(output);
  return diffLines("", "content" in output ? output.content : output.new_source);
}

function hunkOf({ old_string: before, new_string: after }: v.InferOutput<typeof edit>): readonly string[] {
  return ["@@", ...diffLines(before, after)];
}
