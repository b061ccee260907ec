/** The models that can be asked for here, what is known of each, and what to say of one that there is not. */
import type { Backend, ModelInfo, ModelLimits } from "#core/backend.ts";
import { GatewayError, toGatewayError } from "#core/errors.ts";

import { listedModels, type ModelNames } from "./model-names.ts";
import { withOtherDefault } from "./other-default.ts";
import { modelAsked } from "./resolve.ts";
import type { Choice, Routing } from "./routing.ts";
import { namesOf, suggestModels } from "./suggest-models.ts";
import type { Call } from "./types.ts";

export interface CatalogueDeps extends ModelNames {
  readonly routing: Routing;
  /** What is known of a model whose backend does not tell it itself. */
  readonly limitsOf?: ((backend: string, model: string) => ModelLimits | undefined) | undefined;
}

/** A backend that could not tell its models. */
export interface Silent {
  readonly backend: string;
  readonly error: unknown;
}

/**
 * Of the first backend under their own names, as long as these lead to it, of the others behind theirs; those that cannot say
 * are left out, and told to `onSilent`. Throws what the first did where none of them can say, or the client asks for the first alone.
 */
export async function listAllModels(
  deps: CatalogueDeps,
  { signal, route }: Pick<Call, "signal" | "route">,
  onSilent?: (silent: Silent) => void,
): Promise<readonly ModelInfo[]> {
  const { backends } = deps.routing;
  const [first] = backends;
  const chosen = backends.find(({ id }) => id === route.backend);
  if (chosen !== undefined && chosen !== first) return await modelsOf(deps, chosen, signal);
  const silent = new Map<Backend, unknown>();
  const lists = await Promise.all(
    backends.map(async (backend) => {
      const models = await modelsOf(deps, backend, signal).catch((error: unknown) => void silent.set(backend, error));
      if (backend === first) return listedOfFirst(models ?? [], deps);
      return (models ?? []).map((model) => behind(backend, model));
    }),
  );
  if (silent.has(first) && (chosen === first || silent.size === backends.length)) throw silent.get(first);
  for (const [{ id }, error] of silent) onSilent?.({ backend: id, error });
  return eachOnce(lists.flat());
}

function behind({ id }: Backend, model: ModelInfo): ModelInfo {
  return { ...model, id: `${id}/${model.id}`, aliases: [] };
}

/** By names that lead there: what another is asked for by its own name, or the configuration calls so, has a longer one. */
function listedOfFirst(models: readonly ModelInfo[], deps: CatalogueDeps): readonly ModelInfo[] {
  const [first] = deps.routing.backends;
  const reaches = (name: string) => leadsTo(first, name, deps);
  const named = models.map((model) =>
    reaches(model.id) ? { ...model, aliases: model.aliases.filter(reaches) } : behind(first, model),
  );
  return listedModels(named, deps);
}

/** Whether who asks for this name gets what that backend calls so, or what a rule has it called there. */
function leadsTo(backend: Backend, name: string, deps: CatalogueDeps): boolean {
  const asked = modelAsked(name, undefined, deps);
  try {
    const choice = deps.routing.chooseByName(asked);
    return choice.backend === backend && asked === name && (choice.model === name || choice.setsModel === true);
  } catch {
    return false;
  }
}

/** An alias may be called as a model is, and a pinned family stand for one that another lists. */
function eachOnce(models: readonly ModelInfo[]): readonly ModelInfo[] {
  const byId = new Map<string, ModelInfo>();
  for (const model of models) {
    const before = byId.get(model.id);
    byId.set(model.id, { ...before, ...model, aliases: [...(before?.aliases ?? []), ...model.aliases] });
  }
  return [...byId.values()];
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
  const own = await choice.backend.listModels(call.signal).catch((thrown: unknown) => {
    throw withOtherDefault(toGatewayError(thrown), choice.backend, deps.routing.backends);
  });
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
  return suggestModels(error, model, isFirst ? listedOfFirst(models, deps) : models);
}
