import { GatewayError } from "#core/errors.ts";
import type { Exchange } from "#server/exchange.ts";
import type { Operation, Parameter } from "#server/openapi/operation.ts";
import type { Route } from "#server/route.ts";

import { approvalsPageRoutes } from "./approvals-page.ts";
import { chatCompletionRoutes } from "./chat-completions.ts";
import { countTokensRoutes } from "./count-tokens.ts";
import { documentationRoutes } from "./documentation.ts";
import { healthRoutes } from "./health.ts";
import { mcpRoutes } from "./mcp.ts";
import { messageRoutes } from "./messages.ts";
import { modelRoutes } from "./models.ts";
import { oauthRoutes } from "./oauth.ts";
import { permissionRoutes } from "./permissions.ts";
import { relayedResponseRoutes } from "./relayed-responses.ts";
import { relayedRoutes } from "./relayed.ts";
import { requestRoutes } from "./requests.ts";
import { responseRoutes } from "./responses.ts";
import { sessionRoutes } from "./sessions.ts";

interface Prefix {
  readonly path: string;
  /** What answers there, whatever the rules of routing say. */
  readonly backend?: string;
  /** Another word for one that the document has: it is long enough. */
  readonly isAlias?: true;
}

/** What the proxies before this one called their APIs; their clients' base URLs keep working. */
const prefixes: readonly Prefix[] = [
  { path: "/claude", backend: "claude-cli" },
  { path: "/sdk", backend: "claude-cli" },
  { path: "/claude/:session", backend: "claude-cli" },
  { path: "/sdk/:session", backend: "claude-cli" },
  { path: "/cc", backend: "claude-cli", isAlias: true },
  { path: "/codex", backend: "codex-cli" },
  { path: "/api/codex", backend: "codex-cli", isAlias: true },
  { path: "/api", backend: "anthropic", isAlias: true },
  { path: "/providers/:backend" },
];

/** Words of such base URLs, which a session in the path cannot be called. */
const reserved: ReadonlySet<string> = new Set(["v1", "sdk", "api"]);

const sessionInPath: Parameter = {
  name: "session",
  in: "path",
  required: true,
  description: "The session's id, of your own choice; percent-encoded.",
  schema: { type: "string", maxLength: 200 },
};

const backendInPath: Parameter = {
  name: "backend",
  in: "path",
  required: true,
  description: "What answers: a provider of the configuration, or claude-cli.",
  schema: { type: "string" },
};

/** Every route the server has. */
export const routes: readonly Route[] = [
  ...chatCompletionRoutes,
  ...messageRoutes,
  ...responseRoutes,
  ...relayedResponseRoutes,
  ...countTokensRoutes,
  ...modelRoutes,
  ...sessionRoutes,
  ...permissionRoutes,
  ...approvalsPageRoutes,
  ...mcpRoutes,
  ...requestRoutes,
  ...healthRoutes,
  ...documentationRoutes,
  ...oauthRoutes,
  ...relayedRoutes,
].flatMap((route) => (route.prefixed ? [route, ...prefixes.map((prefix) => underPrefix(route, prefix))] : [route]));

/** What a path names to answer it; undefined for one that leaves that open. */
export function backendIn(path: string): string | undefined {
  const [, first = "", second = ""] = path.split("/");
  if (first === "providers") return second;
  const found = [`/${first}/${second}`, `/${first}`].map((start) => prefixes.find((prefix) => prefix.path === start));
  return found.find((prefix) => prefix !== undefined)?.backend;
}

function underPrefix(route: Route, { path: prefix, backend, isAlias }: Prefix): Route {
  const { operation } = route;
  return {
    ...route,
    path: `${prefix}${route.path}`,
    answer(exchange, services, params) {
      if (reserved.has(params["session"] ?? "")) throw notASession(exchange);
      return route.answer(exchange, services, backend === undefined ? params : { ...params, backend });
    },
    operation: isAlias ? undefined : operation && prefixedOperation(operation, { prefix, path: route.path }),
  };
}

/** The description stays with the bare path, so that the document does not say everything three times. */
function prefixedOperation(
  operation: Operation,
  { prefix, path }: { readonly prefix: string; readonly path: string },
): Operation {
  const names = prefix.split(/\W+/).map((name) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`);
  const inSession = prefix.endsWith("/:session");
  const named = prefix.endsWith("/:backend") ? [backendInPath] : [];
  return {
    ...operation,
    operationId: `${operation.operationId}Under${names.join("")}`,
    summary: inSession ? `The same as ${path}, in a session` : `The same as ${path}`,
    description: inSession
      ? "The session is named in the path, for clients that know nothing but a base URL."
      : `For clients that were set up with \`${prefix}\` in their base URL.`,
    parameters: [...(inSession ? [sessionInPath] : named), ...(operation.parameters ?? [])],
    tags: ["Other base URLs"],
  };
}

function notASession({ path }: Exchange): GatewayError {
  return new GatewayError("not-found", `There is nothing at ${path.slice(0, 200)}.`, {
    hint: path.includes("/v1/v1/")
      ? "Leave /v1 out of the client's base URL."
      : "A session in the path cannot have this name.",
  });
}
