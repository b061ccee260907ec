/** The settings that decide what answers a request. */
import * as v from "valibot";

import { amount, choice, efforts, modes, someName, text, texts, whole, wireFormats } from "./schema-parts.ts";

const routingRule = v.strictObject({
  model: v.optional(
    text("Models it is about: a name in which `*` stands for anything, or a regular expression in slashes."),
  ),
  path: v.optional(text("What the request's path begins with.")),
  headers: v.optional(v.record(someName, text("Value it must have, written like a model's name."))),
  token: v.optional(text("Name of the access token its client presents, written like a model's name.")),
  wire_format: v.optional(choice(wireFormats, "The API that the client speaks.")),
  min_kb: v.optional(amount(0, 1_048_576, "Size that its body has at least.")),
  tools: v.optional(v.pipe(v.boolean(), v.description("Whether it brings tools."))),
  thinking: v.optional(v.pipe(v.boolean(), v.description("Whether it asks for thinking."))),
  backend: v.optional(text("What answers: claude-cli, codex-cli, or the name of a provider.")),
  to_model: v.optional(text("Model that is asked instead.")),
  effort: v.optional(choice(efforts, "Effort of the model, where the client asks for none.")),
  mode: v.optional(choice(modes, "Whether a CLI answers as an agent, where the client does not say.")),
  thinking_budget: v.optional(
    whole(0, 10_000_000, "Tokens of thinking, where the client asks for none; 0: it does not think."),
  ),
  temperature: v.optional(amount(0, 2, "Temperature, where the client asks for none.")),
  service_tier: v.optional(text("Service tier of the provider's, where the client asks for none.")),
  max_output_tokens: v.optional(whole(1, 10_000_000, "Tokens that an answer has at most, whatever the client allows.")),
  system_prompt: v.optional(text("Instructions before the client's.")),
  relay: v.optional(
    choice(
      ["when-possible", "never", "always"],
      "Whether a request travels as it came; never: it is always translated.",
    ),
  ),
});

const fallbacks = v.record(
  someName,
  texts("Who stands in for it where it cannot answer, in this order: `backend`, or `backend/model`."),
);

export const routing = v.strictObject({
  default: v.optional(
    text("What answers requests that nothing else is said of: claude-cli, codex-cli, or a provider."),
    "claude-cli",
  ),
  fallbacks: v.pipe(
    v.optional(fallbacks, {}),
    v.description('Who answers where a backend cannot: `openai = ["deepseek/deepseek-chat"]`.'),
  ),
  rules: v.pipe(
    v.optional(v.record(someName, routingRule), {}),
    v.description("The first rule of which everything holds decides."),
  ),
});
