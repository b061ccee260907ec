/** What can be learnt of the CLI from outside: where it is, which one, whose login. Never a secret. */
import { tmpdir } from "node:os";

import * as v from "valibot";

import { childEnvironment } from "#backends/claude-cli/environment.ts";
import { findClaude } from "#backends/claude-cli/index.ts";

import { runProgram } from "./run-program.ts";

type Variables = Readonly<Record<string, string | undefined>>;

export interface ClaudeWhere {
  /** From the configuration; looked for when undefined. */
  readonly path: string | undefined;
  readonly environment: Variables;
}

export interface Login {
  readonly loggedIn: boolean;
  /** How it is known and what it is, as in `API key of ANTHROPIC_API_KEY`. */
  readonly detail: string;
}

const timeoutMs = 15_000;

/** A bare name in the configuration is looked up in PATH, as it is when the CLI is started. */
export function locateClaude({ path, environment }: ClaudeWhere): string | undefined {
  if (path === undefined) return findClaude(environment);
  if (/[\\/]/.test(path)) return path;
  return Bun.which(path, { PATH: environment["PATH"] ?? "" }) ?? path;
}

/** `2.1.329`; undefined when the program does not start or says something else. */
export async function readClaudeVersion(command: string, environment: Variables): Promise<string | undefined> {
  const { stdout } = await ask(command, ["--version"], environment);
  return /^(\d+\.\d+\.\d+\S*)/.exec(stdout.trim())?.[1];
}

const authStatus = v.looseObject({
  loggedIn: v.boolean(),
  authMethod: v.optional(v.string()),
  apiProvider: v.optional(v.string()),
  apiKeySource: v.optional(v.string()),
  email: v.optional(v.nullable(v.string())),
  subscriptionType: v.optional(v.nullable(v.string())),
});

/** As the CLI itself answers `auth status` (2.1.197 and later); undefined when it says nothing that can be read. */
export async function readLogin(command: string, environment: Variables): Promise<Login | undefined> {
  const { stdout } = await ask(command, ["auth", "status"], environment);
  const parsed = v.safeParse(authStatus, parseJson(stdout));
  if (!parsed.success) return undefined;
  const { loggedIn } = parsed.output;
  return { loggedIn, detail: loggedIn ? describeLogin(parsed.output, environment) : "not logged in" };
}

function describeLogin(status: v.InferOutput<typeof authStatus>, environment: Variables): string {
  const { authMethod, apiProvider, apiKeySource, email, subscriptionType } = status;
  switch (authMethod) {
    case "api_key":
      return `API key of ${apiKeySource ?? "the environment"}`;
    case "third_party":
      return `${apiProvider ?? "third-party"} credentials`;
    case "oauth_token": {
      const names = ["CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN"];
      return `login of ${names.find((name) => Boolean(environment[name])) ?? "the environment"}`;
    }
    default: {
      const who = email ? ` as ${email}` : "";
      return `logged in${who}${subscriptionType ? ` (${subscriptionType})` : ""}`;
    }
  }
}

async function ask(command: string, args: readonly string[], environment: Variables) {
  const temporaryDirectory = tmpdir();
  const env = childEnvironment("agent", { environment, temporaryDirectory, selfUrls: () => [] });
  try {
    return await runProgram({ command, args, cwd: temporaryDirectory, env, timeoutMs });
  } catch {
    return { code: null, stdout: "", stderr: "" };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.slice(text.indexOf("{")));
  } catch {
    return undefined;
  }
}
