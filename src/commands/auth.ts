import type { Command } from "./command.ts";
import { commonFlags } from "./flag.ts";

export const auth: Command = {
  meta: {
    name: "auth",
    description: "Look after the keys of providers. Claude Code's login is its own (claude /login).",
  },
  args: commonFlags,
  subCommands: {
    status: async () => (await import("./auth-status.ts")).authStatus,
    login: async () => (await import("./auth-login.ts")).authLogin,
    logout: async () => (await import("./auth-logout.ts")).authLogout,
  },
  default: "status",
  examples: ["ccproxy auth status --check", "ccproxy auth login openai"],
};
