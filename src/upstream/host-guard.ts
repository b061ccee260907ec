/**
 * What the names of the configuration lead to: a name looks public, and may still be an address of this machine or of a
 * private network. Looked up once a minute at most, not for every request. fetch looks it up again, so that a name whose
 * owner changes it between the two gets by; see docs/decisions/0011-upstreams.md.
 */
import { lookup } from "node:dns/promises";

import { GatewayError } from "#core/errors.ts";
import { isAddress, isPrivateAddress } from "#lib/private-host.ts";

export interface HostGuardOptions {
  /** Who is asked, as in a sentence. */
  readonly provider: string;
  /** The setting that allows it. */
  readonly setting: string;
  readonly addressesOf?: (name: string) => Promise<readonly string[]>;
  /** Milliseconds. */
  readonly now?: () => number;
}

/**
 * undefined where the host of this URL was found good of late. Rejects with GatewayError: `unavailable` where it is private,
 * `upstream` where it is not to be found.
 */
export type HostGuard = (url: string) => Promise<void> | undefined;

const goodMs = 60_000;

export function createHostGuard(options: HostGuardOptions): HostGuard {
  const { provider, setting, addressesOf = lookUp, now = () => performance.now() } = options;
  const goodUntil = new Map<string, number>();
  const asking = new Map<string, Promise<void>>();

  async function ask(name: string): Promise<void> {
    const addresses = await addressesOf(name).catch((cause: unknown) => {
      const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
      throw new GatewayError("upstream", `${provider} could not be reached${code}.`, {
        hint: `Check the network, and whether there is a host ${name}.`,
        cause,
      });
    });
    if (addresses.some(isPrivateAddress))
      throw new GatewayError("unavailable", `${name} leads to this machine or into a private network.`, {
        hint: `If it is meant to, ${setting} = true allows it.`,
      });
    goodUntil.set(name, now() + goodMs);
  }

  return (url) => {
    const { hostname: name } = new URL(url);
    // Addresses were judged with the configuration.
    if (isAddress(name) || now() < (goodUntil.get(name) ?? 0)) return undefined;
    const running = asking.get(name) ?? ask(name).finally(() => asking.delete(name));
    asking.set(name, running);
    return running;
  };
}

async function lookUp(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address);
}
