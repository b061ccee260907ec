import { stripVTControlCharacters } from "node:util";

import * as v from "valibot";

import { GatewayError, toGatewayError } from "#core/errors.ts";
import { cutText } from "#lib/cut-text.ts";
import { isRecord } from "#lib/is-record.ts";
import { looseObject } from "#lib/loose-object.ts";
import { isOwnAddress } from "#lib/own-address.ts";
import { redactText } from "#lib/redact.ts";
import { startChild } from "#process/child.ts";
import { ChildFault } from "#process/fault.ts";
import { availableMemoryBytes } from "#process/memory.ts";

import { AppServer } from "./app-server.ts";
import { codexEnvironment } from "./environment.ts";
import { readAnswer } from "./messages.ts";
import type { CodexCliOptions } from "./options.ts";
import { testedVersions } from "./tested-versions.ts";

export interface Started {
  readonly server: AppServer;
  readonly config: UserConfig;
  readonly version: string | undefined;
  /** Whose login it has, in Codex's words for its kind; undefined where its provider asks for none. */
  readonly login: string | undefined;
}

/** What of the user's own configuration matters to us. */
export interface UserConfig {
  /** Whom it asks, by the name they have there. */
  readonly provider: string;
  /** For who names none. */
  readonly model: string | undefined;
  /** Names of MCP servers, of which a bare model has none. */
  readonly mcpServers: readonly string[];
  readonly developerInstructions: string | undefined;
}

/** For the whole process, over what the user's configuration says: it is no terminal that somebody sits at. */
const settings = [
  // A thread is gone with its turn; else each stays for minutes (1 MB).
  "thread_unload_delay_secs=0",
  "check_for_update_on_startup=false",
];

/** Nobody here reads them, and some come with every line of a command's output. */
const unread = [
  "item/commandExecution/outputDelta",
  "item/fileChange/outputDelta",
  "item/fileChange/patchUpdated",
  "item/plan/delta",
  "turn/diff/updated",
  "turn/plan/updated",
  "thread/started",
  "thread/status/changed",
  "remoteControl/status/changed",
];

const initializedSchema = looseObject({ userAgent: v.fallback(v.string(), "") });
const configSchema = looseObject({
  config: looseObject({
    model: v.fallback(v.nullish(v.string()), undefined),
    model_provider: v.fallback(v.nullish(v.string()), undefined),
    model_providers: v.fallback(v.record(v.string(), v.unknown()), {}),
    openai_base_url: v.fallback(v.nullish(v.string()), undefined),
    developer_instructions: v.fallback(v.nullish(v.string()), undefined),
    mcp_servers: v.fallback(v.record(v.string(), v.unknown()), {}),
  }),
});
const accountSchema = looseObject({
  account: v.nullish(looseObject({ type: v.fallback(v.string(), "unknown") })),
  requiresOpenaiAuth: v.fallback(v.boolean(), false),
});

/** Starts a process and makes itself known. Throws GatewayError; then there is none. */
export async function startServer(codexPath: string, options: CodexCliOptions): Promise<Started> {
  const server = new AppServer(spawn(codexPath, options));
  try {
    const initialized = readAnswer(
      initializedSchema,
      await server.request("initialize", {
        clientInfo: { name: "ccproxy", title: "ccproxy", version: options.version },
        capabilities: { experimentalApi: true, requestAttestation: false, optOutNotificationMethods: unread },
      }),
    );
    server.notify("initialized");
    const [config, account] = await Promise.all([
      server.request("config/read", {}),
      server.request("account/read", {}),
    ]);
    const known = readAnswer(accountSchema, account);
    checkAccount(known);
    const { config: own } = readAnswer(configSchema, config);
    checkKey(own, options);
    return {
      server,
      config: readConfig(own, options.selfUrls()),
      login: known.requiresOpenaiAuth ? known.account?.type : undefined,
      version: /\/(\d+\.\d+\.\d+\S*)/.exec(initialized.userAgent)?.[1],
    };
  } catch (cause) {
    // What it wrote before it answered that it cannot is no reason.
    const words = server.usable ? "" : lastWords(server.child.stderrTail());
    await server.stop();
    if (cause instanceof GatewayError && cause.kind !== "upstream") throw cause;
    throw new GatewayError("unavailable", toGatewayError(cause).message.replace(/[^.!?…]$/, "$&.") + words, {
      hint: `\`codex app-server\` has to work where ccproxy runs; tested: ${testedVersions.join(", ")}.`,
      cause,
    });
  }
}

