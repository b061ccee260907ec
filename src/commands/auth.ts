import type { Command } from "./command.ts";
import { commonFlags } from "./flag.ts";

export const auth: Command = {
  meta: {
    name: "auth",
    description: "Look after the keys of providers. The logins of Claude Code and Codex are their own.",
  },
  args: commonFlags,
  subCommands: {
    providers: async () => (await import("./auth-providers.ts")).authProviders,
    status: async () => (await import("./auth-status.ts")).authStatus,
    login: async () => (await import("./auth-login.ts")).authLogin,
    refresh: async () => (await import("./auth-refresh.ts")).authRefresh,
    logout: async () => (await import("./auth-logout.ts")).authLogout,
  },
  default: "status",
  examples: ["ccproxy auth status --check", "ccproxy auth login openai"],
};
