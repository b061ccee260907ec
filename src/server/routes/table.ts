import type { Operation } from "#server/openapi/operation.ts";
import type { Route } from "#server/route.ts";

import { approvalsPageRoutes } from "./approvals-page.ts";
import { chatCompletionRoutes } from "./chat-completions.ts";
import { countTokensRoutes } from "./count-tokens.ts";
import { documentationRoutes } from "./documentation.ts";
import { healthRoutes } from "./health.ts";
import { mcpRoutes } from "./mcp.ts";
import { messageRoutes } from "./messages.ts";
import { modelRoutes } from "./models.ts";
import { permissionRoutes } from "./permissions.ts";
import { requestRoutes } from "./requests.ts";

/** What the proxies before this one called the API of Claude Code; their clients' base URLs keep working. */
const prefixes = ["/claude", "/sdk"];

/** Every route the server has. */
export const routes: readonly Route[] = [
  ...chatCompletionRoutes,
  ...messageRoutes,
  ...countTokensRoutes,
  ...modelRoutes,
  ...permissionRoutes,
  ...approvalsPageRoutes,
  ...mcpRoutes,
  ...requestRoutes,
  ...healthRoutes,
  ...documentationRoutes,
].flatMap((route) => (route.prefixed ? [route, ...prefixes.map((prefix) => underPrefix(route, prefix))] : [route]));

function underPrefix(route: Route, prefix: string): Route {
  const { operation } = route;
  return {
    ...route,
    path: `${prefix}${route.path}`,
    operation: operation && prefixedOperation(operation, { prefix, path: route.path }),
  };
}

/** The description stays with the bare path, so that the document does not say everything three times. */
function prefixedOperation(
  operation: Operation,
  { prefix, path }: { readonly prefix: string; readonly path: string },
): Operation {
  const name = prefix.slice(1);
  return {
    ...operation,
    operationId: `${operation.operationId}Under${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    summary: `The same as ${path}`,
    description: `For clients that were set up with \`${prefix}\` in their base URL.`,
    tags: ["Other base URLs"],
  };
}
