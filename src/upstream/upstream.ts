/**
 * HTTP to a vendor's API, whatever is said in it: whose credential is presented, how long is waited, and what is tried
 * again. Knows no wire format and nothing of who asks.
 */
import { GatewayError } from "#core/errors.ts";
import { abortError, orAborted } from "#core/run-signal.ts";
import type { Credential } from "#credentials/credential.ts";

import type { Asked, AskOptions, Question } from "./ask.ts";
import { createRetryBudget, mayPass, waitBefore } from "./backoff.ts";
import { type Attempt, createBreaker } from "./breaker.ts";
import { type Lane, type Outcome, tryLane } from "./lane.ts";
import { createRest } from "./rest.ts";

export interface UpstreamOptions extends AskOptions {
  /** In the order they are used; none where the upstream asks for none. */
  readonly credentials: readonly Credential[];
  /** `failover`: the first that works. `round-robin`: each in turn, but one for a conversation. */
  readonly spread: "failover" | "round-robin";
  /** Further tries of one request, all before its first byte. */
  readonly maxRetries: number;
  /** Told of a credential that nobody will miss, as others stand in for it; in a sentence, for the log. */
  readonly onRefused?: ((message: string) => void) | undefined;
}

export interface UpstreamCall extends Question {
  /** The headers in which a secret is presented. */
  readonly authorize: (secret: string) => Readonly<Record<string, string>>;
  /** Whether a 400 that says this refuses the key; undefined where a key is refused with a 401 alone. */
  readonly refusesKey?: (text: string) => boolean;
  /** What belongs to one conversation is asked with one credential: an upstream's cache is its account's. */
  readonly affinity?: string | undefined;
  /** The `account` of an earlier answer, which alone has what is asked for: nobody else is asked. */
  readonly account?: string | undefined;
  /** Told before each further try how many there were. */
  readonly onRetry?: (retries: number) => void;
}

export interface UpstreamAnswer extends Asked {
  /** Further tries that it took. */
  readonly retries: number;
}

export interface Upstream {
  /**
   * Throws GatewayError: `upstream` where nobody answers, `timeout`, `authentication`, `unavailable`, and what the signal
   * was given.
   */
  send(call: UpstreamCall): Promise<UpstreamAnswer>;
}

export function createUpstream(options: UpstreamOptions): Upstream {
  const { credentials, maxRetries, provider } = options;
  const budget = createRetryBudget();
  const lanes: readonly Lane[] = (credentials.length === 0 ? [undefined] : credentials).map((credential, at) => ({
    credential,
    account: credential && accountOf(credential, credentials.slice(0, at)),
    breaker: createBreaker(),
    rest: createRest(),
  }));
  const turn = { next: 0 };
  return {
    async send(call) {
      budget.earn();
      const resting = lanes.length > 1 ? lanes.filter(isResting) : [];
      if (resting.length > 0) await orAborted(wakeChanged(resting), call.signal);
      const keeper = lanes.find(({ account }) => account !== undefined && account === call.account);
      const asked = keeper === undefined ? lanes : [keeper];
      let waiting = lanesFor(asked, call, options, turn);
      let retries = 0;
      const onAgain = () => {
        retries += 1;
        call.onRetry?.(retries);
      };
      let best: Outcome | undefined;
      for (;;) {
        const admitted = admittedIn(waiting);
        if (admitted === undefined) return { ...answerOf(best ?? leftAlone(asked, provider)), retries };
        const [lane, attempt] = admitted;
        const outcome = await tryLane(options, { ...call, onAgain }, lane, attempt);
        const others = waiting.filter((other) => other !== lane && standsIn(other, outcome));
        const waitMs = retries < maxRetries ? waitAfter(outcome, retries + 1, lane, others) : undefined;
        const waits = waitMs !== undefined && budget.spend();
        if (waits) outcome.answer?.abandon();
        else best = better(best, outcome);
        waiting = waits ? [lane, ...others] : others;
        if (waiting.length > 0) onAgain();
        if (waits) await pause(waitMs, call.signal);
      }
    },
  };
}

