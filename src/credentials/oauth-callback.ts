/**
 * Where the vendor sends a browser back to after a sign-in. What waits for it is a file: so it may come to the command that
 * waits, to a server that already has the port, or be pasted, and is checked and taken in one place. The code alone is worth
 * nothing: the verifier that belongs to it never leaves the command.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { isRecord } from "#lib/is-record.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

import { writePrivately } from "./private-file.ts";

/** What came back to the sign-in that waits. */
export type Returned = { readonly code: string } | { readonly refusal: string };

export type Reception = "taken" | "unknown" | "late" | "empty";

/** One sign-in at a time: a later one takes the place of an earlier one that still waits. */
export interface OAuthCallback {
  /** From now on the state is waited for. */
  expect(state: string, lifeMs: number): void;
  /** What a browser, or a person, came with. It is taken once. */
  receive(query: URLSearchParams): Reception;
  /** What was received for the state, which it is good for once; undefined where nothing was yet. */
  collect(state: string): Returned | undefined;
  /** The state is waited for no more; a later sign-in still is. */
  forget(state: string): void;
}

/** The directory is its owner's alone. */
export function openOAuthCallback(directory: string): OAuthCallback {
  const waiting = join(directory, "oauth-waiting.json");
  const returned = join(directory, "oauth-returned.json");
  return {
    expect(state, lifeMs) {
      rmSync(returned, { force: true });
      writePrivately(waiting, JSON.stringify({ digest: digestOf(state), until: Date.now() + lifeMs }));
    },
    receive(sent) {
      const query = untangled(sent);
      const expected = readRecord(waiting);
      const digest = digestOf(query.get("state") ?? "");
      // Who does not know the state can neither answer nor end what waits.
      if (expected === undefined || !isSame(digest, expected["digest"])) return "unknown";
      const refusal = query.get("error");
      const code = query.get("code");
      if (!code && !refusal) return "empty";
      if (!take(waiting)) return "unknown";
      if (Number(expected["until"]) < Date.now()) return "late";
      writePrivately(returned, JSON.stringify({ digest, ...(refusal ? { refusal: wordOf(refusal) } : { code }) }));
      return "taken";
    },
    collect(state) {
      const found = readRecord(returned);
      if (found === undefined || !isSame(digestOf(state), found["digest"])) return undefined;
      rmSync(returned, { force: true });
      const { code, refusal } = found;
      return typeof code === "string" ? { code } : { refusal: String(refusal) };
    },
    forget(state) {
      for (const path of [waiting, returned])
        if (isSame(digestOf(state), readRecord(path)?.["digest"])) rmSync(path, { force: true });
    },
  };
}

/** Who appends `?code=…` to an address that has a query makes it a part of the last value, which is ours. */
function untangled(query: URLSearchParams): URLSearchParams {
  const [, state, name, value] = /^([^?]*)\?(code|error)=(.*)$/.exec(query.get("state") ?? "") ?? [];
  if (state === undefined || name === undefined || value === undefined) return query;
  return new URLSearchParams([["state", state], [name, value], ...query]);
}

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

function isSame(digest: string, other: unknown): boolean {
  return (
    typeof other === "string" &&
    other.length === digest.length &&
    timingSafeEqual(Buffer.from(digest), Buffer.from(other))
  );
}

/** Of several who come at once, one has it: a name can be taken away once. */
function take(path: string): boolean {
  const taken = `${path}.${crypto.randomUUID()}`;
  try {
    renameSync(path, taken);
    rmSync(taken, { force: true });
    return true;
  } catch {
    return false;
  }
}

function readRecord(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJsonText(readFileSync(path, "utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** It goes to a terminal. */
const wordOf = (text: string): string => (/^[\w-]{1,60}$/.test(text) ? text : "refused");
