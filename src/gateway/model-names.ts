import type { Mode, ModelInfo, ToolOwner } from "#core/backend.ts";
import type { Effort } from "#core/request.ts";
import type { Verbosity } from "#core/verbosity.ts";

/** A configured name for a model, and how it is to be run. */
export interface ModelAlias {
  readonly model?: string | undefined;
  readonly effort?: Effort | undefined;
  /** Said before the client's own instructions. */
  readonly systemPrompt?: string | undefined;
  readonly permissionMode?: string | undefined;
  readonly mode?: Mode | undefined;
  readonly tools?: ToolOwner | undefined;
  readonly verbosity?: Verbosity | undefined;
  /** Name of the workspace its agents work in. */
  readonly workspace?: string | undefined;
}

/** The names that models have by configuration. */
export interface ModelNames {
  readonly aliases: ReadonlyMap<string, ModelAlias>;
  /** Full names that family names (`sonnet`) are pinned to. */
  readonly versions: ReadonlyMap<string, string>;
  /** What answers to the names of OpenAI's models. */
  readonly openaiNames: ReadonlyMap<string, string>;
  /** Names that nobody knows here are for the backend to judge. */
  readonly passthrough: boolean;
}

/** The model that a name stands for. */
export function modelBehind(name: string | undefined, { openaiNames, versions }: ModelNames): string | undefined {
  if (name === undefined) return undefined;
  const model = openaiNames.get(name) ?? name;
  return versions.get(model) ?? model;
}

/** What a client can ask for: what the backend offers, with family names where they are pinned, and configured names. */
export function listedModels(offered: readonly ModelInfo[], names: ModelNames): readonly ModelInfo[] {
  return [...pinned(offered, names.versions), ...aliasModels(names.aliases), ...openaiModels(names.openaiNames)];
}

function pinned(offered: readonly ModelInfo[], versions: ReadonlyMap<string, string>): readonly ModelInfo[] {
  const models = new Map(
    offered.map((model) => [model.id, { ...model, aliases: model.aliases.filter((name) => !versions.has(name)) }]),
  );
  for (const [family, id] of versions) {
    const model = models.get(id) ?? { id, displayName: id, aliases: [] };
    models.set(id, { ...model, aliases: [...model.aliases, family] });
  }
  return [...models.values()];
}

/** Clients with a list to choose from show one or the other. */
function aliasModels(aliases: ReadonlyMap<string, ModelAlias>): readonly ModelInfo[] {
  return Array.from(aliases, ([name, { model = "the default model", effort, mode, workspace }]) => {
    const how = [
      ...(effort === undefined ? [] : [`${effort} effort`]),
      ...(mode === undefined ? [] : [`${mode} mode`]),
      ...(workspace === undefined ? [] : [`workspace ${workspace}`]),
    ];
    return {
      id: name,
      displayName: `${name} (${[model, ...how].join(", ")})`,
      aliases: [],
      description: `Stands for ${model}${how.length === 0 ? "" : ` with ${how.join(", ")}`}.`,
    };
  });
}

function openaiModels(openaiNames: ReadonlyMap<string, string>): readonly ModelInfo[] {
  return Array.from(openaiNames, ([id, model]) => ({
    id,
    displayName: id,
    aliases: [],
    description: `Stands for ${model}; no model of OpenAI's.`,
  }));
}
