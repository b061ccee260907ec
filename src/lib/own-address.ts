const loopback: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]", "0.0.0.0", "[::]"]);

/** Whether this URL is at one of our own addresses: whoever is sent there by us would go round in a circle. */
export function isOwnAddress(url: string, own: readonly string[]): boolean {
  const address = addressOf(url);
  return address !== undefined && own.some((each) => addressOf(each) === address);
}

/** Host and port, all names of this machine being one; undefined when it is no URL. */
function addressOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  const host = loopback.has(hostname) || hostname.startsWith("127.") ? "loopback" : hostname;
  return `${host}:${port === "" ? (protocol === "https:" ? "443" : "80") : port}`;
}
