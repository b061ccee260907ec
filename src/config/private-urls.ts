/** Which URLs of a provider are on this machine or in a private network, by their names; where these lead is seen later. */
import { isPrivateHost } from "#lib/private-host.ts";

import type { Config } from "./schema.ts";

type Settings = Pick<Config["providers"][string], "allow_private" | "proxy" | "oauth" | "credentials">;

/** It may hold a secret, so it is not shown. */
export function proxyProblems(key: string, proxy: string | undefined): readonly string[] {
  const isUrl = proxy === undefined || (URL.canParse(proxy) && /^https?:$/.test(new URL(proxy).protocol));
  return isUrl ? [] : [`${key}.proxy is no http(s) URL`];
}

/** Of what it asks beside its API. */
export function privateUrlProblems(key: string, provider: Settings): readonly string[] {
  const { allow_private, proxy, oauth, credentials } = provider;
  const urls = {
    [`${key}.proxy`]: proxy,
    [`${key}.oauth.authorize_url`]: oauth.authorize_url,
    [`${key}.oauth.token_url`]: oauth.token_url,
    ...Object.fromEntries(
      Object.entries(credentials).map(([name, { token_url }]) => [`${key}.credentials.${name}.token_url`, token_url]),
    ),
  };
  return Object.entries(urls).flatMap(([name, url]) =>
    url === undefined || !URL.canParse(url) ? [] : privateProblems(name, new URL(url), { allow_private, key }),
  );
}

interface Allowing {
  readonly allow_private: boolean;
  /** Of its provider. */
  readonly key: string;
}

export function privateProblems(name: string, { hostname }: URL, { allow_private, key }: Allowing): readonly string[] {
  if (allow_private || hostname === "" || !isPrivateHost(hostname)) return [];
  return [`${name}: ${hostname} is on this machine or in a private network; ${key}.allow_private = true allows it`];
}
