import type { LoadedConfig } from "#config/load.ts";

import type { Arguments } from "./arguments.ts";
import { usageFailure } from "./failure.ts";
import type { Flag } from "./flag.ts";

/** It has to be given, which is not said before the configuration has told what it could be. */
export const providerFlag = {
  type: "positional",
  required: false,
  description: "Its name in the configuration.",
  completes: "provider",
} as const satisfies Flag;

/** Which provider a command is about. Throws CommandFailure that names those there are. */
export function providerName(
  args: Arguments<"provider">,
  { config, userFile }: Pick<LoadedConfig, "config" | "userFile">,
): string {
  const name = args.text("provider");
  if (name !== undefined) return name;
  const names = Object.keys(config.providers);
  throw usageFailure(
    names.length === 0
      ? `provider is missing, and there are none; [providers.openai] in ${userFile} makes one`
      : `provider is missing: ${names.join(", ")}`,
  );
}
