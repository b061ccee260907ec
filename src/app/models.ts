import type { ModelInfo } from "#core/backend.ts";

import { type ShortLivedOptions, withBackend } from "./short-lived-backend.ts";

/** The models the backend offers. Throws GatewayError. */
export async function listModels(options: ShortLivedOptions, timeoutMs: number): Promise<readonly ModelInfo[]> {
  return await withBackend(options, (backend) => backend.listModels(AbortSignal.timeout(timeoutMs)));
}
