import type { Config } from "#config/schema.ts";
import type { ModelAlias, ModelNames } from "#gateway/model-names.ts";

/** The names models have by configuration, as the gateway takes them. */
export function modelNames({ aliases, model_versions, models }: Config): ModelNames {
  return {
    aliases: new Map(Object.entries(aliases).map(([name, alias]) => [name, modelAlias(alias)])),
    versions: new Map(Object.entries(model_versions)),
    openaiNames: new Map(Object.entries(models.openai_names)),
    passthrough: models.passthrough,
  };
}

function modelAlias({ system_prompt, permission_mode, ...alias }: Config["aliases"][string]): ModelAlias {
  return { ...alias, systemPrompt: system_prompt, permissionMode: permission_mode };
}
