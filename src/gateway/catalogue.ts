/** The models that can be asked for here, what is known of each, and what to say of one that there is not. */
import type { Backend, ModelInfo, ModelLimits } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";

import { listedModels, type ModelNames } from "./model-names.ts";
import type { Choice, Routing } from "./routing.ts";
import { namesOf, suggestModels } from "./suggest-models.ts";
import type { Call } from "./types.ts";

export interface CatalogueDeps extends ModelNames {
  readonly routing: Routing;
  /** What is known of a model whose backend does not tell it itself. */
  readonly limitsOf?: ((backend: string, model: string) => ModelLimits | undefined) | undefined;
}

/** Of the first backend under their own names, of the others behind theirs; those that cannot say are left out. */
export async function listAllModels(
  deps: CatalogueDeps,
  { signal, route }: Pick<Call, "signal" | "route">,
): Promise<readonly ModelInfo[]> {
  const [first, ...others] = deps.routing.backends;
  const chosen = deps.routing.backends.find(({ id }) => id === route.backend);
  if (chosen !== undefined && chosen !== first) return await modelsOf(deps, chosen, signal);
  const offered = others.map(async (backend) => {
    const models = await modelsOf(deps, backend, signal).catch(() => []);
    return models.map((model) => ({ ...model, id: `${backend.id}/${model.id}`, aliases: [] }));
  });
  return [...listedModels(await modelsOf(deps, first, signal), deps), ...(await Promise.all(offered)).flat()];
}

async function modelsOf({ limitsOf }: CatalogueDeps, backend: Backend, signal: AbortSignal) {
  const models = await backend.listModels(signal);
  return models.map((model): ModelInfo => ({ ...limitsOf?.(backend.id, model.id), ...model }));
}

interface Named {
  /** As the client called it; undefined where the configuration has a word for it. */
  readonly name: string | undefined;
  readonly choice: Choice;
}

/**
 * Where only models of the list may be asked for, that this is one: by its name, or as its backend calls it. Throws
 * GatewayError `model-not-found`, and what listing throws.
 */
export async function requireListed(deps: CatalogueDeps, { name, choice }: Named, call: Call): Promise<void> {
  if (deps.passthrough || name === undefined || choice.setsModel === true) return;
  const own = await choice.backend.listModels(call.signal);
  if (choice.model !== undefined && namesOf(own).includes(choice.model)) return;
  const models = [...(await listAllModels(deps, call)), ...own];
  if (namesOf(models).includes(name)) return;
  const message = `There is no model ${JSON.stringify(name.slice(0, 100))} here.`;
  const hint = "GET /v1/models lists them.";
  throw suggestModels(new GatewayError("model-not-found", message, { param: "model", hint }), name, models);
}

/** The same error, with the nearest names where it is about a model that its backend has not. */
export async function withNearModels(
  deps: CatalogueDeps,
  error: GatewayError,
  { backend, model }: Pick<Choice, "backend" | "model">,
  signal: AbortSignal,
): Promise<GatewayError> {
  if (error.kind !== "model-not-found" || model === undefined) return error;
  const models =
    backend.answersBy === "http" ? await backend.listModels(signal).catch(() => []) : backend.knownModels();
  const isFirst = backend === deps.routing.backends[0];
  return suggestModels(error, model, isFirst ? listedModels(models, deps) : models);
}
