import { expect, test } from "bun:test";

import * as v from "valibot";

import { providerProblems } from "./providers.ts";
import { configSchema } from "./schema.ts";

function problems(rule: object) {
  return providerProblems(v.parse(configSchema, { providers: { openai: {} }, routing: { rules: { r: rule } } }));
}

// proves("upstream-rule-options")
test.each([
  [{ backend: "openai", effort: "low" }],
  [{ effort: "low", relay: "never" }],
  [{ backend: "claude-cli", mode: "chat" }],
  [{ thinking_budget: 0, temperature: 0, service_tier: "flex", max_output_tokens: 1, system_prompt: "Be brief." }],
])("%j is a rule", (rule) => {
  expect(problems(rule)).toEqual([]);
});

test.each([
  [{ backend: "opnai" }, 'routing.rules.r.backend names "opnai", which is no backend; did you mean openai?'],
  [{ model: "/(/" }, "routing.rules.r.model is no regular expression"],
  [{ token: "/(/" }, "routing.rules.r.token is no regular expression"],
  [
    { backend: "openai", effort: "low", relay: "always" },
    'routing.rules.r sets effort, for which a request has to be read; take out relay = "always"',
  ],
  [
    { temperature: 0, relay: "always" },
    'routing.rules.r sets temperature, for which a request has to be read; take out relay = "always"',
  ],
  [
    { backend: "openai", mode: "chat" },
    "routing.rules.r.mode is about CLIs; give the rule a backend of claude-cli, or leave it out",
  ],
])("%j is refused, and what to do is said", (rule, problem) => {
  expect(problems(rule)).toEqual([problem]);
});
