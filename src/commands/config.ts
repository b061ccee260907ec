import type { Command } from "./command.ts";
import { commonFlags } from "./flag.ts";

export const config: Command = {
  meta: { name: "config", description: "Show, find, check and describe the configuration." },
  args: commonFlags,
  subCommands: {
    show: async () => (await import("./config-show.ts")).configShow,
    path: async () => (await import("./config-path.ts")).configPath,
    schema: async () => (await import("./config-schema.ts")).configSchemaCommand,
    validate: async () => (await import("./config-validate.ts")).configValidate,
  },
  examples: [
    "ccproxy config show",
    "ccproxy config schema > ccproxy.schema.json",
    "ccproxy config validate ./ccproxy.toml",
  ],
};
