import type { ModelInfo } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import { nearestFew } from "#lib/nearest.ts";

const mostNames = 3;

/** The same error, with the known names nearest to the one asked for; unchanged where there are none, or it is known. */
export function suggestModels(
  error: GatewayError,
  asked: string | undefined,
  models: readonly ModelInfo[],
): GatewayError {
  if (error.kind !== "model-not-found" || asked === undefined) return error;
  const names = namesOf(models);
  const near = names.includes(asked) ? [] : nearestFew(asked, names, mostNames);
  if (near.length === 0) return error;
  const { hint = "" } = error.options;
  const suggestion = `Did you mean ${near.join(" or ")}? ${hint}`.trim();
  return new GatewayError(error.kind, error.message, { ...error.options, hint: suggestion });
}

/** All that a client may call these models. */
export function namesOf(models: readonly ModelInfo[]): readonly string[] {
  return models.flatMap(({ id, aliases }) => [id, ...aliases]);
}
