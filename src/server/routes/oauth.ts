import { GatewayError } from "#core/errors.ts";
import { requestIdHeader } from "#server/openapi/parts.ts";
import type { Route } from "#server/route.ts";

/** A browser comes here, which has no access token: the state that it brings says that it may. */
const answer: Route["answer"] = ({ query }, { oauthCallback }) => {
  if (oauthCallback === undefined) throw new GatewayError("not-found", "Nobody signs in here.");
  return oauthCallback(query);
};

const content = { "text/html": { schema: { type: "string" } } };
const sorry = { description: "No sign-in waits for this, or it waited too long.", headers: requestIdHeader, content };

export const oauthRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/oauth/callback",
    open: true,
    prefixed: false,
    answer,
    operation: {
      operationId: "getOAuthCallback",
      summary: "Where a browser comes back to from `ccproxy auth login --oauth`",
      tags: ["Documentation"],
      security: [],
      parameters: ["state", "code", "error"].map((name) => ({
        name,
        in: "query",
        required: false,
        description: "As in RFC 6749.",
        schema: { type: "string" },
      })),
      responses: {
        200: { description: "The sign-in goes on where it was begun.", headers: requestIdHeader, content },
        404: sorry,
        410: sorry,
      },
    },
  },
];