const LONGEST_COMPLAINT_BYTES = 300;

/** It knows of no request yet: they are of how it was set up, and say best what to mend. */
function lastWords(stderrTail: string): string {
  const last = stripVTControlCharacters(stderrTail).trim().split("\n").at(-1)?.trim() ?? "";
  return last === ""
    ? ""
    : ` It said: ${cutText(redactText(last), LONGEST_COMPLAINT_BYTES).replace(/[^.!?…]$/, "$&.")}`;
}

function spawn(command: string, options: CodexCliOptions) {
  if (availableMemoryBytes() < options.minFreeMemoryBytes)
    throw new GatewayError("rate-limit", "There is not enough free memory to start Codex.", {
      hint: "limits.min_free_memory_mb sets how much must stay free.",
      retryAfterSeconds: 10,
    });
  try {
    return startChild({
      command,
      args: ["app-server", ...[...settings, ...(options.settings ?? [])].flatMap((setting) => ["-c", setting])],
      cwd: options.chatDirectory,
      env: codexEnvironment(options),
      ...(options.journal !== undefined && { journal: options.journal }),
    });
  } catch (cause) {
    if (!(cause instanceof ChildFault)) throw cause;
    throw new GatewayError("unavailable", "Codex could not be started.", {
      hint: "codex.path names the program.",
      // All that there is to say of it: the log has no need of where.
      logged: cause.message,
    });
  }
}

/** It would ask the vendor all the same, again and again. */
function checkAccount({ account, requiresOpenaiAuth }: v.InferOutput<typeof accountSchema>): void {
  if (requiresOpenaiAuth && (account === null || account === undefined)) throw loginNeeded();
}

export function loginNeeded(): GatewayError {
  return new GatewayError("authentication", "Codex is not logged in, or its login was refused.", {
    hint: "Run `codex login` where ccproxy runs.",
  });
}

type Settings = v.InferOutput<typeof configSchema>["config"];

/** It would say so of every turn. */
function checkKey({ model_provider: provider, model_providers: providers }: Settings, options: CodexCliOptions): void {
  const own = providers[provider ?? "openai"];
  const variable = isRecord(own) ? own["env_key"] : undefined;
  if (typeof variable === "string" && !codexEnvironment(options)[variable]?.trim()) throw keyNeeded(variable);
}

/** Codex reads the key of its provider from a variable that it does not have. */
export function keyNeeded(variable: string): GatewayError {
  return new GatewayError(
    "authentication",
    `Codex's provider takes its key from ${variable}, which Codex is not given.`,
    {
      hint: `Add ${variable} to codex.pass_env, and set it where ccproxy runs.`,
    },
  );
}

function readConfig(config: Settings, selfUrls: readonly string[]): UserConfig {
  const provider = config.model_provider ?? "openai";
  const own = config.model_providers[provider];
  const baseUrl = isRecord(own) ? own["base_url"] : config.openai_base_url;
  if (typeof baseUrl === "string" && isOwnAddress(baseUrl, selfUrls))
    throw new GatewayError("unavailable", "Codex is configured to ask ccproxy, which would ask Codex.", {
      hint: "Give it another provider, or codex.home another directory with a config.toml of its own.",
    });
  return {
    provider,
    model: config.model ?? undefined,
    mcpServers: Object.keys(config.mcp_servers),
    developerInstructions: config.developer_instructions ?? undefined,
  };
}
