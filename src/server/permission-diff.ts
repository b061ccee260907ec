import * as v from "valibot";

import type { ApprovalAsk } from "#core/approval.ts";
import { diffLines } from "#lib/line-diff.ts";

const edit = v.object({ old_string: v.string(), new_string: v.string() });

/** What Claude Code's tools that change a file are given. */
const change = v.union([
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
  const path = "file_path" in output ? output.file_path : output.notebook_path;
  return [`--- ${path}`, `+++ ${path}`, ...hunksOf(output)].join("\n");
}

function hunksOf(output: v.InferOutput<typeof change>): readonly string[] {
  if ("edits" in output) return output.edits.flatMap(hunkOf);
  if ("old_string" in output) return hunkOf(output);
  return diffLines("", "content" in output ? output.content : output.new_source);
}

function hunkOf({ old_string: before, new_string: after }: v.InferOutput<typeof edit>): readonly string[] {
  return ["@@", ...diffLines(before, after)];
}
