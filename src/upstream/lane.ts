/** Asking with one credential, and what that says of the account and of the upstream. */
import { type GatewayError, toGatewayError } from "#core/errors.ts";
import { abortError, orAborted } from "#core/run-signal.ts";
import type { Credential } from "#credentials/credential.ts";
import { retryAfterSeconds } from "#lib/retry-after.ts";

import { ask, type Asked, type AskOptions, type Question } from "./ask.ts";
import { mayPass } from "./backoff.ts";
import type { Attempt, Breaker } from "./breaker.ts";
import { chunksOf, textOf } from "./read-body.ts";
import type { Reason, Rest } from "./rest.ts";

/** One way to ask: an account, with how well that went of late. */
export interface Lane {
  readonly credential: Credential | undefined;
  /** As it is known by, also after a restart. */
  readonly account: string | undefined;
  /** Of the upstream, as this account meets it. */
  readonly breaker: Breaker;
  /** Of the account. */
  readonly rest: Rest;
}

export interface Outcome {
  readonly answer?: Asked;
  readonly error?: GatewayError;
  /** `account`: it is refused, or has used up what it may. `upstream`: it fails, or cannot be reached. */
  readonly trouble: "none" | "account" | "upstream";
}

interface LaneOptions extends AskOptions {
  readonly credentials: readonly Credential[];
  readonly onRefused?: ((message: string) => void) | undefined;
}

interface LaneCall extends Question {
  readonly authorize: (secret: string) => Readonly<Record<string, string>>;
  readonly refusesKey?: ((text: string) => boolean) | undefined;
  /** Told before the request is sent once more. */
  readonly onAgain: () => void;
}

/** Asks by one of them, twice where its credential had to be renewed. Throws GatewayError where nobody waits any more. */
export async function tryLane(options: LaneOptions, call: LaneCall, lane: Lane, attempt: Attempt): Promise<Outcome> {
  const { credential } = lane;
  let secret: string | undefined;
  /** Whose trouble it is, if something fails now. */
  const of: { trouble: Outcome["trouble"] } = { trouble: "account" };
  const send = async (): Promise<Asked> => {
    of.trouble = "upstream";
    const answer = await ask(options, signed(call, credential, secret));
    if (answer.response.status >= 500) attempt.failed();
    else attempt.succeeded();
    return answer;
  };
  try {
    // Who has it renewed goes on for the others where this one leaves.
    secret = credential && (await orAborted(credential.get(), call.signal));
    let answer = await send();
    let isRefused = await refuses(options, call, answer.response);
    if (isRefused && credential !== undefined && secret !== undefined) {
      of.trouble = "account";
      const { abandon } = answer;
      const fresh = await orAborted(credential.renew(secret), call.signal).catch((thrown: unknown) => {
        abandon();
        throw thrown;
      });
      if (fresh !== undefined) {
        abandon();
        call.onAgain();
        secret = fresh;
        answer = await send();
        isRefused = await refuses(options, call, answer.response);
      }
    }
    const trouble = isRefused ? "account" : troubleIn(answer.response);
    if (trouble === "account") noteTrouble(options, lane, secret, answer.response);
    else if (answer.response.ok) lane.rest.end();
    const conceal = (text: string) => withoutSecret(text, secret);
    return { answer: { ...answer, credential: credential?.label, account: lane.account, conceal }, trouble };
  } catch (thrown) {
    // That nobody waits any more says nothing of anybody.
    if (call.signal.aborted) throw abortError(call.signal);
    const error = toGatewayError(thrown);
    if (of.trouble === "upstream") attempt.failed();
    else {
      const why = { secret: secret ?? (await credential?.look()), passes: error.kind !== "authentication" };
      beginRest(options, lane, why, "cannot be had, or not be renewed");
    }
    return { error, ...of };
  } finally {
    attempt.ended();
  }
}

/** What is shorter guards nothing, and may be any word. */
const shortestSecret = 8;

function withoutSecret(text: string, secret = ""): string {
  return secret.length < shortestSecret ? text : text.replaceAll(secret, "[redacted]");
}

/** Whether it is the credential that is refused, rather than what is asked with it. */
function refuses(
  { responseTimeoutMs }: LaneOptions,
  { refusesKey, signal }: LaneCall,
  response: Response,
): boolean | Promise<boolean> {
  if (response.status !== 400 || refusesKey === undefined) return response.status === 401;
  // Who asks reads it for itself.
  const chunks = chunksOf(response.clone(), { idleTimeoutMs: responseTimeoutMs, signal });
  return textOf(chunks, mostOfRefusal).then(refusesKey, () => false);
}

const mostOfRefusal = 64 * 1024;

function noteTrouble(
  options: LaneOptions,
  lane: Lane,
  secret: string | undefined,
  { status, headers }: Response,
): void {
  const told = status === 429 ? retryAfterSeconds(headers) : undefined;
  const why = { secret, passes: status === 429, toldMs: told === undefined ? undefined : told * 1000 };
  beginRest(options, lane, why, `is refused with status ${status}`);
}

function beginRest({ credentials, provider, onRefused }: LaneOptions, lane: Lane, why: Reason, said: string): void {
  const { rest, credential } = lane;
  const isNew = rest.leftMs() === 0;
  rest.begin(why);
  if (!isNew || why.passes) return;
  if (credential === undefined) return onRefused?.(`${provider} is asked without a credential: that ${said}.`);
  const others = `The others are asked before it for the next ${Math.round(rest.leftMs() / 1000)} seconds.`;
  const next = credentials.length > 1 ? others : "There is no other.";
  // A colon behind the name of a secret would have the log take what follows for it.
  onRefused?.(`${provider}'s credential ${credential.label} ${said}. ${next}`);
}

/** What an account is refused with, rather than a request. */
const refusing: ReadonlySet<number> = new Set([401, 402, 403, 429]);

function troubleIn(response: Response): Outcome["trouble"] {
  if (refusing.has(response.status)) return "account";
  return !response.ok && mayPass(response) ? "upstream" : "none";
}

function signed(call: LaneCall, credential: Credential | undefined, secret: string | undefined): Question {
  if (secret === undefined) return call;
  const presented = credential?.sign?.(secret, call.headers) ?? call.authorize(secret);
  return { ...call, headers: { ...call.headers, ...presented } };
}
