import type { CredentialState } from "#app/auth.ts";
import { knownProviders } from "#config/providers.ts";
import { visibleText } from "#lib/visible-text.ts";

import { createCommand } from "./command.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";
import { withProgress } from "./progress.ts";
import { renderTable } from "./table.ts";

const timeoutMs = 10_000;

/** A provider's own words may be among them: they stay on their line, and move nothing on the screen. */
function shown(state: CredentialState): string {
  return visibleText(wordsFor(state)).replaceAll(/\s+/g, " ");
}

function wordsFor({ provider, kept, check, problem, note }: CredentialState): string {
  // One that is known by name has a variable for its key if it takes any.
  if (kept === null && problem === null && check === undefined)
    return knownProviders.includes(provider) ? "needs none" : "is asked without one";
  if (check === "unknown") return `cannot tell: ${note}`;
  if (problem === null) return check ?? "there";
  return check === undefined ? problem : `${check}: ${problem}`;
}

export const authStatus = createCommand({
  name: "status",
  description: "Say where each provider's key is kept, and whether it is there. No key is shown.",
  flags: {
    check: {
      type: "boolean",
      description: "Ask each provider with each key, to see whether it works: for its models, which costs nothing.",
    },
    json: { type: "boolean", description: "Print JSON." },
    ...configFlags,
    ...commonFlags,
  },
  examples: ["ccproxy auth status", "ccproxy auth status --check"],
  async run(args, context) {
    const { terminal } = context;
    const { config, environment, userFile } = await loadSettings(args, context);
    const { credentialStates } = await import("#app/auth.ts");
    const asks = args.isSet("check");
    const asking = credentialStates(config, environment, { asks, timeoutMs });
    const states = await (asks ? withProgress(terminal, "asking the providers", asking) : asking);
    const isWell = states.every(({ problem }) => problem === null);
    if (args.isSet("json")) await terminal.print(JSON.stringify(states, null, 2));
    else if (states.length === 0)
      await terminal.print(`There are no providers. [providers.openai] in ${userFile} makes one.`);
    else {
      const rows = states.map((state) => [
        state.provider,
        state.kept ?? "no key",
        [shown(state), state.plan, state.expiresAt && `until ${state.expiresAt}`].filter(Boolean).join(", "),
      ]);
      await terminal.print(renderTable(["PROVIDER", "KEPT IN", "STATE"], rows, terminal.style));
    }
    return isWell ? 0 : 1;
  },
});
