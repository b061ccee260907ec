/**
 * The composition root: a configuration becomes the running parts, started in order and stopped in reverse.
 * The only folder that knows everyone; what each part does is its own folder's business.
 */
import { resolve } from "node:path";

import type { Notice } from "#backends/claude-cli/index.ts";
import type { Config } from "#config/schema.ts";
import { workspacesOf } from "#config/workspaces.ts";
import type { Backend } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { Workspace } from "#core/workspace.ts";
import { openOAuthCallback } from "#credentials/oauth-callback.ts";
import { oauthPage } from "#credentials/oauth-page.ts";
import { startDemoUpstream } from "#demo/demo-upstream.ts";
import { type Admission, createAdmission } from "#gateway/admission.ts";
import { type Approvals, createApprovals } from "#gateway/approvals.ts";
import { createGateway } from "#gateway/gateway.ts";
import type { Routing } from "#gateway/routing.ts";
import { openJournal } from "#process/journal.ts";
import { sweepOrphans } from "#process/orphans.ts";
import { createServer } from "#server/server.ts";
import { createSessions, type Sessions, type SessionsOptions } from "#sessions/sessions.ts";
import { createAccessLog } from "#store/access-log.ts";
import { createCheckpoints } from "#store/checkpoints.ts";
import { openDatabase } from "#store/database.ts";
import { createSessionStore } from "#store/sessions.ts";
import { startPruning } from "#telemetry/access-log-pruner.ts";
import { createAccessLogWriter } from "#telemetry/access-log-writer.ts";
import { createLogger, type Logger } from "#telemetry/logger.ts";
import { createRequestRecorder } from "#telemetry/request-recorder.ts";
import { anthropicMessages } from "#wire/anthropic-messages/index.ts";
import { openaiChat } from "#wire/openai-chat/index.ts";
import { openaiResponses } from "#wire/openai-responses/index.ts";
import type { Workspaces } from "#workspaces/workspaces.ts";

import { createBackend } from "./backend.ts";
import { locateClaude } from "./claude-facts.ts";
import { cliEnvironment } from "./cli-environment.ts";
import { codexProgram, createCodex } from "./codex.ts";
import { openKeptResponses } from "./kept-responses.ts";
import { limitsOf } from "./limits.ts";
import { modelNames } from "./model-names.ts";
import { openPlaces, type Places } from "./places.ts";
import { pricesOf } from "./prices.ts";
import { type ProgramProblem, programProblem } from "./program-problem.ts";
import { createProviders } from "./providers.ts";
import { createReplacementTrial } from "./replacement-trial.ts";
import { routingOf } from "./routing.ts";
import { openWorkspaces } from "./workspaces.ts";

type Variables = Readonly<Record<string, string | undefined>>;

export interface AppOptions {
  readonly config: Config;
  /** Where ccproxy was started; the workspace, unless the configuration names another. */
  readonly cwd: string;
  readonly environment: Variables;
  readonly version: string;
}

interface Program {
  readonly path: string | undefined;
  readonly problem: string | undefined;
}

export interface App {
  readonly url: string;
  /** Where agents work whose request does not say; undefined: in a directory made for the request. */
  readonly workspace: string | undefined;
  /** The CLI in use, and why it cannot be started, in one line; undefined where it looks as if it can. */
  readonly claude: Program;
  /** The same of Codex; undefined where it is not to answer. */
  readonly codex: Program | undefined;
  /** Providers that have no key, by name, as far as that is seen at no cost. */
  readonly keyless: readonly string[];
  readonly demo: boolean;
  /** The CLI says that it is not logged in: what is asked for the state of the server is told so, too. */
  noteNoLogin(): void;
  /** Stops taking requests, lets turns finish, ends every child, writes what is unwritten. Idempotent. */
  stop(): Promise<void>;
  /** Tells whoever waits for an answer that it ends here, and waits for nothing else. For a process that ends at once. */
  cut(): Promise<void>;
}

/** Between two words of the demo, so that one can see it stream. */
const demoDelayMs = 20;
/** How long error frames may take to leave when nothing is waited for any more. */
const cutMs = 250;
const dayMs = 24 * 60 * 60 * 1000;
const mebibyte = 1024 * 1024;
/** How long children may take to end once the last answer is out. */
const childStopMs = 3000;

