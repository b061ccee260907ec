/**
 * A key that says who is to answer, for clients that can be given nothing but a key: `sk-ant-oat-ccproxy-openai`. It lets
 * nobody in; an access token may stand behind it: `sk-ant-oat-ccproxy-openai.TOKEN`.
 */
export interface NamingKey {
  readonly backend: string;
  readonly token: string | undefined;
}

export const namingPrefix = "sk-ant-oat-ccproxy-";

/** undefined for any other key. */
export function readNamingKey(key: string): NamingKey | undefined {
  if (!key.startsWith(namingPrefix)) return undefined;
  const [backend = "", ...token] = key.slice(namingPrefix.length).split(".");
  return { backend, token: token.join(".") || undefined };
}
