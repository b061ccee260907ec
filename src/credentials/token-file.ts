/** A sign-in in the file of its CLI: read as it is now, and written back with everything else as it was. */
import { readFile, realpath } from "node:fs/promises";

import { GatewayError } from "#core/errors.ts";
import { isRecord } from "#lib/is-record.ts";
import type { JsonObject } from "#lib/json-object.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

import { writePrivately } from "./private-file.ts";
import type { SignInFormat, Tokens } from "./sign-in-format.ts";

const mostReads = 5;
const pauseMs = 20;

export interface TokenFile {
  /** Throws GatewayError `authentication` where there is no sign-in. */
  load(): Promise<Tokens>;
  /** In place of those with this refresh token. Never throws: what could not be written is loaded all the same. */
  save(fresh: Tokens, instead: string): Promise<void>;
}

interface TokenFileOptions {
  readonly format: SignInFormat;
  readonly path: string;
  /** Told where renewed tokens could not be written: a restart would lose them. */
  readonly onUnwritten: (message: string, cause: unknown) => void;
}

export function createTokenFile({ format, path, onUnwritten }: TokenFileOptions): TokenFile {
  const { program, command } = format;
  /** Of the file, what these came from: it is behind until they are written. */
  let unwritten: { readonly instead: string; readonly tokens: Tokens } | undefined;

  async function read(): Promise<JsonObject> {
    for (let times = 1; ; times += 1) {
      const text = await readFile(path, "utf8").catch((cause: unknown) => {
        throw signedOut(`The sign-in of ${program} cannot be read from ${path}.`, command, cause);
      });
      const file = parseJsonText(text);
      if (isRecord(file)) return file;
      // Its CLI may be in the middle of writing it.
      if (times === mostReads) throw signedOut(`The sign-in of ${program} in ${path} is damaged.`, command);
      await Bun.sleep(pauseMs);
    }
  }

  return {
    async load() {
      // One that could not be written may not be read, either.
      const file = await read().catch((thrown: unknown) => {
        if (unwritten === undefined) throw thrown;
      });
      if (file === undefined && unwritten !== undefined) return unwritten.tokens;
      const tokens = format.read(file ?? {});
      if (tokens === undefined) throw signedOut(`There is no sign-in of ${program} in ${path}.`, command);
      return unwritten !== undefined && unwritten.instead === tokens.refreshToken ? unwritten.tokens : tokens;
    },
    async save(fresh, instead) {
      try {
        // As it is now: others write to it, too. Who has signed in anew meanwhile, or out, has it so.
        const file = await read();
        const inFile = format.read(file)?.refreshToken;
        if (inFile !== undefined && (inFile === instead || inFile === unwritten?.instead))
          writePrivately(await realpath(path), `${JSON.stringify(format.write(file, fresh), null, 2)}\n`);
        unwritten = undefined;
      } catch (error) {
        unwritten = { instead, tokens: fresh };
        onUnwritten(
          `The renewed sign-in of ${program} could not be written to ${path}. ccproxy goes on with it; after its end you will have to sign in again.`,
          error,
        );
      }
    },
  };
}

export function signedOut(message: string, command: string, cause?: unknown): GatewayError {
  return new GatewayError("authentication", message, {
    hint: `Sign in with \`${command}\` where ccproxy runs.`,
    cause,
  });
}
