import { GatewayError } from "#core/errors.ts";
import { isDeeperThan } from "#lib/is-deeper-than.ts";
import { findJsonFault } from "#lib/json-fault.ts";

/** Far beyond any real request, far below where recursion over a parsed body would overflow the stack. */
const deepestNesting = 200;

/** Finding the fault takes up to 50 ms per million characters, during which nothing else runs. */
const longestSearched = 2_000_000;

/** Throws GatewayError `invalid-request`, which says where the text stops being JSON. */
export function parseJson(text: string): unknown {
  const json = text.replace(/^\uFEFF+/, "");
  if (json.trim() === "")
    throw new GatewayError("invalid-request", "The request body is empty.", { hint: "Send a JSON object." });
  const value = parse(json);
  if (isDeeperThan(value, deepestNesting))
    throw new GatewayError("invalid-request", `The request body is nested more than ${deepestNesting} levels deep.`);
  return value;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new GatewayError("invalid-request", `The request body is not valid JSON${whereIn(json)}.`, { cause });
  }
}

function whereIn(json: string): string {
  if (json.length > longestSearched) return "";
  const { line, column, near } = findJsonFault(json);
  return `: line ${line}, column ${column}, near ${near === "" ? "the end" : JSON.stringify(near)}`;
}
