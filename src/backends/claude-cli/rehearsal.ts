/**
 * What a process does for the first time takes it long: 2.1.329 spends some 60 ms more on its first question than on
 * its second. A parked one may ask its model something on the side, which leaves no trace in its conversation; and
 * with a header that no HTTP takes, the question fails before it leaves the process.
 */
import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";

import { noSettings } from "./parameters.ts";
import type { FlagSettings } from "./protocol.ts";
import type { CliSession } from "./session.ts";

/** Claimed for somebody who waited for its start, it has no time for this; so much later, nobody did. */
const PARKED_AFTER_MS = 50;
/** Measured: the second one takes a fifth of the first, and the third as long as the second. */
const QUESTIONS = 2;
const UNSENDABLE_HEADER = "bad header name: x";
const HEADERS = "ANTHROPIC_CUSTOM_HEADERS";

/** A provider other than Anthropic's own API may be reached without these headers: there, the question would go out. */
const OTHER_PROVIDER = /CLAUDE_CODE_USE_[A-Z]/;

export interface RehearsalOptions {
  /** What the process was started with. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onDone: () => void;
  /** It did not fail as it should, and the process is ended. */
  readonly onFailed: (error: unknown) => void;
}

export interface Rehearsal {
  /** Ends it, or the wait for it: from now on the process is somebody's. */
  settle(): Promise<void>;
}

/** Rehearses as soon as the process is taken to be parked. */
export function startRehearsal(session: CliSession, options: RehearsalOptions): Rehearsal {
  let running = Promise.resolve();
  const timer = setTimeout(() => {
    running = rehearse(session, options).catch((error: unknown) => {
      if (session.usable) options.onFailed(error);
      return session.discard(true);
    });
  }, PARKED_AFTER_MS);
  timer.unref();
  return {
    settle() {
      clearTimeout(timer);
      return running;
    },
  };
}

async function rehearse(session: CliSession, { environment, onDone }: RehearsalOptions): Promise<void> {
  const known = JSON.stringify([Object.keys(environment), await session.control({ subtype: "get_settings" })]);
  if (OTHER_PROVIDER.test(known)) return;
  await set(session, withHeaders(UNSENDABLE_HEADER));
  for (let asked = 0; asked < QUESTIONS; asked += 1) await askUnsendable(session);
  // What it was started with, and then nothing of ours: only so do the headers of the user's own settings come back.
  await set(session, withHeaders(environment[HEADERS] ?? ""));
  await set(session, noSettings);
  onDone();
}

function withHeaders(headers: string): FlagSettings {
  return { ...noSettings, env: { ...noSettings.env, [HEADERS]: headers } };
}

function set(session: CliSession, settings: FlagSettings): Promise<unknown> {
  return session.control({ subtype: "apply_flag_settings", settings });
}

const answerSchema = v.looseObject({ response: v.pipe(v.string(), v.regex(/^\(?API error: Invalid .*header/i)) });

async function askUnsendable(session: CliSession): Promise<void> {
  const answer = await session.control({ subtype: "side_question", question: "Ready?" });
  if (!v.is(answerSchema, answer)) throw new GatewayError("internal", "A rehearsal did not fail as it should.");
}
