/**
 * HTTP to a vendor's API, whatever is said in it: whose credential is presented, how long is waited, and what is tried
 * again. Knows no wire format and nothing of who asks.
 */
import { GatewayError, toGatewayError } from "#core/errors.ts";
import { orAborted } from "#core/run-signal.ts";
import type { Credential } from "#credentials/credential.ts";

import { createRetryBudget, mayPass, waitBefore } from "./backoff.ts";
import { type Breaker, createBreaker } from "./breaker.ts";
import { type Address, addressOf, watchConnecting } from "./connect-probe.ts";
import type { HostGuard } from "./host-guard.ts";

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
  /** Asked before a host is; undefined where it may be anywhere, or where a proxy looks it up. */
  readonly guard?: HostGuard | undefined;
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
  /** Throws GatewayError: `upstream` where nobody answers, `timeout`, `authentication`, `unavailable`, `cancelled`. */
  send(call: UpstreamCall): Promise<UpstreamAnswer>;
}

/** One way to ask: an account, with how well that went of late. */
interface Lane {
  readonly credential: Credential | undefined;
  readonly breaker: Breaker;
}

export function createUpstream(options: UpstreamOptions): Upstream {
  const { credentials, maxRetries, provider } = options;
  const budget = createRetryBudget();
  const lanes: readonly Lane[] = (credentials.length === 0 ? [undefined] : credentials).map((credential) => ({
    credential,
    breaker: createBreaker(),
  }));
  const turn = { next: 0 };
  return {
    async send(call) {
      budget.earn();
      const waiting = lanesFor(lanes, call.affinity, options, turn);
      for (let retries = 0; ; retries += 1) {
        const lane = waiting[0] ?? resting(lanes, provider);
        const outcome = await tryOnce(options, call, lane);
        const hasOther = waiting.length > 1 && outcome.trouble !== "none";
        const mayAgain = retries < maxRetries && isPassing(outcome);
        const waitMs = hasOther ? 0 : mayAgain ? waitBefore(retries + 1, outcome.answer?.response.headers) : undefined;
        if (waitMs === undefined || !(hasOther || budget.spend())) return { ...answerOf(outcome), retries };
        outcome.answer?.abandon();
        call.onRetry?.(retries + 1);
        if (hasOther) waiting.shift();
        else await pause(waitMs, call.signal);
      }
    },
  };
}

/** Those that do not rest, in the order they are to be asked. */
function lanesFor(
  lanes: readonly Lane[],
  affinity: string | undefined,
  { spread }: UpstreamOptions,
  turn: { next: number },
): Lane[] {
  const start = spread === "failover" ? 0 : affinity === undefined ? turn.next++ : Number(Bun.hash(affinity) % 1000n);
  const at = start % lanes.length;
  return [...lanes.slice(at), ...lanes.slice(0, at)].filter(({ breaker }) => breaker.waitMs() === 0);
}

function resting(lanes: readonly Lane[], provider: string): never {
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

async function tryOnce(options: UpstreamOptions, call: UpstreamCall, { credential, breaker }: Lane): Promise<Outcome> {
  try {
    const secret = await credential?.get();
    let answer = await ask(options, signed(call, credential, secret));
    const isRefused = answer.response.status === 401 && secret !== undefined;
    const { abandon } = answer;
    const fresh = isRefused
      ? await credential?.renew(secret).catch((thrown: unknown) => {
          abandon();
          throw thrown;
        })
      : undefined;
    if (fresh !== undefined) {
      answer.abandon();
      answer = await ask(options, signed(call, credential, fresh));
    }
    if (answer.response.status >= 500) breaker.failed();
    else breaker.succeeded();
    return { answer, trouble: troubleIn(answer.response) };
  } catch (thrown) {
    const error = toGatewayError(thrown);
    if (error.kind === "cancelled") throw error;
    if (error.kind !== "authentication") breaker.failed();
    return { error, trouble: error.kind === "authentication" ? "account" : "upstream" };
  }
}

function troubleIn(response: Response): Outcome["trouble"] {
  if ([401, 402, 403, 429].includes(response.status)) return "account";
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
  const guarded = options.guard?.(call.url);
  if (guarded !== undefined) await orAborted(guarded, call.signal);
  const ending = new AbortController();
  const abandon = () => ending.abort();
  call.signal.addEventListener("abort", abandon);
  if (call.signal.aborted) abandon();
  const timer = setTimeout(abandon, responseTimeoutMs);
  let isUnconnected = false;
  const stopWatching =
    connect &&
    watchConnecting(
      () => connect.address ?? addressOf(call.url),
      connect.limitMs,
      () => {
        isUnconnected = true;
        abandon();
      },
    );
  try {
    const response = await fetch(call.url, {
      method: call.method,
      headers: { ...call.headers },
      // Nothing here shares its memory with another thread, which is all the type could mean beside it.
      ...(call.body !== undefined && { body: call.body as string | Uint8Array<ArrayBuffer> }),
      // A credential goes nowhere but where it was meant for.
      redirect: "manual",
      signal: ending.signal,
      ...(proxy !== undefined && { proxy }),
      ...(ca !== undefined && { tls: { ca } }),
      // Bun's own limit of five minutes without a byte; who reads the answer has one of its own.
      timeout: false,
    });
    return { response, abandon };
  } catch (cause) {
    if (call.signal.aborted) throw toGatewayError(call.signal.reason);
    if (isUnconnected) throw notConnected(provider, connect?.limitMs ?? 0, cause);
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
  const stop = () => reject(toGatewayError(signal.reason));
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
