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
  };
}
