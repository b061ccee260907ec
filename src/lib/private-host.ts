/**
 * Whether a URL's host is this machine or in a private network, as far as its name says: loopback, RFC 1918, link-local
 * (where clouds keep their credentials), carrier-grade NAT, unique local IPv6, `.local` and names without a dot.
 */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, "");
  if (host.startsWith("[")) return isPrivateV6(host.slice(1, -1));
  const v4 = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(host);
  if (v4 !== null) return isPrivateV4(Number(v4[1]), Number(v4[2]));
  return !host.includes(".") || /\.(?:local|localhost|internal|home\.arpa|lan)$/.test(host);
}

function isPrivateV4(a: number, b: number): boolean {
  return (
    [0, 10, 127].includes(a) ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168)
  );
}

/** As `URL` writes them: shortened, an IPv4 address inside in hexadecimal. */
function isPrivateV6(address: string): boolean {
  const mapped = /^::ffff:([0-9a-f]{1,4}):/.exec(address);
  if (mapped !== null) {
    const high = Number.parseInt(mapped[1] ?? "0", 16);
    return isPrivateV4(high >> 8, high & 0xff);
  }
  return /^(?:::1?$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/.test(address);
}
