/** Responses that a provider keeps: which of its accounts has one, and that it is its caller's alone. */
import type { RelayedRequest } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { ProviderResponse } from "#core/provider-response.ts";
import { isRecord } from "#lib/is-record.ts";
import { percentDecoded } from "#lib/percent-decoded.ts";
import { quotedId } from "#lib/quoted-id.ts";

import type { HttpApiOptions } from "./options.ts";

type Keeper = Pick<HttpApiOptions, "id" | "responses">;

/**
 * The account that has the response which a turn goes on from; undefined where that is not known. Throws GatewayError
 * `invalid-request` where it is another caller's.
 */
export function accountOfTurn(keeper: Keeper, principal: string, body: unknown): string | undefined {
  const previous = isRecord(body) ? body["previous_response_id"] : undefined;
  if (typeof previous !== "string") return undefined;
  if (isOthers(keeper, principal, previous))
    throw new GatewayError("invalid-request", `previous_response_id: you have no response ${quotedId(previous)}.`, {
      param: "previous_response_id",
      hint: "Send the whole conversation as input.",
    });
  return keeper.responses?.find(principal, previous)?.account;
}

/** The same for a response that is asked for. Throws GatewayError `not-found`. */
export function accountOfPath(keeper: Keeper, principal: string, path: string): string | undefined {
  const [, written] = /^\/v1\/responses\/([^/?]+)/.exec(path) ?? [];
  if (written === undefined) return undefined;
  const id = percentDecoded(written);
  if (isOthers(keeper, principal, id))
    throw new GatewayError("not-found", `You have no response ${quotedId(id)}.`, {
      hint: "A response is asked for with the access token that it was made with.",
    });
  return keeper.responses?.find(principal, id)?.account;
}

/** Remembers an answer that can be asked for, unless its client will not have it kept. */
export function rememberAnswer(
  { id: backend, responses }: Keeper,
  { wireFormat, json }: Pick<RelayedRequest, "wireFormat" | "json">,
  made: Omit<ProviderResponse, "backend">,
): void {
  if (wireFormat !== "openai-responses" || (isRecord(json) && json["store"] === false)) return;
  responses?.save({ ...made, backend });
}

function isOthers({ id: backend, responses }: Keeper, principal: string, id: string): boolean {
  return responses?.isOthers({ principal, id, backend }) === true;
}
