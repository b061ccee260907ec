import type { ReasoningSetting } from "#core/request.ts";

const THINKING_TYPES = {
  adaptive: "adaptive",
  budget: "enabled",
  "between-tools": "between_tools",
  disabled: "disabled",
} as const;

/** The member `thinking` of a request. */
export function encodeThinking({ mode, budgetTokens, display }: ReasoningSetting): Readonly<Record<string, unknown>> {
  return {
    type: THINKING_TYPES[mode],
    ...(budgetTokens !== undefined && { budget_tokens: budgetTokens }),
    ...(display !== undefined && { display }),
  };
}
