import { findPortOwner } from "./port-owner.ts";

export interface TakenPort {
  readonly host: string;
  readonly port: number;
  /** The flag another port is given with. */
  readonly flag: string;
}

export function isPortTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

/** Says who listens there, where the system lets us know, and a port that is free. */
export async function describePortTaken({ host, port, flag }: TakenPort): Promise<string> {
  const owner = await findPortOwner(port);
  const by = owner === undefined ? "" : ` by ${owner}`;
  const free = nextFreePort(host, port);
  const hint = free === undefined ? `choose another with ${flag}` : `${flag} ${free} is free`;
  return `port ${port} on ${host} is taken${by}; ${hint}`;
}

function nextFreePort(host: string, taken: number): number | undefined {
  for (let port = taken + 1; port <= Math.min(taken + 100, 65_535); port += 1) if (isFree(host, port)) return port;
  return undefined;
}

export function isFree(hostname: string, port: number): boolean {
  try {
    Bun.listen({ hostname, port, socket: { data: () => undefined } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
