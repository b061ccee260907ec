import type { Mode, ModelInfo } from "#core/backend.ts";
import type { ModelRequest } from "#core/request.ts";

/** A configured name for a model, and how it is to be run. */
export interface ModelAlias {
  readonly model?: string | undefined;
  readonly mode?: Mode | undefined;
}

export interface Resolved {
  readonly request: ModelRequest;
  readonly mode: Mode;
}

/**
 * What to run. Mode: the client's header, then the alias, then the configured default.
 * Model: the alias's, then the client's own name, then (in the backend) the configured or the CLI's default.
 */
export function resolveRun(
  request: ModelRequest,
  headerMode: Mode | undefined,
  settings: { readonly aliases: ReadonlyMap<string, ModelAlias>; readonly defaultMode: Mode },
): Resolved {
  const alias = request.model === undefined ? undefined : settings.aliases.get(request.model);
  return {
    request: alias === undefined ? request : { ...request, model: alias.model },
    mode: headerMode ?? alias?.mode ?? settings.defaultMode,
  };
}

/** Configured names, so that a client can offer them. */
export function aliasModels(aliases: ReadonlyMap<string, ModelAlias>): readonly ModelInfo[] {
  return Array.from(aliases, ([name, { model, mode }]) => ({
    id: name,
    displayName: name,
    aliases: [],
    description: `Stands for ${model ?? "the default model"}${mode === undefined ? "" : ` in ${mode} mode`}.`,
  }));
}
