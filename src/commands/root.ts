/** The tree of subcommands. Each is loaded when it is asked for: none pays for another's imports. */
import type { Command } from "./command.ts";
import { commonFlags, type Flags } from "./flag.ts";

const rootFlags = {
  ...commonFlags,
  version: { type: "boolean", alias: "v", description: "Print the version." },
} satisfies Flags;

export const root: Command = {
  meta: { name: "ccproxy", description: "Claude Code, Codex and model APIs as OpenAI and Anthropic APIs." },
  args: rootFlags,
  default: "serve",
  subCommands: {
    serve: async () => (await import("./serve.ts")).serve,
    "permission-handler": async () => (await import("./permission-handler.ts")).permissionHandler,
    models: async () => (await import("./models.ts")).models,
    route: async () => (await import("./route.ts")).route,
    auth: async () => (await import("./auth.ts")).auth,
    doctor: async () => (await import("./doctor.ts")).doctor,
    openapi: async () => (await import("./openapi.ts")).openapi,
    config: async () => (await import("./config.ts")).config,
    completion: async () => (await import("./completion.ts")).completion,
    "demo-upstream": async () => (await import("./demo-upstream.ts")).demoUpstream,
    version: async () => (await import("./show-version.ts")).showVersion,
    help: async () => (await import("./help.ts")).help,
  },
  examples: [
    "ccproxy serve --cwd ./proj",
    "ccproxy doctor",
    "ccproxy serve --port 9000 --model haiku --allowed-tools Read,Grep",
  ],
};
