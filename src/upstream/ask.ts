/** One request over HTTP, up to the beginning of its answer. */
import { GatewayError } from "#core/errors.ts";
import { abortError, orAborted } from "#core/run-signal.ts";

import { type Address, addressOf, watchConnecting } from "./connect-probe.ts";
import type { HostGuard } from "./host-guard.ts";

export interface AskOptions {
  /** Who answers, as in a sentence: `DeepSeek`. */
  readonly provider: string;
  /** Where the configuration speaks of it: `providers.deepseek`. */
  readonly settings: string;
  /** How long a connection may take, of whom; undefined where that cannot be told. */
  readonly connect: ConnectLimit | undefined;
  /** How long its answer may take to begin. */
  readonly responseTimeoutMs: number;
  readonly proxy?: string | undefined;
  /** What says that it is reached through a proxy, to be looked at where it is not: `providers.acme.proxy`. */
  readonly proxySetting?: string | undefined;
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

export interface Question {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
}

export interface Asked {
  /** Of any status. */
  readonly response: Response;
  /** Ends the connection, whoever reads from it. */
  readonly abandon: () => void;
  /** Where the credential is kept that it was asked with. */
  readonly credential?: string | undefined;
  /** The same, told apart from others that are kept so. */
  readonly account?: string | undefined;
  /** What it says, without the secret that it was asked with: some refusals repeat it. */
  readonly conceal?: (text: string) => string;
}

/** Throws GatewayError: `upstream` where nobody answers, `timeout`, and what the signal was given. */
export async function ask(options: AskOptions, call: Question): Promise<Asked> {
  const { responseTimeoutMs, connect, proxy, ca } = options;
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
      headers: call.headers,
      // Nothing here shares its memory with another thread, which is all the type could mean beside it.
      ...(call.body !== undefined && { body: call.body as string | Uint8Array<ArrayBuffer> }),
      // A credential goes nowhere but where it was meant for.
      redirect: "manual",
      signal: ending.signal,
      ...(proxy !== undefined && { proxy }),
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says, which is there for another program. It costs, so nothing is said where
      // there is no certificate.
      ...((proxy !== undefined || !call.url.startsWith("http:")) && {
        tls: { rejectUnauthorized: true, ...(ca !== undefined && { ca }) },
      }),
      // Bun's own limit of five minutes without a byte; who reads the answer has one of its own.
      timeout: false,
    });
    return { response, abandon };
  } catch (cause) {
    if (call.signal.aborted) throw abortError(call.signal);
    if (isUnconnected) throw notConnected(options, cause);
    throw ending.signal.aborted ? tooLate(options) : unreachable(options, cause);
  } finally {
    clearTimeout(timer);
    stopWatching?.();
  }
}

function notConnected(options: AskOptions, cause: unknown): GatewayError {
  const { provider, settings, connect } = options;
  // Not to be tried again: it cannot be ruled out that the request has been taken.
  const seconds = (connect?.limitMs ?? 0) / 1000;
  return new GatewayError("timeout", `${provider} could not be connected to within ${seconds} seconds.`, {
    hint: `${toCheck(options)}; ${settings}.connect_timeout_seconds says how long is waited.`,
    cause,
  });
}

function tooLate({ provider, settings, responseTimeoutMs: ms }: AskOptions): GatewayError {
  return new GatewayError("timeout", `${provider} did not begin to answer within ${ms / 1000} seconds.`, {
    hint: `${settings}.response_timeout_seconds says how long is waited.`,
  });
}

function unreachable(options: AskOptions, cause: unknown): GatewayError {
  const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  return new GatewayError("upstream", `${options.provider} could not be reached${code}.`, {
    hint: `${toCheck(options)}.`,
    cause,
  });
}

/** Bun says the same of a proxy that is not there as of the upstream. */
function toCheck({ settings, proxySetting }: AskOptions): string {
  const proxy = proxySetting === undefined ? "" : ` its proxy (${proxySetting}),`;
  return `Check${proxy} ${settings}.base_url, and the network`;
}
