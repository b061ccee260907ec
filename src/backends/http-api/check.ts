/** Whether an API takes a credential, found out at no cost: by its list of models. */
import { type ErrorKind, GatewayError, toGatewayError } from "#core/errors.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

import { askForList } from "./ask-for-list.ts";
import { modelsIn } from "./dialect.ts";
import type { HttpApiOptions } from "./options.ts";
import { refusalIn } from "./send.ts";

export interface Verdict {
  /** `unknown`: it answers, but with nothing that tells. */
  readonly check: "works" | "refused" | "unreachable" | "unknown";
  /** Why not, in a sentence or two. An API may repeat in it what it was asked with. */
  readonly why?: string;
}

const refusals: ReadonlySet<ErrorKind> = new Set(["authentication", "billing", "permission"]);
/** There is nothing at that address, or nothing to be had in that way. */
const missing: ReadonlySet<number> = new Set([404, 405, 501]);

/**
 * Asks with what `options` present. `bare` present nothing: a list that anybody gets tells nothing. Undefined where there is
 * nothing to present.
 */
export async function checkCredential(
  options: HttpApiOptions,
  bare: HttpApiOptions | undefined,
  signal: AbortSignal,
): Promise<Verdict> {
  try {
    const problem = await problemOfList(options, signal);
    if (problem !== undefined) return { check: isRefusal(problem) ? "refused" : "unknown", why: problem.explanation };
  } catch (thrown) {
    const error = toGatewayError(thrown);
    return { check: isRefusal(error) ? "refused" : "unreachable", why: error.explanation };
  }
  const isPublic = bare && (await problemOfList(bare, signal).catch(toGatewayError)) === undefined;
  return isPublic
    ? { check: "unknown", why: `${options.title} lists its models for anybody, with any key or none.` }
    : { check: "works" };
}

function isRefusal({ kind }: GatewayError): boolean {
  return refusals.has(kind);
}

/** Undefined for a list of models. Throws GatewayError where nobody answers. */
async function problemOfList(options: HttpApiOptions, signal: AbortSignal): Promise<GatewayError | undefined> {
  const { title } = options;
  const { endpoint, answer, text } = await askForList(options, signal);
  const { response } = answer;
  const noList = response.ok ? modelsIn(parseJsonText(text)) === undefined : missing.has(response.status);
  if (noList) return new GatewayError("not-found", `${title} has no list of models (status ${response.status}).`);
  return response.ok ? undefined : refusalIn(options, endpoint, answer, text);
}
