import type { Command } from "./command.ts";
import { commonFlags } from "./flag.ts";

export const route: Command = {
  meta: { name: "route", description: "Look at which backend answers what." },
  args: commonFlags,
  subCommands: {
    explain: async () => (await import("./route-explain.ts")).routeExplain,
  },
  examples: ["ccproxy route explain --data request.json"],
};
