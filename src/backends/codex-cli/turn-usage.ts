import { addUsage, noUsage, subtractUsage, type Usage } from "#core/usage.ts";

import type { CodexUsage } from "./notices.ts";

/** What a turn used. Codex tells it of each step, and as a sum of the thread that has what an answer used that broke off. */
export class TurnUsage {
  /** As Codex sums it up, with the turns before this one. */
  #thread: Usage;
  #before: Usage | undefined;
  #counted = noUsage;
  /** Of the earlier answers of this turn. */
  #told = noUsage;

  /** `before`: what the thread used before this turn; undefined where only Codex knows. */
  constructor(before: Usage | undefined) {
    this.#before = before;
    this.#thread = before ?? noUsage;
  }

  /** Of the thread, with this turn; undefined where that was never told. */
  get thread(): Usage | undefined {
    return this.#before && this.#thread;
  }

  /** Since the answer before this one. */
  get ofAnswer(): Usage {
    return subtractUsage(this.#used(), this.#told);
  }

  sum(total: CodexUsage | undefined, last: CodexUsage | undefined): void {
    this.#thread = usageOf(total);
    this.#before ??= subtractUsage(this.#thread, usageOf(last));
  }

  count(step: CodexUsage | undefined): Usage {
    const usage = usageOf(step);
    this.#counted = addUsage(this.#counted, usage);
    return usage;
  }

  /** What no step has told of. */
  countRest(): Usage {
    const rest = subtractUsage(this.#used(), this.#counted);
    this.#counted = this.#used();
    return rest;
  }

  endAnswer(): void {
    this.#told = this.#used();
  }

  #used(): Usage {
    const total = subtractUsage(this.#thread, this.#before ?? noUsage);
    const { inputTokens, outputTokens } = this.#counted;
    return total.inputTokens + total.outputTokens > inputTokens + outputTokens ? total : this.#counted;
  }
}

function usageOf(usage: CodexUsage | undefined): Usage {
  if (usage === undefined) return noUsage;
  return {
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cacheReadInputTokens: usage.cachedInputTokens,
    cacheWriteInputTokens: usage.cacheWriteInputTokens,
    cacheWrite1hInputTokens: 0,
    reasoningTokens: usage.reasoningOutputTokens,
  };
}
