import { approvalsPage, approvalsPolicy } from "#server/approvals-page/page.ts";
import script from "#server/approvals-page/ui.js" with { type: "text" };
import { textResponse } from "#server/json-response.ts";
import type { Route } from "#server/route.ts";
import { asset, html, javascript, page, stylesheet } from "#server/static.ts";

import style from "#server/approvals-page/ui.css" with { type: "text" };

// TypeScript takes the browser's script for a module of ours; Bun gives its text.
const scriptText = script as unknown as string;

/** The page's relative addresses start from `/permissions/ui`, not from `/permissions/ui/`. */
const answer: Route["answer"] = ({ path }) =>
  path.endsWith("/")
    ? textResponse("", { status: 308, headers: { location: "../ui" } })
    : html(approvalsPage, approvalsPolicy);

export const approvalsPageRoutes: readonly Route[] = [
  page("/permissions/ui", answer, {
    operationId: "getApprovalsPage",
    summary: "Approvals in a browser; the page asks for the access token",
    type: "text/html",
  }),
  asset({ path: "/permissions/ui.js", type: javascript, content: new Blob([scriptText]) }),
  asset({ path: "/permissions/ui.css", type: stylesheet, content: new Blob([style]) }),
];
