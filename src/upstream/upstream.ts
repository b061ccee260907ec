/**
 * HTTP to a vendor's API, whatever is said in it: whose credential is presented, how long is waited, and what is tried
 * again. Knows no wire format and nothing of who asks.
 */
import { GatewayError, toGatewayError } from "#core/errors.ts";
import { abortError, orAborted } from "#core/run-signal.ts";
import type { Credential } from "#credentials/credential.ts";
import { retryAfterSeconds } from "#lib/retry-after.ts";

import { createRetryBudget, mayPass, waitBefore } from "./backoff.ts";
import { type Attempt, type Breaker, createBreaker } from "./breaker.ts";
import { type Address, addressOf, watchConnecting } from "./connect-probe.ts";
import { createRest, type Reason, type Rest } from "./rest.ts";

export interface UpstreamOptions {
  /** Who answers, as in a sentence: `DeepSeek`. */
  readonly provider: string;
  /** In the order they are used; none where the upstream asks for none. */
  readonly credentials: readonly Credential[];
  /** `failover`: the first that works. `round-robin`: each in turn, but one for a conversation. */
  readonly spread: "failover" | "round-robin";
  /** How long a connection may take, of whom; undefined where that cannot be told. */
  readonly connect: ConnectLimit | undefined;
  /** How long its answer may take to begin. */
  readonly responseTimeoutMs: number;
  /** Further tries of one request, all before its first byte. */
  readonly maxRetries: number;
  readonly proxy?: string | undefined;
  /** Certificates, as PEM, to trust beside the platform's. */
  readonly ca?: string | undefined;
  /** Told of a credential that nobody will miss, as others stand in for it; in a sentence, for the log. */
  readonly onRefused?: ((message: string) => void) | undefined;
}

export interface ConnectLimit {
  readonly limitMs: number;
  /** The proxy on the way; undefined: the upstream itself. */
  readonly address?: Address | undefined;
}

export interface UpstreamCall {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** The headers in which a secret is presented. */
  readonly authorize: (secret: string) => Readonly<Record<string, string>>;
  /** What belongs to one conversation is asked with one credential: an upstream's cache is its account's. */
  readonly affinity?: string | undefined;
  readonly signal: AbortSignal;
  /** Told before each further try how many there were. */
  readonly onRetry?: (retries: number) => void;
}