/** Throws GatewayError `invalid-request` for a missing workspace, and what listening throws (`EADDRINUSE`). */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, environment } = options;
  const workspaces = openWorkspaces(config, options.cwd);
  const workspace = await openWorkspace(options, workspaces);
  const places = openPlaces(config, environment);
  // Whatever was started is stopped in reverse, also when a later start fails.
  await using starting = new AsyncDisposableStack();
  const telemetry = starting.adopt(openTelemetry(config, places, environment), ({ close }) => close());
  const { logger } = telemetry;
  starting.defer(outliveFaults(logger));
  await finishWhatACrashLeft(places, logger);
  const journal = starting.adopt(openJournal(places.journal), (opened) => opened.close());
  const demo = config.demo
    ? starting.adopt(startDemoUpstream({ delayMs: demoDelayMs }), (opened) => opened.stop())
    : undefined;
  const urls: string[] = [];
  const leaving = new AbortController();
  const onNotice = ({ level, message, data }: Notice) => logger[level](message, { data });
  const backend = createBackend({
    config,
    workspace,
    places,
    ...cliEnvironment(environment, demo, places),
    selfUrls: () => urls,
    journal,
    replacesMessages: createReplacementTrial({
      config,
      environment,
      signal: leaving.signal,
      journal,
      file: places.findings,
      version: options.version,
      onFound: (claudeVersion, replaces) =>
        logger.info(`Claude Code ${claudeVersion} is not a tested version; \`ccproxy doctor\` says what differs.`, {
          data: { replacesMessages: replaces },
        }),
    }),
    onNotice,
  });
  starting.defer(() => backend.stop(childStopMs));
  starting.defer(() => leaving.abort());
  const codex = createCodex(options, { places, demo, selfUrls: () => urls, journal, onNotice });
  for (const { stop } of codex) starting.defer(() => stop(childStopMs));
  const sessions = openSessions(config, telemetry, [backend, ...codex]);
  starting.defer(sessions.startPruning());
  const { modelLists } = places;
  const telling = { onFault: logger.error, onWarning: logger.warn };
  const responses = telemetry.responses.ofProviders;
  const providers = createProviders(config, { environment, journal, modelLists, responses, ...telling });
  const routing = routingOf(config, [backend, ...codex, ...providers]);
  const server = createHttpServer({ options, places, routing, workspaces, sessions, telemetry });
  const { url } = server.listen();
  starting.defer(() => server.stop(config.server.drain_seconds * 1000));
  urls.push(url);
  // Not awaited: /health answers at once, and a first request waits for its own child only.
  void backend.start();

  const running = starting.move();
  let stopping: Promise<void> | undefined;
  return {
    url,
    workspace: workspace.directory?.path,
    claude: claudeOf(options),
    codex: config.codex.enabled ? programOf(codexProgram(options)) : undefined,
    keyless: providers.flatMap(({ id, status }) => (status().ready ? [] : [id])),
    demo: demo !== undefined,
    noteNoLogin: backend.noteNoLogin,
    stop: () => (stopping ??= running.disposeAsync()),
    cut: () => server.cut(cutMs),
  };
}

/** Where most agents will work. A server is not started to refuse every request. */
async function openWorkspace({ config, cwd }: AppOptions, workspaces: Workspaces): Promise<Workspace> {
  try {
    return await workspaces.resolve({});
  } catch (cause) {
    const path =
      workspacesOf(config).get(config.workspaces.default ?? "")?.path ?? resolve(cwd, config.claude.cwd ?? ".");
    throw new GatewayError("invalid-request", `There is no directory ${path} to work in.`, {
      param: "claude.cwd",
      hint: "Give an existing one with --cwd.",
      cause,
    });
  }
}

/** A server starts without it, and refuses what is asked until it is there. */
function claudeOf({ config, environment }: AppOptions): Program {
  const path = locateClaude({ path: config.claude.path, environment });
  return programOf({ path, problem: programProblem(path) });
}

interface Located {
  readonly path: string | undefined;
  readonly problem: ProgramProblem | undefined;
}

function programOf({ path, problem }: Located): Program {
  return { path, problem: problem && `${problem.detail}; ${problem.action}` };
}

type Telemetry = ReturnType<typeof openTelemetry>;

function openTelemetry(config: Config, places: Places, environment: Variables) {
  const { log } = config;
  const logger = createLogger({
    level: log.level,
    format: log.format,
    file: log.file,
    maxFileMb: log.max_file_mb,
    maxFiles: log.max_files,
    stream: process.stderr,
    colour: process.stderr.isTTY && !environment["NO_COLOR"],
  });
  // A short wait: it blocks every stream, and the writer behind them tries again anyway.
  const database = openDatabase(places.database, { busyTimeoutMs: 100 });
  const accessLog = createAccessLog(database);
  const checkpoints = createCheckpoints(places.database);
  const writer = createAccessLogWriter({ insertMany: accessLog.insertMany, checkpoint: checkpoints.run, logger });
  const recorder = createRequestRecorder({ writer, logger, priceOf: pricesOf(config).cost });
  const responses = openKeptResponses(config, database, logger);
  const rows = { what: "rows of the access log", prune: accessLog.prune, logger, keepDays: log.retention_days };
  const stopPruning = startPruning(rows);
  // A second signal ends the process without a stop; what was open then still gets its row.
  process.once("exit", recorder.stop);
  return {
    logger,
    recorder,
    database,
    responses,
    close() {
      process.off("exit", recorder.stop);
      recorder.stop();
      stopPruning();
      responses.close();
      checkpoints.close();
      database.close();
      logger.close();
    },
  };
}

async function finishWhatACrashLeft(places: Places, logger: Logger): Promise<void> {
  const { deadProxies, killed } = await sweepOrphans(places.journal);
  if (killed.length > 0)
    logger.warn(`Ended ${killed.length} processes that an earlier ccproxy had left behind.`, { data: { killed } });
  else if (deadProxies > 0) logger.debug("An earlier ccproxy did not stop properly; it left nothing behind.");
}

