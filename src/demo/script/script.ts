import { readArguments } from "./arguments.ts";
import { findDirectives } from "./directives.ts";
import type { Script, Step } from "./script-types.ts";
import { verbs } from "./verbs.ts";
import type { StepDraft } from "./verbs.ts";

/** Reads the directives of a prompt. Never throws: what is not understood becomes a problem. */
export function parseScript(text: string): Script {
  const { directives, rest, unclosed } = findDirectives(text);
  const steps: [StepDraft, ...StepDraft[]] = [emptyStep()];
  const problems = unclosed ? ["a [[demo directive has no closing ]]"] : [];
  for (const { verb, rest: words } of directives) {
    if (verb === "then") {
      steps.push(emptyStep());
      continue;
    }
    const apply = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    const problem =
      apply === undefined
        ? `it is unknown; known are ${[...Object.keys(verbs), "then"].join(", ")}`
        : apply(steps.at(-1) ?? steps[0], readArguments(words));
    if (problem !== undefined) problems.push(`[[demo ${verb}]]: ${problem}`);
  }
  return { steps, prompt: rest, problems };
}

/** What is played once the steps are over, so that every tool loop ends. */
export function closingStep(): Step {
  return { ...emptyStep(), content: [{ type: "results" }] };
}

/** The step with what an order adds to it: whatever the order says anew takes the place of the prompt's. */
export function withOrder(step: Step, order: Step): Step {
  const says = order.content.length > 0 || order.empty;
  return {
    content: says ? order.content : step.content,
    empty: says ? order.empty : step.empty,
    obey: step.obey || order.obey,
    stop: order.stop ?? step.stop,
    usage: { ...step.usage, ...order.usage },
    delayMs: order.delayMs ?? step.delayMs,
    split: step.split || order.split,
    headers: [...step.headers, ...order.headers],
    faults: [...step.faults, ...order.faults],
    quirks: [...step.quirks, ...order.quirks],
  };
}

export function emptyStep(): Step {
  return {
    content: [],
    empty: false,
    obey: false,
    stop: undefined,
    usage: {},
    delayMs: undefined,
    split: false,
    headers: [],
    faults: [],
    quirks: [],
  };
}
