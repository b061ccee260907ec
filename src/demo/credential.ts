/** Headers whose values are secrets. */
const secretHeaders = new Set([
  "authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "cookie",
  "proxy-authorization",
]);

export function safeHeaders(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...headers.entries()].map(([name, value]) => [name, secretHeaders.has(name) ? "[redacted]" : value]),
  );
}

/** Which credential came in which header, for those who know it: `{"authorization": "Bearer 2bb80d537b1da3e3"}`. */
export function credentialsOf(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...headers.entries()]
      .filter(([name]) => secretHeaders.has(name))
      .map(([name, value]) => {
        const [scheme, secret] = splitScheme(value);
        return [name, scheme === undefined ? fingerprintOf(secret) : `${scheme} ${fingerprintOf(secret)}`];
      }),
  );
}

/** Whether one of these credentials has this fingerprint, in whatever header. */
export function carries(credentials: Readonly<Record<string, string>>, fingerprint: string): boolean {
  return Object.values(credentials).some((told) => told.split(" ").at(-1) === fingerprint);
}

/** The beginning of the SHA-256: enough to tell keys apart, nothing to sign in with. */
export function fingerprintOf(secret: string): string {
  return new Bun.CryptoHasher("sha256").update(secret).digest("hex").slice(0, 16);
}

function splitScheme(value: string): readonly [scheme: string | undefined, secret: string] {
  const [, scheme, secret] = /^(Bearer|Basic)\s+(.*)$/i.exec(value) ?? [];
  return secret === undefined ? [undefined, value] : [scheme, secret];
}
