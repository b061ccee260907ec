import { isIP } from "node:net";

import { GatewayError } from "#core/errors.ts";

export interface HostCheckOptions {
  /** The name or address the server was told to bind. */
  readonly host: string;
  /** More names the server answers to; `*` for any. */
  readonly allowedHosts: readonly string[];
  /** Web origins that may call the API; `*` for any. */
  readonly corsOrigins: readonly string[];
}

const mostPassed = 100;

/**
 * Keeps web pages away from a server that trusts whoever can reach it. A page on another site can make
 * its own name resolve to 127.0.0.1 (DNS rebinding), but then `Host` carries that name, so only names that
 * are known to be ours pass. Addresses pass: a page cannot be served from under an address it does not own.
 * Throws GatewayError `permission`.
 */
export function createHostCheck(options: HostCheckOptions): (headers: Headers) => void {
  const names = new Set([options.host, ...options.allowedHosts].map((name) => name.toLowerCase()));
  const anyName = names.has("*");

  /** Those that passed: to tell an address from a name took a third of the time of a request that is only passed on. */
  const passed = new Set<string>();

  function isOurs(authority: string): boolean {
    if (passed.has(authority)) return true;
    const name = hostname(authority);
    if (name === undefined) return false;
    const known = anyName || name === "localhost" || name.endsWith(".localhost") || names.has(name);
    if (!known && isIP(name) === 0) return false;
    if (passed.size < mostPassed) passed.add(authority);
    return true;
  }

  return (headers) => {
    const host = headers.get("host");
    // Only HTTP/1.0 clients may leave Host out (Bun answers 400 to the others), and no browser is one.
    if (host !== null && !isOurs(host)) throw refusedHost(host);
    const origin = headers.get("origin");
    if (origin === null && isForeignLoad(headers)) throw refusedOrigin("another site");
    if (origin === null || allowsOrigin(options.corsOrigins, origin)) return;
    if (host === null || !isSameOrigin(origin, host)) throw refusedOrigin(origin);
  };
}

/** A page may load what it cannot read (an image, a script) without naming its origin; following a link is no such load. */
function isForeignLoad(headers: Headers): boolean {
  return headers.get("sec-fetch-site") === "cross-site" && headers.get("sec-fetch-mode") !== "navigate";
}

export function allowsOrigin(corsOrigins: readonly string[], origin: string): boolean {
  return corsOrigins.includes("*") || corsOrigins.includes(origin);
}

/** The scheme is left out of it: behind a TLS proxy the page says https where we hear http. */
function isSameOrigin(origin: string, host: string): boolean {
  return origin.replace(/^https?:\/\//i, "").toLowerCase() === host.toLowerCase();
}

/** Host name or bare address of `name:port`; undefined for what cannot be one. */
function hostname(authority: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@?#\s]+))(?::\d{1,5})?$/i.exec(authority.trim());
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, "");
}

function refusedHost(host: string): GatewayError {
  return new GatewayError("permission", `This server does not answer to the name in Host: ${shown(host)}.`, {
    hint: "Use 127.0.0.1 or localhost, or add the name to server.allowed_hosts.",
  });
}

function refusedOrigin(origin: string): GatewayError {
  return new GatewayError("permission", `Pages of ${shown(origin)} may not use this server.`, {
    hint: "Add the origin to server.cors_origins if you trust it.",
  });
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