/** How long until the same one is asked again; undefined where it is not. Better than asking those that were refused before. */
function waitAfter(outcome: Outcome, tries: number, lane: Lane, others: readonly Lane[]): number | undefined {
  if (!isPassing(outcome) || !mayAsk(lane) || !others.every(isResting)) return undefined;
  return waitBefore(tries, outcome.answer?.response.headers);
}

function isResting({ rest }: Lane): boolean {
  return rest.leftMs() > 0;
}

function mayAsk({ breaker }: Lane): boolean {
  return breaker.waitMs() === 0;
}

/** What another time may mend is the better news; else the latest. The other is let go of. */
function better(before: Outcome | undefined, outcome: Outcome): Outcome {
  const isWorse = before !== undefined && isPassing(before) && outcome.trouble !== "none" && !isPassing(outcome);
  (isWorse ? outcome : before)?.answer?.abandon();
  return isWorse ? before : outcome;
}

/** Who has another key by now need not wait for the end of a rest. */
async function wakeChanged(resting: readonly Lane[]): Promise<void> {
  await Promise.all(
    resting.map(async ({ credential, rest }) => {
      const secret = await credential?.look();
      if (secret !== undefined && secret !== rest.secret) rest.end();
    }),
  );
}

/** In the order they are to be asked: those that rest come last, and of those that are to wait only who waits least. */
function lanesFor(
  lanes: readonly Lane[],
  { affinity }: Pick<UpstreamCall, "affinity">,
  { spread }: Pick<UpstreamOptions, "spread">,
  turn: { next: number },
): readonly Lane[] {
  if (lanes.length === 1) return lanes;
  const start = spread === "failover" ? 0 : affinity === undefined ? turn.next++ : Number(Bun.hash(affinity) % 1000n);
  const at = start % lanes.length;
  const all = [...lanes.slice(at), ...lanes.slice(0, at)];
  const resting = all.filter(isResting);
  const limited = resting.filter(({ rest }) => rest.isTold).toSorted((a, b) => a.rest.leftMs() - b.rest.leftMs());
  return [
    ...all.filter((lane) => !resting.includes(lane)),
    ...resting.filter(({ rest }) => !rest.isTold),
    ...limited.slice(0, 1),
  ];
}

/** Where its credential is kept; what two programs print is told apart by their order. */
function accountOf({ label }: Credential, before: readonly Credential[]): string {
  const same = before.filter((other) => other.label === label).length;
  return same === 0 ? label : `${label} ${same + 1}`;
}

/** The first that may be asked now. That an upstream is left alone makes those that rest no better. */
function admittedIn(waiting: readonly Lane[]): readonly [Lane, Attempt] | undefined {
  const awake = waiting.filter((lane) => !isResting(lane));
  for (const lane of awake.length > 0 ? awake : waiting) {
    const attempt = lane.breaker.begin();
    if (attempt !== undefined) return [lane, attempt];
  }
  return undefined;
}

/** Where an account is refused, one that rests may be better; where the upstream fails, it is not. */
function standsIn(lane: Lane, { trouble }: Outcome): boolean {
  return trouble !== "none" && mayAsk(lane) && (trouble === "account" || !isResting(lane));
}

function leftAlone(lanes: readonly Lane[], provider: string): never {
  const waitMs = Math.min(...lanes.map(({ breaker }) => breaker.waitMs()));
  throw new GatewayError(
    "unavailable",
    `${provider} has failed several times in a row and is left alone for a while.`,
    {
      hint: "Send the request again when Retry-After has passed.",
      retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
    },
  );
}

function answerOf({ answer, error }: Outcome): Asked {
  if (answer !== undefined) return answer;
  throw error ?? new GatewayError("internal", "An upstream gave neither an answer nor an error.");
}

function isPassing({ answer, error }: Outcome): boolean {
  return answer === undefined ? error?.kind === "upstream" : !answer.response.ok && mayPass(answer.response);
}

/** Rejects as soon as the signal fires. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = () => reject(abortError(signal));
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
