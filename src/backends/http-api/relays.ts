import type { WireFormatId } from "#core/request.ts";

import { isTakenByCodex } from "./codex-limits.ts";
import type { HttpApiOptions } from "./options.ts";

/** Whether a request in this format, with this body, can travel as it came. */
export function relays(
  { endpoints, answersAs }: Pick<HttpApiOptions, "endpoints" | "answersAs">,
  wireFormat: WireFormatId,
  body: unknown,
): boolean {
  return endpoints.some(({ format }) => format === wireFormat) && (answersAs === undefined || isTakenByCodex(body));
}
