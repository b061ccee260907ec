import { createPermissionClient, type Heard, Refused } from "./approvals/client.ts";
import { type Context, createCommand } from "./command.ts";
import { CommandFailure, usageFailure } from "./failure.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";
import { serveFlags } from "./serve-flags.ts";
import { type StopSignal, untilStopSignal } from "./stop-signal.ts";

const server = "The ccproxy that serves with --approvals";

export const permissionHandler = createCommand({
  name: "permission-handler",
  description: "Allow or deny what Claude wants to do, in this terminal.",
  flags: {
    url: {
      type: "string",
      alias: "u",
      group: server,
      valueHint: "url",
      description: "Its address, where host and port do not say it all.",
    },
    host: { ...serveFlags.host, group: server, description: "Where it listens (127.0.0.1)." },
    port: { ...serveFlags.port, group: server, description: "Its port (8000)." },
    "auth-token": {
      ...serveFlags["auth-token"],
      alias: "t",
      group: server,
      description: "Its access token. Other users can see it in the process list; prefer CCPROXY__SERVER__AUTH_TOKEN.",
    },
    "no-ui": { type: "boolean", description: "Print a line for each approval, and decide on none." },
    ...configFlags,
    ...commonFlags,
  },
  examples: [
    "ccproxy permission-handler",
    "CCPROXY__SERVER__AUTH_TOKEN=… ccproxy permission-handler --url https://example.net/ccproxy",
  ],
  async run(args, context) {
    const { config } = await loadSettings(args, context);
    const url = (args.text("url") ?? addressOf(config.server)).replace(/\/+$/, "");
    if (!URL.canParse(url)) throw usageFailure(`--url must be an address, as in http://127.0.0.1:8000; got ${url}`);
    const watch = args.isSet("no-ui");
    if (!watch && !(process.stdin.isTTY && process.stdout.isTTY))
      throw usageFailure("approvals are decided on in a terminal; elsewhere --no-ui prints them");
    const client = createPermissionClient({ url, token: config.server.auth_token, watch });
    const stop = new AbortController();
    let stopped: StopSignal | undefined;
    let hasConnected = false;
    void untilStopSignal().then((signal) => {
      stopped = signal;
      stop.abort();
    });
    try {
      if (watch)
        for await (const heard of client.listen(stop.signal)) {
          hasConnected ||= heard.type === "connected";
          await print(heard, context);
        }
      else {
        const { runTerminal } = await import("./approvals/run-terminal.ts");
        await runTerminal({ client, url, context, signal: stop.signal });
      }
    } catch (error) {
      if (error instanceof Refused) throw new CommandFailure(`${url}: ${error.message}`, { cause: error });
      throw error;
    }
    // As of a server that is stopped while it starts.
    if (watch && !hasConnected && stopped !== undefined) return stopped === "SIGINT" ? 130 : 143;
    return 0;
  },
});

function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  const reachable = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

async function print(heard: Heard, { terminal }: Context): Promise<void> {
  const { lineOf } = await import("./approvals/line.ts");
  await terminal.print(`${new Date().toISOString()} ${lineOf(heard)}`);
}
