import type { ModelInfo } from "#core/backend.ts";
import { aliasModels } from "#gateway/resolve.ts";

import { type ShortLivedOptions, withBackend } from "./short-lived-backend.ts";

/** The models the backend offers, and the configured names for them. Throws GatewayError. */
export async function listModels(options: ShortLivedOptions, timeoutMs: number): Promise<readonly ModelInfo[]> {
  const offered = await withBackend(options, (backend) => backend.listModels(AbortSignal.timeout(timeoutMs)));
  return [...offered, ...aliasModels(new Map(Object.entries(options.config.aliases)))];
}
