import { existsSync } from "node:fs";

import { GatewayError } from "#core/errors.ts";
import { isRecord } from "#lib/is-record.ts";

import { createCredential, type Credential } from "./credential.ts";
import { keyInKeychain } from "./keychain.ts";

/** Where a secret is kept; one of them. */
export interface CredentialSource {
  /** A variable of our own environment. */
  readonly env?: string | undefined;
  /** A file that holds nothing else. */
  readonly file?: string | undefined;
  /** A program and its arguments; what it prints. */
  readonly command?: readonly string[] | undefined;
  /** Its name in the system's keychain. */
  readonly keychain?: string | undefined;
}

export interface SourceDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the program prints, without the line end. Throws an Error with what went wrong, in one line. */
  readonly run: (command: readonly string[]) => Promise<string>;
  /** The command that a key can be given to instead; undefined where the configuration says where it is kept. */
  readonly login?: string | undefined;
}

export function credentialFrom(source: CredentialSource, deps: SourceDeps): Credential {
  const { env, file, command, keychain } = source;
  if (env !== undefined) {
    const read = () =>
      secretIn(
        deps.environment[env],
        `The variable ${env} is not set.`,
        `Set ${env} where ccproxy runs, or ${elsewhere(deps)}.`,
      );
    return createCredential({ label: env, keep: false, read, isMissing: () => !deps.environment[env]?.trim() });
  }
  if (file !== undefined) {
    const isMissing = () => !existsSync(file);
    return createCredential({ label: file, keep: false, read: () => readFile(file), isMissing });
  }
  if (keychain !== undefined)
    return createCredential({ label: `keychain: ${keychain}`, keep: true, read: () => readKeychain(keychain, deps) });
  const [program = "a command", ...words] = command ?? [];
  return createCredential({
    label: `${program} …`,
    keep: true,
    read: () => readCommand([program, ...words], deps.run),
  });
}

const elsewhere = ({ login }: SourceDeps): string =>
  login === undefined ? "name another place in the configuration" : `give the key to \`${login}\``;

async function readFile(path: string): Promise<string> {
  const text = await Bun.file(path)
    .text()
    .catch((cause: unknown) => {
      if (isRecord(cause) && cause["code"] === "ENOENT")
        throw missing(
          `The credential's file ${path} is not there.`,
          "Write the key into it, and nothing else, for ccproxy alone to read; or correct the path.",
          cause,
        );
      throw missing(
        `The credential's file ${path} cannot be read.`,
        "Make it readable for ccproxy, and for nobody else.",
        cause,
      );
    });
  return secretIn(text, `The credential's file ${path} is empty.`, "Write the key into it, and nothing else.");
}

async function readKeychain(name: string, { login }: SourceDeps): Promise<string> {
  const text = await keyInKeychain(name).catch((cause: unknown) => {
    throw missing(
      "The system's keychain cannot be read.",
      "Use env, file or command instead where there is none (a server without a desktop has none).",
      cause,
    );
  });
  return secretIn(
    text ?? undefined,
    `The keychain has no key ${JSON.stringify(name)} of ccproxy.`,
    login === undefined
      ? "Put it there as a password of the service ccproxy, or name another place in the configuration."
      : `Put it there with \`${login} --keychain\`.`,
  );
}

async function readCommand(command: readonly string[], run: SourceDeps["run"]): Promise<string> {
  const [program] = command;
  const text = await run(command).catch((cause: unknown) => {
    // What it says of itself is for the log: it may say more than a client is to know.
    throw missing(
      `The credential's command ${program} failed.`,
      "The log says how; run it by hand where ccproxy runs.",
      cause,
    );
  });
  return secretIn(
    text,
    `The credential's command ${program} printed nothing.`,
    "It must print the key, and nothing else.",
  );
}

/** What can stand in a header: a line break in it would be another header. */
function secretIn(text: string | undefined, problem: string, hint: string): string {
  const secret = text?.trim() ?? "";
  if (secret === "") throw missing(problem, hint);
  if (/^[\x21-\x7e]+$/.test(secret)) return secret;
  throw missing("The credential is more than one word of printable characters.", hint);
}

function missing(message: string, hint: string, cause?: unknown): GatewayError {
  return new GatewayError("authentication", message, { hint, cause });
}
