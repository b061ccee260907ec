/** Says what is wrong with data from outside, in words for the person who sent it. */
import type { BaseIssue } from "valibot";

export interface SchemaProblem {
  /** Where, as the sender would write it: `messages[2].content`. Empty for the whole value. */
  readonly path: string;
  /** `expected a string or an array, got 5` or `required, but missing`. Quotes at most a few characters of the value. */
  readonly explanation: string;
}

interface Fault {
  readonly keys: readonly unknown[];
  readonly issue: BaseIssue<unknown>;
}

const quotedCharacters = 24;

/**
 * Explains the first issue of a failed parse. A check with a message of its own says there
 * what it expected ("a number from 0 to 2").
 */
export function explainIssue(issue: BaseIssue<unknown>): SchemaProblem {
  const fault = deepestFault({ keys: keysOf(issue), issue });
  const path = renderPath(fault.keys);
  if (isMissingKey(fault)) return { path, explanation: "required, but missing" };
  if (fault.issue.type === "strict_object" && fault.issue.expected === "never")
    return { path, explanation: "there is no such field" };
  const expected = fault.issue.kind === "schema" ? expectedWords(fault.issue.expected ?? "") : fault.issue.message;
  return { path, explanation: `expected ${expected}, got ${describeValue(fault.issue.input)}` };
}

/** `messages[2].content` from `["messages", 2, "content"]`. */
export function renderPath(keys: readonly unknown[]): string {
  let path = "";
  for (const key of keys) path += typeof key === "number" ? `[${key}]` : `${path === "" ? "" : "."}${String(key)}`;
  return path;
}

/** What a value is, without giving it away: short strings are quoted, long ones only measured. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string")
    return value.length <= quotedCharacters ? JSON.stringify(value) : `a string of ${value.length} characters`;
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return value === null ? "null" : "an object";
}

/** A union reports one issue and hides those of its options: the one that matched furthest is what the sender meant. */
function deepestFault(fault: Fault): Fault {
  let deepest = fault;
  for (const inner of fault.issue.issues ?? []) {
    const candidate = deepestFault({ keys: [...fault.keys, ...keysOf(inner)], issue: inner });
    if (candidate.keys.length > deepest.keys.length) deepest = candidate;
  }
  return deepest;
}

/** valibot gives the quoted key itself as what it expected. */
function isMissingKey({ keys, issue }: Fault): boolean {
  return (
    issue.kind === "schema" &&
    issue.input === undefined &&
    (issue.expected === JSON.stringify(keys.at(-1)) || issue.type === "variant")
  );
}

function keysOf(issue: BaseIssue<unknown>): readonly unknown[] {
  return issue.path?.map((item) => item.key) ?? [];
}

/** valibot writes `(string | Array)`, and nests it. */
function expectedWords(expected: string): string {
  const names = expected.replaceAll(/[()]/gu, "").split(" | ");
  const words = [...new Set(names.map((name) => nounOf.get(name) ?? name))];
  const last = words.pop() ?? "something else";
  return words.length === 0 ? last : `${words.join(", ")} or ${last}`;
}

const nounOf: ReadonlyMap<string, string> = new Map([
  ["string", "a string"],
  ["number", "a number"],
  ["boolean", "true or false"],
  ["Array", "an array"],
  ["Object", "an object"],
]);
