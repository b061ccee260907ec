import { createCommand } from "./command.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";
import { withProgress } from "./progress.ts";
import { serveFlags } from "./serve-flags.ts";
import { renderTable } from "./table.ts";

const timeoutMs = 30_000;

export const models = createCommand({
  name: "models",
  description:
    "List the models that can be asked for: Claude Code's, Codex's and the providers', with limits and prices.",
  flags: {
    json: { type: "boolean", description: "Print JSON." },
    "claude-path": serveFlags["claude-path"],
    demo: serveFlags.demo,
    ...configFlags,
    ...commonFlags,
  },
  examples: ["ccproxy models", "ccproxy models --json"],
  async run(args, context) {
    const { terminal } = context;
    const { config, environment } = await loadSettings(args, context);
    const { listModels } = await import("#app/models.ts");
    const asked = listModels({ config, environment }, timeoutMs);
    const { models: list, silent } = await withProgress(terminal, "asking", asked);
    if (args.isSet("json")) await terminal.print(JSON.stringify(list, null, 2));
    else {
      const rows = list.map(
        ({ id, displayName, aliases, description, contextWindow, maxOutputTokens, price, lastTold }) => [
          id,
          aliases.join(", "),
          tokens(contextWindow),
          tokens(maxOutputTokens),
          price === null ? "" : `${price[0].input} / ${price[0].output}`,
          `${description ?? displayName}${lastTold === undefined ? "" : ` (as told on ${dayOf(lastTold)}; it cannot be asked now)`}`,
        ],
      );
      const heads = ["MODEL", "ALSO", "CONTEXT", "OUTPUT", "USD/M IN/OUT", "WHAT"];
      await terminal.print(renderTable(heads, rows, terminal.style));
    }
    for (const { backend, why } of silent) await terminal.printError(`${backend} could not be asked: ${why}`);
    return 0;
  },
});

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** `512`, `200k`, `1M`; empty where it is not known. */
function tokens(count: number | undefined): string {
  if (count === undefined) return "";
  if (count < 1000) return `${count}`;
  return count >= 1_000_000 ? `${Math.floor(count / 100_000) / 10}M` : `${Math.floor(count / 1000)}k`;
}