function openSessions(
  config: Config,
  { database, logger }: Telemetry,
  clis: readonly Pick<Backend, "forget">[],
): Sessions {
  return createSessions({
    store: createSessionStore(database, () =>
      logger.warn("What was kept of a session is not as it was written; it is forgotten."),
    ),
    options: sessionLimits(config),
    onForgotten(session) {
      for (const { forget } of clis) forget?.(session);
    },
    onFault: (error) => logger.warn("A session could not be written down; it may forget its last turn.", { error }),
  });
}

function sessionLimits({ sessions }: Config): SessionsOptions {
  return {
    waitMs: sessions.wait_seconds * 1000,
    maxWaiting: sessions.max_waiting,
    keepMs: sessions.keep_days * dayMs,
    most: sessions.max_kept,
    mostBytes: sessions.max_mb * mebibyte,
  };
}

interface ServerParts {
  readonly options: AppOptions;
  readonly places: Places;
  readonly routing: Routing;
  readonly sessions: Sessions;
  readonly workspaces: Workspaces;
  readonly telemetry: Telemetry;
}

function createHttpServer({ options, places, routing, workspaces, sessions, telemetry }: ServerParts) {
  const { config, environment, version } = options;
  const { server, limits, claude } = config;
  const heartbeatMs = server.heartbeat_seconds * 1000;
  const approvals = openApprovals(config, telemetry);
  const gateway = createGateway({
    routing,
    workspaces,
    admission: admissionOf(limits, limits.max_running, "limits.max_running"),
    upstreamAdmission: upstreamAdmissionOf(limits, sentAtOnce(environment)),
    sessions,
    ...modelNames(config),
    limitsOf: limitsOf(config),
    defaultMode: claude.mode,
    defaultVerbosity: claude.verbosity,
    firstEventDeadlineMs: heartbeatMs,
    requestTimeoutMs: claude.request_timeout_seconds * 1000,
    approvals,
  });
  return createServer({
    gateway,
    approvals,
    wireFormats: { openaiChat, openaiResponses, anthropicMessages },
    responses: telemetry.responses.own,
    providerResponses: telemetry.responses.ofProviders,
    oauthCallback: (query) => oauthPage(openOAuthCallback(places.oauth).receive(query)),
    telemetry: { createRecord: telemetry.recorder.begin },
    options: {
      host: server.host,
      port: server.port,
      accessTokens: { plain: server.auth_token, named: new Map(Object.entries(server.tokens)) },
      corsOrigins: server.cors_origins,
      allowedHosts: server.allowed_hosts,
      maxBodyBytes: server.max_body_mb * 1024 * 1024,
      heartbeatMs,
      idempotency: idempotencyOf(config),
      version,
    },
  });
}

/** Bun's own number, after which a request would stand in a line that nobody sees; lists of models need some, too. */
function sentAtOnce({ BUN_CONFIG_MAX_HTTP_REQUESTS: said = "" }: Variables): number {
  return (/^[1-9]\d{0,4}$/.test(said) ? Number(said) : 256) - 16;
}

function upstreamAdmissionOf(limits: Config["limits"], sendable: number): Admission {
  const isCapped = limits.max_upstream >= sendable;
  const setting = `limits.max_upstream${isCapped ? " (with BUN_CONFIG_MAX_HTTP_REQUESTS 16 above it)" : ""}`;
  return admissionOf(limits, Math.min(limits.max_upstream, sendable), setting);
}

function admissionOf(limits: Config["limits"], maxRunning: number, setting: string): Admission {
  return createAdmission({
    maxRunning,
    setting,
    maxWaiting: limits.max_waiting,
    queueTimeoutMs: limits.queue_timeout_seconds * 1000,
  });
}

function openApprovals({ approvals }: Config, { logger }: Telemetry): Approvals | undefined {
  if (!approvals.enabled) return undefined;
  return createApprovals({
    timeoutMs: approvals.timeout_seconds * 1000,
    // What the tool was to do stays out of the log.
    onResolved: ({ id, requestId, ask, status, createdAt, resolvedAt = createdAt }) =>
      logger.info(`Approval ${status}: ${ask.toolName}`, {
        requestId,
        data: { approval: id, tool: ask.toolName, status, waitedMs: resolvedAt - createdAt },
      }),
  });
}

function idempotencyOf({ idempotency }: Config) {
  if (idempotency.window_minutes === 0) return undefined;
  return {
    windowMs: idempotency.window_minutes * 60_000,
    lingerMs: idempotency.linger_seconds * 1000,
    maxAnswers: idempotency.max_answers,
    maxBytes: idempotency.max_mb * 1024 * 1024,
  };
}

/** One request's fault must not end everybody's: what nobody caught is logged, and the proxy goes on. */
function outliveFaults(logger: Logger): () => void {
  const report = (error: unknown) => logger.error("A fault nobody handled; please report it.", { error });
  process.on("unhandledRejection", report);
  process.on("uncaughtException", report);
  return () => {
    process.off("unhandledRejection", report);
    process.off("uncaughtException", report);
  };
}
