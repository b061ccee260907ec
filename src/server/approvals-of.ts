import { GatewayError } from "#core/errors.ts";
import type { Approvals } from "#gateway/approvals.ts";

import type { Services } from "./route.ts";

/** Throws GatewayError `not-found` where nobody is asked about tool calls. */
export function approvalsOf({ approvals }: Services): Approvals {
  if (approvals !== undefined) return approvals;
  throw new GatewayError("not-found", "Approvals are off.", {
    hint: "Start ccproxy with --approvals (approvals.enabled).",
  });
}
