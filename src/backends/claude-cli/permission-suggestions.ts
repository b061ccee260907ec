/** What the CLI suggests to allow for longer than one call. */
import * as v from "valibot";

const session = v.fallback(v.literal("session"), "session");

/** Whatever destination the CLI proposes (it would write Bash rules into the project's own settings): the session is meant. */
export const suggestionSchema = v.variant("type", [
  v.object({
    type: v.literal("addRules"),
    rules: v.array(v.object({ toolName: v.string(), ruleContent: v.optional(v.string()) })),
    behavior: v.literal("allow"),
    destination: session,
  }),
  v.object({ type: v.literal("setMode"), mode: v.string(), destination: session }),
  v.object({ type: v.literal("addDirectories"), directories: v.array(v.string()), destination: session }),
]);

export type Suggestion = v.InferOutput<typeof suggestionSchema>;

/**
 * The CLI suggests everything that might help, widest included: `touch x` comes with its own rule, with its directory
 * and with all edits. The rules are enough (2.1.197 and 2.1.329); where there are none, only the rest helps.
 */
export function narrowest(suggestions: readonly Suggestion[]): readonly Suggestion[] {
  const rules = suggestions.filter(({ type }) => type === "addRules");
  return rules.length > 0 ? rules : suggestions;
}

/** What they allow, for the person who decides; undefined when there is nothing to allow. */
export function describeAlways(suggestions: readonly Suggestion[]): string | undefined {
  return suggestions.length === 0 ? undefined : suggestions.flatMap(describe).join(", ");
}

function describe(suggestion: Suggestion): readonly string[] {
  switch (suggestion.type) {
    case "addRules":
      return suggestion.rules.map(({ toolName, ruleContent }) =>
        ruleContent === undefined ? toolName : `${toolName}(${ruleContent})`,
      );
    case "setMode":
      return [`whatever the permission mode ${suggestion.mode} allows`];
    case "addDirectories":
      return suggestion.directories.map((directory) => `files below ${directory}`);
  }
}
