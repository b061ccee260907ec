/** What providers that call themselves compatible do differently. Each is off until a prompt, a path or an order asks for it. */
export const quirkNames = [
  // How a stream is written
  "crlf",
  "comments",
  "no-event-names",
  "no-done",
  "not-streamed",
  // Where usage stands
  "no-usage",
  "usage-null",
  "usage-each",
  "usage-last",
  // Tool calls and reasoning
  "whole-calls",
  "no-call-index",
  "reasoning-field",
  "reasoning-text",
  "no-signature",
  // How failure is told
  "error-array",
  "error-string",
  "error-html",
  "error-chunk",
  "error-event",
  // Who is let in
  "no-key",
] as const;
export type Quirk = (typeof quirkNames)[number];

export function isQuirk(name: string): name is Quirk {
  const known: readonly string[] = quirkNames;
  return known.includes(name);
}

/** Undefined when all of them are known. */
export function problemOfQuirks(names: readonly string[]): string | undefined {
  const unknown = names.find((name) => !isQuirk(name));
  return unknown === undefined ? undefined : `the quirk "${unknown}" is unknown; known are ${quirkNames.join(", ")}`;
}