export interface UpstreamAnswer {
  /** Of any status. */
  readonly response: Response;
  /** Ends the connection, whoever reads from it. */
  readonly abandon: () => void;
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

/** One way to ask: an account, with how well that went of late. */
interface Lane {
  readonly credential: Credential | undefined;
  /** Of the upstream, as this account meets it. */
  readonly breaker: Breaker;
  /** Of the account. */
  readonly rest: Rest;
}

export function createUpstream(options: UpstreamOptions): Upstream {
  const { credentials, maxRetries, provider } = options;
  const budget = createRetryBudget();
  const lanes: readonly Lane[] = (credentials.length === 0 ? [undefined] : credentials).map((credential) => ({
    credential,
    breaker: createBreaker(),
    rest: createRest(),
  }));
  const turn = { next: 0 };
  return {
    async send(call) {
      budget.earn();
      await orAborted(wakeChanged(lanes), call.signal);
      let waiting = lanesFor(lanes, call.affinity, options, turn);
      let retries = 0;
      const onAgain = () => {
        retries += 1;
        call.onRetry?.(retries);
      };
      for (;;) {
        const [lane, attempt] = admittedIn(waiting) ?? leftAlone(lanes, provider);
        const outcome = await tryOnce(options, { ...call, onAgain }, lane, attempt);
        const others = waiting.filter((other) => other !== lane && standsIn(other, outcome));
        const mayAgain = retries < maxRetries && isPassing(outcome) && lane.breaker.waitMs() === 0;
        const waitMs = mayAgain ? waitBefore(retries + 1, outcome.answer?.response.headers) : undefined;
        const goesOn = others.length > 0 || (waitMs !== undefined && budget.spend());
        if (!goesOn) return { ...answerOf(outcome), retries };
        outcome.answer?.abandon();
        onAgain();
        waiting = others.length > 0 ? others : [lane];
        if (others.length === 0) await pause(waitMs ?? 0, call.signal);
      }
    },
  };
}

/** Who has another key by now need not wait for the end of a rest. */
async function wakeChanged(lanes: readonly Lane[]): Promise<void> {
  const resting = lanes.length > 1 ? lanes.filter(({ rest }) => rest.leftMs() > 0) : [];
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
  affinity: string | undefined,
  { spread }: UpstreamOptions,
  turn: { next: number },
): Lane[] {
  const start = spread === "failover" ? 0 : affinity === undefined ? turn.next++ : Number(Bun.hash(affinity) % 1000n);
  const at = start % lanes.length;
  const all = [...lanes.slice(at), ...lanes.slice(0, at)];
  const resting = all.filter(({ rest }) => rest.leftMs() > 0);
  const limited = resting.filter(({ rest }) => rest.isTold).toSorted((a, b) => a.rest.leftMs() - b.rest.leftMs());
  return [
    ...all.filter((lane) => !resting.includes(lane)),
    ...resting.filter(({ rest }) => !rest.isTold),
    ...limited.slice(0, 1),
  ];
}

/** The first that may be asked now. That an upstream is left alone makes those that rest no better. */
function admittedIn(waiting: readonly Lane[]): readonly [Lane, Attempt] | undefined {
  const awake = waiting.filter(({ rest }) => rest.leftMs() === 0);
  for (const lane of awake.length > 0 ? awake : waiting) {
    const attempt = lane.breaker.begin();
    if (attempt !== undefined) return [lane, attempt];
  }
  return undefined;
}

/** Where an account is refused, one that rests may be better; where the upstream fails, it is not. */
function standsIn({ breaker, rest }: Lane, { trouble }: Outcome): boolean {
  if (trouble === "none" || breaker.waitMs() > 0) return false;
  return trouble === "account" || rest.leftMs() === 0;
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

type Asked = Pick<UpstreamAnswer, "response" | "abandon">;

interface Outcome {
  readonly answer?: Asked;
  readonly error?: GatewayError;
  /** `account`: it is refused, or has used up what it may. `upstream`: it fails, or cannot be reached. */
  readonly trouble: "none" | "account" | "upstream";
}

function answerOf({ answer, error }: Outcome): Asked {
  if (answer !== undefined) return answer;
  throw error ?? new GatewayError("internal", "An upstream gave neither an answer nor an error.");
}

function isPassing({ answer, error }: Outcome): boolean {
  return answer === undefined ? error?.kind === "upstream" : !answer.response.ok && mayPass(answer.response);
}

interface Trying extends UpstreamCall {
  /** Told before the request is sent once more. */
  readonly onAgain: () => void;
}

async function tryOnce(options: UpstreamOptions, call: Trying, lane: Lane, attempt: Attempt): Promise<Outcome> {
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
    if (answer.response.status === 401 && credential !== undefined && secret !== undefined) {
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
      }
    }
    noteAccount(options, lane, secret, answer.response);
    return { answer, trouble: troubleIn(answer.response) };
  } catch (thrown) {
    // That nobody waits any more says nothing of anybody.
    if (call.signal.aborted) throw abortError(call.signal);
    const error = toGatewayError(thrown);
    if (of.trouble === "upstream") attempt.failed();
    else {
      const why = { secret: secret ?? (await credential?.look()), passes: error.kind !== "authentication" };
      beginRest(options, lane, why, "It cannot be had.");
    }
    return { error, ...of };
  } finally {
    attempt.ended();
  }
}

