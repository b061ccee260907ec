import type { Origin } from "#config/load.ts";
import { showSettings } from "#config/show.ts";

import { createCommand } from "./command.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";

export const configShow = createCommand({
  name: "show",
  description: "Print every setting in force and where it came from; secrets are left out.",
  flags: {
    json: { type: "boolean", description: "Print JSON." },
    ...configFlags,
    ...commonFlags,
  },
  examples: ["ccproxy config show", "ccproxy config show --json"],
  async run(args, context) {
    const { terminal } = context;
    const shown = showSettings(await loadSettings(args, context));
    if (args.isSet("json")) {
      const entries = shown.map(({ key, value, source }) => [
        key,
        { value: value ?? null, from: describeOrigin(source) },
      ]);
      await terminal.print(JSON.stringify(Object.fromEntries(entries), null, 2));
      return 0;
    }
    const { style } = terminal;
    const rows = shown.map(({ key, value, source }) => ({ key, text: render(value), source }));
    const keyWidth = Math.max(...rows.map(({ key }) => key.length));
    const textWidth = Math.min(48, Math.max(...rows.map(({ text }) => text.length)));
    const lines = rows.map(({ key, text, source }) => {
      const line = `${key.padEnd(keyWidth)}  ${text.padEnd(textWidth)}  ${describeOrigin(source)}`;
      return source.kind === "default" ? style.dim(line) : line;
    });
    await terminal.print(lines.join("\n"));
    return 0;
  },
});

function render(value: unknown): string {
  return value === undefined ? "-" : JSON.stringify(value);
}

function describeOrigin({ kind, name }: Origin): string {
  return kind === "default" ? "default" : name;
}
