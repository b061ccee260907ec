import * as v from "valibot";

import type { ModelInfo } from "#core/backend.ts";

const entrySchema = v.looseObject({
  value: v.string(),
  resolvedModel: v.optional(v.string()),
  displayName: v.optional(v.string()),
  description: v.optional(v.string()),
});
const initializedSchema = v.looseObject({ models: v.array(v.unknown()) });

/** The models an `initialize` answer offers, each once under its full name; undefined when it offers none. */
export function modelsOf(initialized: unknown): readonly ModelInfo[] | undefined {
  const response = v.safeParse(initializedSchema, initialized);
  if (!response.success) return undefined;
  const models = new Map<string, ModelInfo>();
  for (const item of response.output.models) {
    const entry = v.safeParse(entrySchema, item);
    if (entry.success) add(models, entry.output);
  }
  return models.size === 0 ? undefined : [...models.values()];
}

function add(models: Map<string, ModelInfo>, entry: v.InferOutput<typeof entrySchema>): void {
  const { value, resolvedModel: id = value, displayName = id, description } = entry;
  const alias = value === id ? [] : [value];
  const known = models.get(id);
  const named = { displayName, ...(description !== undefined && { description }) };
  if (known === undefined) models.set(id, { id, aliases: alias, ...named });
  // The default comes first, and is called after its role there.
  else
    models.set(id, { ...known, ...(known.aliases[0] === "default" && named), aliases: [...known.aliases, ...alias] });
}

export interface Catalogue {
  /** Takes any `initialize` answer. */
  readonly learn: (initialized: unknown) => void;
  /** However long ago they were learnt; none before that. */
  readonly last: () => readonly ModelInfo[];
  /** undefined when nothing was learnt within the last `ttlMs`. */
  readonly known: () => readonly ModelInfo[] | undefined;
  /** The full name of a model as the CLI last told it; the name itself where it told none. */
  readonly resolve: (name: string) => string;
}

export function createCatalogue(ttlMs: number): Catalogue {
  let models: readonly ModelInfo[] | undefined;
  let learntAt = 0;
  return {
    learn(initialized) {
      models = modelsOf(initialized) ?? models;
      learntAt = Date.now();
    },
    resolve: (name) => models?.find(({ aliases }) => aliases.includes(name))?.id ?? name,
    last: () => models ?? [],
    known: () => (Date.now() - learntAt > ttlMs ? undefined : models),
  };
}
