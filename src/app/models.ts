import type { ModelInfo } from "#core/backend.ts";
import { listedModels } from "#gateway/model-names.ts";

import { modelNames } from "./model-names.ts";
import { type ShortLivedOptions, withBackend } from "./short-lived-backend.ts";

/** The models the backend offers, and the configured names for them. Throws GatewayError. */
export async function listModels(options: ShortLivedOptions, timeoutMs: number): Promise<readonly ModelInfo[]> {
  const offered = await withBackend(options, (backend) => backend.listModels(AbortSignal.timeout(timeoutMs)));
  return listedModels(offered, modelNames(options.config));
}
