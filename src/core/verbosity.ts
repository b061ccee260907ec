/**
 * How much of what the agent does by itself a client is shown. `text-only` and `ignore`, one in two words: nothing of
 * it. `formatted`, `verbose` and `narrated`: as text. `forward`: as parts of the answer's own format.
 */
export const verbosities = ["text-only", "ignore", "formatted", "forward", "verbose", "narrated"] as const;

export type Verbosity = (typeof verbosities)[number];
