/**
 * Whether a URL's host is this machine or in a private network, as far as its name says: loopback, RFC 1918, link-local
 * (where clouds keep their credentials), carrier-grade NAT, unique local IPv6, `.local` and names without a dot.
 */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, "");
  if (host.startsWith("[")) return isPrivateV6(groupsOf(host.slice(1, -1)));
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.\d{1,3}$/.exec(host);
  if (v4 !== null) return isPrivateV4(Number(v4[1]), Number(v4[2]), Number(v4[3]));
  return !host.includes(".") || /\.(?:local|localhost|localdomain|internal|home\.arpa|lan)$/.test(host);
}

/** Whether a URL's host is an address rather than a name, which would have to be looked up. */
export function isAddress(hostname: string): boolean {
  return /^(?:\[.*\]|\d{1,3}(?:\.\d{1,3}){3})$/.test(hostname);
}

/** The same of an address as a lookup tells it; one that is none counts as private. */
export function isPrivateAddress(address: string): boolean {
  const [bare = ""] = address.split("%");
  const url = `http://${bare.includes(":") ? `[${bare}]` : bare}/`;
  return !URL.canParse(url) || isPrivateHost(new URL(url).hostname);
}

function isPrivateV4(a: number, b: number, c: number): boolean {
  return (
    [0, 10, 127].includes(a) ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && (b === 168 || (b === 0 && c === 0)))
  );
}

/** As `URL` writes them: hexadecimal, an IPv4 address inside too, with the longest run of zeros left out. */
function groupsOf(address: string): readonly number[] {
  const [before = "", after = ""] = address.split("::");
  const [head, tail] = [before, after].map((text) => (text === "" ? [] : text.split(":")));
  const left = head ?? [];
  const right = tail ?? [];
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0");
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

function isPrivateV6(groups: readonly number[]): boolean {
  const [first = 0, second = 0, third = 0] = groups;
  const v4At = (index: number) => {
    const [high = 0, low = 0] = groups.slice(index, index + 2);
    return isPrivateV4(high >> 8, high & 0xff, low >> 8);
  };
  const prefix = groups.slice(0, 6).map((group) => group.toString(16));
  // Of IPv4 in IPv6: the plain ways (`::` and `::1` are among them), the translators', and the tunnels'.
  if (/^0,0,0,0,(?:0,0|0,ffff|ffff,0)$|^64,ff9b,0,0,0,0$/.test(prefix.join())) return v4At(6);
  if (first === 0x2002) return v4At(1);
  return (
    (first === 0x64 && second === 0xff9b && third === 1) ||
    (first & 0xfe00) === 0xfc00 ||
    (first & 0xffc0) === 0xfe80 ||
    (first & 0xffc0) === 0xfec0
  );
}
