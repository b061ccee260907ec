/** A key itself, written where the configuration says where keys are kept: where it is to go instead. */
import { usualVariableOf } from "./providers.ts";

const keyName = /^(?:api|access|auth|secret)?[-_]?(?:key|token|secret|password)s?$/i;

/** Undefined for a setting that has nothing to do with a provider's key. */
export function keyHint([table, provider, ...rest]: readonly string[]): string | undefined {
  if (table !== "providers" || provider === undefined) return undefined;
  const [first = "", label, below] = rest;
  const isKey = first === "credentials" ? below === undefined || keyName.test(below) : keyName.test(first);
  if (!isKey || rest.length > 3) return undefined;
  const variable = usualVariableOf(provider);
  const name = first === "credentials" ? (label ?? "mine") : "mine";
  const places = [
    ...(variable === undefined ? [] : [`the variable ${variable}`]),
    `\`ccproxy auth login ${provider}\``,
    `what env, file or command of [providers.${provider}.credentials.${name}] names`,
  ];
  return `a key does not stand in the configuration: take it out, and give it to ${places.slice(0, -1).join(", ")} or ${places.at(-1)}`;
}