function noteAccount(
  options: UpstreamOptions,
  lane: Lane,
  secret: string | undefined,
  { ok, status, headers }: Response,
): void {
  if (ok) lane.rest.end();
  if (!refusing.has(status)) return;
  const told = status === 429 ? retryAfterSeconds(headers) : undefined;
  const why = { secret, passes: status === 429, toldMs: told === undefined ? undefined : told * 1000 };
  beginRest(options, lane, why, `It is refused with status ${status}.`);
}

function beginRest({ credentials, provider, onRefused }: UpstreamOptions, lane: Lane, why: Reason, said: string): void {
  const { rest, credential } = lane;
  const isNew = rest.leftMs() === 0;
  rest.begin(why);
  if (!isNew || why.passes || credentials.length < 2) return;
  onRefused?.(
    `${provider}'s credential ${credential?.label}: ${said} The others are asked before it for the next ${Math.round(rest.leftMs() / 1000)} seconds.`,
  );
}

/** What an account is refused with, rather than a request. */
const refusing: ReadonlySet<number> = new Set([401, 402, 403, 429]);

function troubleIn(response: Response): Outcome["trouble"] {
  if (refusing.has(response.status)) return "account";
  return !response.ok && mayPass(response) ? "upstream" : "none";
}

type SignedCall = Omit<UpstreamCall, "authorize">;

function signed(call: UpstreamCall, credential: Credential | undefined, secret: string | undefined): SignedCall {
  if (secret === undefined) return call;
  const presented = credential?.sign?.(secret, call.headers) ?? call.authorize(secret);
  return { ...call, headers: { ...call.headers, ...presented } };
}

async function ask(options: UpstreamOptions, call: SignedCall): Promise<Asked> {
  const { provider, responseTimeoutMs, connect, proxy, ca } = options;
  const ending = new AbortController();
  const abandon = () => ending.abort();
  const timer = setTimeout(abandon, responseTimeoutMs);
  const unconnected = new AbortController();
  const stopWatching =
    connect &&
    watchConnecting(connect.address ?? addressOf(call.url), connect.limitMs, () => {
      unconnected.abort();
      abandon();
    });
  try {
    const response = await fetch(call.url, {
      method: call.method,
      headers: { ...call.headers },
      // Nothing here shares its memory with another thread, which is all the type could mean beside it.
      ...(call.body !== undefined && { body: call.body as string | Uint8Array<ArrayBuffer> }),
      // A credential goes nowhere but where it was meant for.
      redirect: "manual",
      signal: AbortSignal.any([call.signal, ending.signal]),
      ...(proxy !== undefined && { proxy }),
      ...(ca !== undefined && { tls: { ca } }),
      // Bun's own limit of five minutes without a byte; who reads the answer has one of its own.
      timeout: false,
    });
    return { response, abandon };
  } catch (cause) {
    if (call.signal.aborted) throw abortError(call.signal);
    if (unconnected.signal.aborted) throw notConnected(provider, connect?.limitMs ?? 0, cause);
    throw ending.signal.aborted ? tooLate(provider, responseTimeoutMs) : unreachable(provider, cause);
  } finally {
    clearTimeout(timer);
    stopWatching?.();
  }
}

function notConnected(provider: string, ms: number, cause: unknown): GatewayError {
  // Not to be tried again: it cannot be ruled out that the request has been taken.
  return new GatewayError("timeout", `${provider} could not be connected to within ${ms / 1000} seconds.`, {
    hint: "Check its base_url, and the network; providers.*.connect_timeout_seconds says how long is waited.",
    cause,
  });
}

function tooLate(provider: string, ms: number): GatewayError {
  return new GatewayError("timeout", `${provider} did not begin to answer within ${ms / 1000} seconds.`, {
    hint: "providers.*.response_timeout_seconds says how long is waited.",
  });
}

function unreachable(provider: string, cause: unknown): GatewayError {
  const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  return new GatewayError("upstream", `${provider} could not be reached${code}.`, {
    hint: "Check its base_url, and the network.",
    cause,
  });
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
