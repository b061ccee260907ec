/** What is wrong with the access tokens, and with rules that speak of them. No token is ever shown. */
import { namingPrefix } from "#lib/naming-key.ts";
import { nearest } from "#lib/nearest.ts";

import type { Config } from "./schema.ts";

/** One line for each contradiction. */
export function tokenProblems({ server, routing }: Pick<Config, "server" | "routing">): readonly string[] {
  const named = Object.entries(server.tokens).map(([name, token]) => ({ name, key: `server.tokens.${name}`, token }));
  const plain = server.auth_token === undefined ? [] : [{ key: "server.auth_token", token: server.auth_token }];
  const all = [...plain, ...named];
  const names = named.map(({ name }) => name);
  return [
    ...named.flatMap(({ name, key }) =>
      /^[a-z\d][\w-]*$/.test(name) && name === name.toLowerCase()
        ? []
        : [`${key}: a name is made of small letters, digits, dashes and underscores`],
    ),
    ...all.flatMap(({ key, token }, at) => {
      const same = all.slice(0, at).find((other) => other.token === token);
      return [
        ...(same === undefined ? [] : [`${key} is the same token as ${same.key}; give each its own`]),
        ...(token.startsWith(namingPrefix)
          ? [`${key} must not begin with ${namingPrefix}, which names a backend`]
          : []),
      ];
    }),
    ...Object.entries(routing.rules).flatMap(([rule, { token }]) => {
      if (token === undefined || /[*/]/.test(token) || names.includes(token)) return [];
      const near = nearest(token, names);
      const hint = near === undefined ? "server.tokens gives tokens names" : `did you mean ${near}?`;
      return [
        `routing.rules.${rule}.token names ${JSON.stringify(token)}, which is no token of server.tokens; ${hint}`,
      ];
    }),
  ];
}
