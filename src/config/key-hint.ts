/** A key itself, written where the configuration says where keys are kept: where it is to go instead. */
import { usualVariableOf } from "./providers.ts";

const keyName = /^(?:api|access|auth|secret)?[-_]?(?:key|token|secret|password)s?$/i;

/** Undefined for a setting that has nothing to do with a provider's key. */
export function keyHint([section, provider, ...rest]: readonly string[]): string | undefined {
  if (section !== "providers" || provider === undefined) return undefined;
  const [first = "", label, below] = rest;
  const isKey = first === "credentials" ? below === undefined || keyName.test(below) : keyName.test(first);
  if (!isKey || rest.length > 3) return undefined;
  const variable = usualVariableOf(provider);
  const login = `${variable === undefined ? "" : `set ${variable}, or `}call \`ccproxy auth login ${provider}\``;
  const table = `[providers.${provider}.credentials.${(first === "credentials" && label) || "mine"}]`;
  // Where there are credentials, neither the variable nor what was kept is looked at.
  return first === "credentials"
    ? `a key does not stand in the configuration: let env, file or command of ${table} say where it is, or take all credentials out and ${login}`
    : `a key does not stand in the configuration: take it out and ${login}, or let env, file or command of ${table} say where it is`;
}
