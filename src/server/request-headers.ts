import { GatewayError } from "#core/errors.ts";
import { nearest } from "#lib/nearest.ts";
import { percentDecoded } from "#lib/percent-decoded.ts";
import { describeValue } from "#lib/schema-problem.ts";
import { boundNames } from "#lib/unread-fields.ts";

import { isFitRequestId } from "./request-id.ts";

/** What a client may say to us in headers, each as `X-CCProxy-…` or, as an earlier proxy called it, `X-CC-…`. */
export const ourHeaders = [
  "Backend",
  "Busy",
  "Claude-Model",
  "Effort",
  "Mode",
  "Session",
  "Strict",
  "Tools",
  "Verbosity",
  "Workspace",
] as const;

export type OurHeader = (typeof ourHeaders)[number];

const prefix = /^x-cc(?:proxy)?-/;
const known: ReadonlySet<string> = new Set(ourHeaders.map((what) => what.toLowerCase()));
const startOfPrefix = "x-cc";

/** What a client says to us, by lower-case names: looked for once, as most say nothing. */
export type SaidToUs = ReadonlyMap<string, string>;

export function saidToUs(headers: Headers): SaidToUs {
  const said = new Map<string, string>();
  headers.forEach((value, name) => {
    if (name.startsWith(startOfPrefix) && isOurs(name)) said.set(name, value.trim());
  });
  return said;
}

function isOurs(name: string): boolean {
  return prefix.test(name);
}

/** The header as the client called it; ours comes first where it sent both. */
export function nameOf(said: SaidToUs, what: OurHeader): string {
  const [ours, theirs] = [`X-CCProxy-${what}`, `X-CC-${what}`];
  return plain(said, ours) === "" && plain(said, theirs) !== "" ? theirs : ours;
}

/** Without the white space around it; empty where nothing was said. Percent-encoded where it is not plain ASCII, as we say it ourselves. */
export function valueOf(said: SaidToUs, what: OurHeader): string {
  if (said.size === 0) return "";
  return percentDecoded(plain(said, `X-CCProxy-${what}`) || plain(said, `X-CC-${what}`));
}

function plain(said: SaidToUs, name: string): string {
  return said.get(name.toLowerCase()) ?? "";
}

/** Undefined where the client leaves the choice to others. Throws GatewayError `invalid-request`. */
export function choiceOf<const T extends string>(
  said: SaidToUs,
  what: OurHeader,
  choices: readonly T[],
): T | undefined {
  const value = valueOf(said, what);
  if (value === "") return undefined;
  const chosen = choices.find((choice) => choice === value.toLowerCase());
  if (chosen !== undefined) return chosen;
  const name = nameOf(said, what);
  const expected = `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
  throw new GatewayError("invalid-request", `The header ${name} must be ${expected}; got ${describeValue(value)}.`, {
    param: name,
    hint: didYouMean(nearest(value, choices)),
  });
}

/** Headers that were meant for us and have no effect. */
export function unreadHeaders(headers: Headers, said: SaidToUs): readonly string[] {
  const unread = new Set([...said.keys()].filter((name) => !known.has(name.replace(prefix, ""))));
  if (headers.get("x-request-id") && !isFitRequestId(headers)) unread.add("X-Request-Id");
  return boundNames(unread);
}

export function unreadHeaderRefusal(name: string, headers: Headers): GatewayError {
  const meant = isOurs(name) ? nearest(name.replace(prefix, ""), ourHeaders) : undefined;
  const message = isOurs(name)
    ? `There is no header ${name} here.`
    : `The header ${name} must be 1 to 128 letters, digits and any of _.:+/=-; got ${describeValue(headers.get(name))}.`;
  return new GatewayError("invalid-request", message, {
    param: name,
    hint:
      didYouMean(meant && `X-CCProxy-${meant}`) ??
      "Leave it out, or drop X-CCProxy-Strict to have it ignored and reported.",
  });
}

function didYouMean(name: string | undefined): string | undefined {
  return name && `Did you mean ${name}?`;
}
