import * as v from "valibot";

import type { RunContext, TokenCount } from "#core/backend.ts";
import { toGatewayError } from "#core/errors.ts";
import { tokensOf } from "#core/estimate-tokens.ts";
import type { ModelRequest } from "#core/request.ts";

import { inject, planHistory } from "./claim.ts";
import { offeredTools } from "./client-tools.ts";
import { wantedFor } from "./launch.ts";
import type { RunnerDeps } from "./runner.ts";

/**
 * Asks the CLI how full its context would be: it counts with the model API where that can count, and estimates where
 * it cannot. The categories are read one by one, as the total includes room kept free for compaction.
 */
const usageSchema = v.looseObject({
  categories: v.array(v.looseObject({ name: v.string(), tokens: v.number() })),
});
const NOT_INPUT = /free space|buffer/i;

/** Throws GatewayError. */
export async function countTokens(
  { supply, options, catalogue }: RunnerDeps,
  request: ModelRequest,
  context: RunContext,
): Promise<TokenCount> {
  const plan = planHistory(request, { ...options, setup: context });
  const { session, start, spawnMs } = await supply.acquire(wantedFor(context), context.signal);
  context.report({ start, spawnMs });
  const feed = session.beginTurn();
  const stop = (): void => feed.close();
  context.signal.addEventListener("abort", stop, { once: true });
  try {
    if (plan.initialize !== undefined) session.control(plan.initialize).then(catalogue.learn, stop);
    session.control({ subtype: "apply_flag_settings", settings: plan.settings }).catch(stop);
    for (const message of plan.history) if (!(await inject(session, feed, message))) return estimate(request, context);
    const counted = v.safeParse(usageSchema, await session.control({ subtype: "get_context_usage" }));
    if (!counted.success) return estimate(request, context);
    const used = counted.output.categories.filter(({ name }) => !NOT_INPUT.test(name));
    const inputTokens = used.reduce((total, { tokens }) => total + tokens, 0);
    // A bare model is not told what the CLI adds to its own history (2.1.329: some 300 tokens of environment).
    const exact = context.mode === "agent" && offeredTools(request.features, context).length === 0;
    return { inputTokens: inputTokens + toolTokens(request, context), exact };
  } catch (thrown) {
    throw toGatewayError(thrown);
  } finally {
    context.signal.removeEventListener("abort", stop);
    supply.discard(session, false);
  }
}

function estimate(request: ModelRequest, context: RunContext): TokenCount {
  const inputTokens = tokensOf([request.system, request.messages]) + toolTokens(request, context);
  return { inputTokens, exact: false };
}

/** The CLI is not told of the client's tools only to count them. */
function toolTokens({ features }: ModelRequest, context: RunContext): number {
  const tools = offeredTools(features, context);
  return tools.length === 0 ? 0 : tokensOf(tools);
}
