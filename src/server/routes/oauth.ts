import { GatewayError } from "#core/errors.ts";
import type { Route } from "#server/route.ts";

/** A browser comes here, which has no access token: the state that it brings says that it may. */
const answer: Route["answer"] = ({ query }, { oauthCallback }) => {
  if (oauthCallback === undefined) throw new GatewayError("not-found", "Nobody signs in here.");
  return oauthCallback(query);
};

export const oauthRoutes: readonly Route[] = [
  { method: "GET", path: "/oauth/callback", open: true, prefixed: false, operation: undefined, answer },
];
