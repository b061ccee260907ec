import type { App } from "#app/app.ts";
import { ConfigError } from "#config/config-error.ts";
import type { LoadedConfig } from "#config/load.ts";
import { missingFiles } from "#config/missing-files.ts";

import { renderStart, renderWho } from "./banner.ts";
import { type Context, createCommand } from "./command.ts";
import { CommandFailure } from "./failure.ts";
import { loadSettings } from "./load-settings.ts";
import { requireToken } from "./loopback.ts";
import { withProgress } from "./progress.ts";
import { serveFlags } from "./serve-flags.ts";
import { type StopSignal, untilStopSignal } from "./stop-signal.ts";
import { versionOfThis } from "./version.ts";

export const serve = createCommand({
  name: "serve",
  description: "Serve Claude Code, and what else is configured, as OpenAI and Anthropic APIs.",
  flags: serveFlags,
  examples: [
    "ccproxy serve --cwd ./proj",
    "ccproxy serve --port 9000 --model haiku --mode chat",
    "ccproxy serve --permission-mode acceptEdits --allowed-tools 'Read,Bash(git log:*)'",
    "ccproxy serve --demo",
  ],
  async run(args, context) {
    let running: App | undefined;
    const signal = untilStopSignal(async () => await running?.cut());
    const settings = await loadSettings(args, context);
    requireToken(settings.config.server);
    const missing = missingFiles(settings);
    if (missing.length > 0) throw new ConfigError(missing);
    const started = startHere(settings, context);
    const early = await Promise.race([started.then(() => undefined), signal]);
    if (early !== undefined) return await abandon(started, early);
    running = await started;
    return await serveUntil(signal, running, settings, context);
  },
});

async function startHere(settings: LoadedConfig, { cwd, terminal }: Context): Promise<App> {
  const { config, environment } = settings;
  const { host, port } = config.server;
  const { startApp } = await import("#app/app.ts");
  try {
    return await withProgress(terminal, "starting", startApp({ config, cwd, environment, version: versionOfThis() }));
  } catch (cause) {
    const { describePortTaken, isPortTaken } = await import("#app/port-taken.ts");
    if (isPortTaken(cause))
      throw new CommandFailure(await describePortTaken({ host, port, flag: "--port" }), { cause });
    throw cause;
  }
}

/** Asked to stop while starting: what came up goes down again. */
async function abandon(started: Promise<App>, signal: StopSignal): Promise<number> {
  const app = await started.catch(() => undefined);
  await app?.stop();
  return signal === "SIGINT" ? 130 : 143;
}

async function serveUntil(
  signal: Promise<StopSignal>,
  app: App,
  { config, environment }: LoadedConfig,
  { terminal }: Context,
): Promise<number> {
  const { style } = terminal;
  await terminal.print(renderStart({ url: app.url, version: versionOfThis() }, style));
  const { path, problem } = app.claude;
  const login =
    path === undefined || problem !== undefined || app.demo ? undefined : await readLoginOf(path, environment, signal);
  if (login?.loggedIn === false) app.noteNoLogin();
  const { auth_token: token, tokens } = config.server;
  const hasToken = token !== undefined || Object.keys(tokens).length > 0;
  const hasApprovals = config.approvals.enabled;
  const providers = Object.keys(config.providers);
  const answersFirst = config.routing.default;
  const who = { ...app, login, mode: config.claude.mode, hasToken, hasApprovals, providers, answersFirst };
  await terminal.print(renderWho(who, style));
  await signal;
  await withProgress(terminal, "stopping: running turns may finish, Ctrl-C again ends them", app.stop());
  return 0;
}

/** Asked of the CLI, which takes a moment; nobody has to wait for it in order to stop. */
async function readLoginOf(path: string, environment: LoadedConfig["environment"], signal: Promise<StopSignal>) {
  const { readLogin } = await import("#app/claude-facts.ts");
  return await Promise.race([readLogin(path, environment), signal.then(() => undefined)]);
}
