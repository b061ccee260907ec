import { type Inheritance, inheritEnvironment } from "#process/inherited-environment.ts";

import type { CodexCliOptions } from "./options.ts";

/** What else makes Codex work as it does in the user's terminal: its places, its login, who pays. */
const inherited: Inheritance = { names: ["OPENAI_API_KEY OPENAI_ORGANIZATION OPENAI_PROJECT"], prefixes: ["CODEX_"] };

/** The whole environment of the process, which the commands that agents run inherit. */
export function codexEnvironment({
  environment,
  passEnv = [],
  extraEnvironment,
}: Pick<CodexCliOptions, "environment" | "passEnv" | "extraEnvironment">): Readonly<Record<string, string>> {
  return {
    ...inheritEnvironment(environment, { ...inherited, names: [...inherited.names, ...passEnv] }),
    ...extraEnvironment,
  };
}
