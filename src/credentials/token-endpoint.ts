import { GatewayError } from "#core/errors.ts";
import { isRecord } from "#lib/is-record.ts";
import type { JsonObject } from "#lib/json-object.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

import type { SignInFormat } from "./sign-in-format.ts";

export interface TokenEndpoint {
  readonly url: string;
  readonly proxy?: string | undefined;
  /** Certificates, as PEM, to trust beside the platform's. */
  readonly ca?: string | undefined;
  /** Throws GatewayError where its host is where nobody allowed it to be. */
  readonly guard?: ((url: string) => Promise<void> | undefined) | undefined;
}

const timeoutMs = 30_000;

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  /** Undefined where it is no JSON. */
  readonly answer: unknown;
}

/** Throws GatewayError where nobody answers: `upstream`, `timeout`. */
export async function postTo(
  { url, proxy, ca, guard }: TokenEndpoint,
  body: JsonObject | URLSearchParams,
  wanted: string,
): Promise<Answer> {
  await guard?.(url);
  const { host } = new URL(url);
  const isForm = body instanceof URLSearchParams;
  const signal = AbortSignal.timeout(timeoutMs);
  const asked = async () => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": isForm ? "application/x-www-form-urlencoded" : "application/json",
        accept: "application/json",
      },
      body: isForm ? body.toString() : JSON.stringify(body),
      // A token goes nowhere but where it was meant for.
      redirect: "manual",
      signal,
      ...(proxy !== undefined && { proxy }),
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      tls: { rejectUnauthorized: true, ...(ca !== undefined && { ca }) },
    });
    return { ok: response.ok, status: response.status, answer: parseJsonText(await response.text()) };
  };
  return await asked().catch((cause: unknown) => {
    const hint = "Check the network, and the token_url where the configuration sets one.";
    if (signal.aborted)
      throw new GatewayError("timeout", `${host} did not give ${wanted} within ${timeoutMs / 1000} seconds.`, {
        hint,
        cause,
      });
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new GatewayError("upstream", `${host} could not be asked for ${wanted}${code}.`, { hint, cause });
  });
}

/**
 * What the endpoint answers. Throws GatewayError: `authentication` where it refuses for good, `upstream` or `timeout` where
 * another time may do. Nothing that was sent or answered stands in it.
 */
export async function askForTokens(
  endpoint: TokenEndpoint,
  { program, command }: Pick<SignInFormat, "program" | "command">,
  body: JsonObject | URLSearchParams,
): Promise<JsonObject> {
  const { ok, status, answer } = await postTo(endpoint, body, `a new sign-in of ${program}`);
  if (ok && isRecord(answer)) return answer;
  const said = wordFor(answer);
  const why = `${new URL(endpoint.url).host} answered ${status}${said === undefined ? "" : ` (${said})`}`;
  if (said !== undefined && forGood.test(said))
    throw new GatewayError("authentication", `The sign-in of ${program} is over: ${why}.`, {
      hint: `Sign in again with \`${command}\` where ccproxy runs.`,
    });
  throw new GatewayError("upstream", `A new sign-in of ${program} could not be had: ${why}.`, {
    hint: `Send the request again in a moment; if it stays so, sign in again with \`${command}\`.`,
  });
}

export function withoutTokens({ url }: TokenEndpoint): GatewayError {
  return new GatewayError("upstream", `${new URL(url).host} answered without tokens when asked for a new sign-in.`, {
    hint: "Check the credential's token_url.",
  });
}

/** Of what is refused, what another time will not mend; a gateway's page, or a fault of ours, may pass. */
const forGood = /^(?:invalid_grant|refresh_token_\w+|token_(?:expired|invalidated|revoked))$/;

/** `invalid_grant`, `refresh_token_reused`: RFC 6749's place for it, or OpenAI's. */
function wordFor(answer: unknown): string | undefined {
  const error = isRecord(answer) ? answer["error"] : undefined;
  const word = isRecord(error) ? error["code"] : error;
  return typeof word === "string" && /^[a-z_]{1,60}$/.test(word) ? word : undefined;
}
