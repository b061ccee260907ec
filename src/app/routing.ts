import { cliNames, patternOf, providersOf } from "#config/providers.ts";
import type { Config } from "#config/schema.ts";
import type { Backend } from "#core/backend.ts";
import type { Fallback } from "#gateway/fallback.ts";
import { createRouting, type Routing, type RoutingRule } from "#gateway/routing.ts";

/** Which backend answers what, by the configuration; `backends` begins with Claude Code. */
export function routingOf<B extends Pick<Backend, "id">>(config: Config, backends: readonly [B, ...B[]]): Routing<B> {
  const first = backends.find(({ id }) => id === config.routing.default) ?? backends[0];
  return createRouting({
    backends: [first, ...backends.filter((backend) => backend !== first)],
    rules: rulesOf(config),
    ownNames: cliNames,
    fallbacks: new Map(Object.entries(config.routing.fallbacks).map(([id, names]) => [id, names.map(fallbackOf)])),
    claims: [
      { name: "codex-cli", models: config.codex.enabled ? config.codex.models : [] },
      ...providersOf(config),
    ].flatMap(({ name, models }) => models.map((model) => ({ backend: name, model, pattern: patternOf(model) }))),
  });
}

/** `backend`, or `backend/model`. */
function fallbackOf(name: string): Fallback {
  const [backend = "", ...model] = name.split("/");
  return { backend, model: model.length === 0 ? undefined : model.join("/") };
}

export function rulesOf({ routing }: Config): readonly RoutingRule[] {
  return Object.entries(routing.rules).map(([name, rule]) => ruleOf(name, rule));
}

type RuleSettings = Config["routing"]["rules"][string];

function ruleOf(name: string, rule: RuleSettings): RoutingRule {
  return {
    name,
    model: rule.model === undefined ? undefined : patternOf(rule.model),
    path: rule.path,
    token: rule.token === undefined ? undefined : patternOf(rule.token),
    headers:
      rule.headers &&
      new Map(Object.entries(rule.headers).map(([key, value]) => [key.toLowerCase(), patternOf(value)])),
    wireFormat: rule.wire_format,
    minBytes: rule.min_kb === undefined ? undefined : rule.min_kb * 1024,
    hasTools: rule.tools,
    thinks: rule.thinking,
    backend: rule.backend,
    toModel: rule.to_model,
    relay: rule.relay,
    options: {
      mode: rule.mode,
      effort: rule.effort,
      thinkingBudget: rule.thinking_budget,
      temperature: rule.temperature,
      serviceTier: rule.service_tier,
      maxOutputTokens: rule.max_output_tokens,
      systemPrompt: rule.system_prompt,
    },
  };
}
