import { GatewayError } from "#core/errors.ts";
import { nearest } from "#lib/nearest.ts";

import type { Route } from "./route.ts";

interface Asked {
  readonly method: string;
  readonly path: string;
}

/** Whether anything answers there, by whichever method. */
export function hasRoute(routes: readonly Route[], path: string): boolean {
  return routes.some((route) => matchesPath(route.path, path));
}

/** Why no route answered: the method does not fit the path, or there is no such path. */
export function unroutable(routes: readonly Route[], { path, method }: Asked): GatewayError {
  const methods = routes.filter((route) => matchesPath(route.path, path)).map((route) => route.method);
  if (methods.length === 0)
    return new GatewayError("not-found", `There is nothing at ${method} ${path.slice(0, 200)}.`, {
      hint: hintFor(routes, path),
    });
  const allow = [...new Set(methods.flatMap((other) => (other === "GET" ? ["GET", "HEAD"] : [other])))];
  return new GatewayError("method-not-allowed", `${path} does not take ${method}.`, {
    hint: `Use ${methods.join(" or ")}.`,
    allow,
  });
}

/** Whether `path` fits a route's pattern (`/v1/models/:id`, `/v1/files*`). A slash at the end makes no difference. */
function matchesPath(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const given = path.length > 1 && path.endsWith("/") ? path.slice(0, -1).split("/") : path.split("/");
  const isOpen = pattern.endsWith("*");
  return (
    (isOpen ? wanted.length <= given.length : wanted.length === given.length) &&
    wanted.every((segment, at) => {
      if (segment.endsWith("*")) return given[at]?.startsWith(segment.slice(0, -1));
      return segment.startsWith(":") ? given[at] !== "" : segment === given[at];
    })
  );
}

/** The mistakes that a client with a configurable base URL invites, a slip in the path, and what only a provider has. */
function hintFor(routes: readonly Route[], path: string): string {
  const exists = (candidate: string) => hasRoute(routes, candidate);
  if (exists(path.replace("/v1/v1/", "/v1/"))) return "Leave /v1 out of the client's base URL.";
  if (exists(`/v1${path}`)) return "Put /v1 at the end of the client's base URL.";
  const all = "GET /swagger lists what there is";
  const [, prefix = "", rest] = /^(\/[^/]+)?\/v1\/(.+)$/.exec(path.slice(0, 200)) ?? [];
  if (rest === undefined) return `${all}.`;
  const isOurs = exists(`${prefix}/v1/models`);
  const meant = `${isOurs ? prefix : ""}/v1/${nearest(rest, namesIn(routes)) ?? ""}`;
  if (isOurs && exists(meant)) return `Did you mean ${meant}?`;
  const name = isOurs ? "NAME" : prefix.slice(1);
  const here = exists(meant) ? `${meant} is here` : all;
  return `${here}; /providers/${name}/v1/${rest} asks the provider ${name} of the configuration.`;
}

/** What there is below /v1, as it is written. */
function namesIn(routes: readonly Route[]): readonly string[] {
  return routes.flatMap(({ path }) => /^\/v1\/([^:*]+)$/.exec(path)?.[1] ?? []);
}
