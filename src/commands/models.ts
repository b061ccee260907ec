import { createCommand } from "./command.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";
import { withProgress } from "./progress.ts";
import { serveFlags } from "./serve-flags.ts";
import { renderTable } from "./table.ts";

const timeoutMs = 30_000;

export const models = createCommand({
  name: "models",
  description: "List the models Claude Code offers.",
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
    const list = await withProgress(terminal, "asking the CLI", asked);
    if (args.isSet("json")) await terminal.print(JSON.stringify(list, null, 2));
    else {
      const rows = list.map(({ id, displayName, aliases, description }) => [
        id,
        aliases.join(", "),
        description ?? displayName,
      ]);
      await terminal.print(renderTable(["MODEL", "ALSO", "WHAT"], rows, terminal.style));
    }
    return 0;
  },
});
