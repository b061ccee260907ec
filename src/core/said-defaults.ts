import type { ModelRequest } from "./request.ts";

interface Sampling {
  readonly temperature?: number | null | undefined;
  readonly top_p?: number | null | undefined;
}

/** All three APIs draw with 1 where nothing is said; what is hotter than any backend is asked for is answered at 1. */
export function saidDefaults({ temperature, top_p: topP }: Sampling): ModelRequest["saidDefaults"] {
  const isWarm = typeof temperature === "number" && temperature >= 1;
  if (!isWarm && topP !== 1) return undefined;
  return { ...(isWarm && { temperature: 1 }), ...(topP === 1 && { topP }) };
}
