import type { PricedModel } from "#app/models.ts";

import { createCommand } from "./command.ts";
import { CommandFailure } from "./failure.ts";
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
    text: { type: "positional", required: false, description: "Only those with this in a name of theirs." },
    json: { type: "boolean", description: "Print JSON." },
    "claude-path": serveFlags["claude-path"],
    demo: serveFlags.demo,
    ...configFlags,
    ...commonFlags,
  },
  examples: ["ccproxy models", "ccproxy models haiku", "ccproxy models --json"],
  async run(args, context) {
    const { terminal } = context;
    const { config, environment } = await loadSettings(args, context);
    const { listModels } = await import("#app/models.ts");
    const asked = listModels({ config, environment }, timeoutMs);
    const { models: all, silent } = await withProgress(terminal, "asking", asked);
    const text = args.text("text");
    const list = text === undefined ? all : all.filter((model) => isNamed(model, text));
    if (args.isSet("json")) await terminal.print(JSON.stringify(list, null, 2));
    else if (list.length > 0) {
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
    if (list.length > 0 || text === undefined) return 0;
    throw new CommandFailure(`none of the ${all.length} models has ${JSON.stringify(text)} in its name`);
  },
});

function isNamed({ id, displayName, aliases }: PricedModel, text: string): boolean {
  return [id, displayName, ...aliases].some((name) => name.toLowerCase().includes(text.toLowerCase()));
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** `512`, `200k`, `1M`; empty where it is not known. */
function tokens(count: number | undefined): string {
  if (count === undefined) return "";
  if (count < 1000) return `${count}`;
  return count >= 1_000_000 ? `${Math.floor(count / 100_000) / 10}M` : `${Math.floor(count / 1000)}k`;
}
