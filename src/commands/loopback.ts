import { randomBytes } from "node:crypto";

import type { Config } from "#config/schema.ts";

import { usageFailure } from "./failure.ts";

/** Whether only this machine can reach the address. A name other than localhost may resolve to anything. */
export function isLoopback(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  return (
    bare === "localhost" ||
    bare === "::1" ||
    /^127(?:\.\d{1,3}){3}$/.test(bare) ||
    /^::ffff:127(?:\.\d{1,3}){3}$/.test(bare)
  );
}

/** Whoever reaches the port runs Claude as this user: beyond loopback that takes a token. Throws CommandFailure. */
export function requireToken({ host, port, auth_token: token, tokens }: Config["server"]): void {
  if (token !== undefined || Object.keys(tokens).length > 0 || isLoopback(host)) return;
  const command = `CCPROXY__SERVER__AUTH_TOKEN=${mintToken()} ccproxy serve --host ${host} --port ${port}`;
  throw usageFailure(
    `listening on ${host} lets other machines use your Claude, so it needs an access token; start it with a new one: ${command}`,
  );
}

/** 192 random bits behind the prefix that log redaction knows. */
function mintToken(): string {
  return `ccp_${randomBytes(24).toString("base64url")}`;
}
