import type { Root } from "./format.ts";
import type { Quirk } from "./script/quirks.ts";
import { isQuirk, problemOfQuirks } from "./script/quirks.ts";

/** What a path asks for. */
export interface Place {
  readonly endpoint: Endpoint;
  /** Whose API it is of; undefined where several have the same path. */
  readonly api: (typeof endpoints)[number][1];
  /** Of the model, batch or file; empty where the endpoint has none. */
  readonly id: string;
  readonly root: Root;
  readonly quirks: readonly Quirk[];
  /** What is wrong with the quirks in the path. */
  readonly problem: string | undefined;
}

export type Endpoint = (typeof endpoints)[number][0] | "unknown";

/**
 * The ends of a path, and whose they are. Models come last: what stands before another end is a provider's own root,
 * whatever its words.
 */
const endpoints = [
  ["chat", "openai-chat", /\/chat\/completions$/],
  ["responses", "openai-responses", /\/responses$/],
  ["responses-tokens", "openai-responses", /\/responses\/input_tokens$/],
  ["response", "openai-responses", /\/responses\/([^/]+)$/],
  ["response-cancel", "openai-responses", /\/responses\/([^/]+)\/cancel$/],
  ["response-items", "openai-responses", /\/responses\/([^/]+)\/input_items$/],
  ["messages", "anthropic-messages", /\/messages$/],
  ["count-tokens", "anthropic-messages", /\/messages\/count_tokens$/],
  ["batches", "anthropic-messages", /\/messages\/batches$/],
  ["batch", "anthropic-messages", /\/messages\/batches\/([^/]+)$/],
  ["batch-results", "anthropic-messages", /\/messages\/batches\/([^/]+)\/results$/],
  ["files", undefined, /\/files$/],
  ["file", undefined, /\/files\/([^/]+)$/],
  ["models", undefined, /\/models$/],
  // The names of some providers hold a slash.
  ["model", undefined, /\/models\/(.+)$/],
] as const;

/**
 * Every API under any root: `/v1/messages` is Anthropic's own, `/anthropic/v1/messages` and `/messages` are those of
 * a provider that is compatible with it. A part `quirks=a,b` of the root turns these quirks on.
 */
export function readPlace(pathname: string): Place {
  const quirks = [...pathname.matchAll(/\/quirks=([^/]*)/g)].flatMap(([, names = ""]) => names.split(","));
  const path = pathname.replaceAll(/\/quirks=[^/]*/g, "");
  const common = {
    root: path.startsWith("/v1/") ? ("vendor" as const) : ("compatible" as const),
    quirks: quirks.filter(isQuirk),
    problem: problemOfQuirks(quirks),
  };
  for (const [endpoint, api, pattern] of endpoints) {
    const found = pattern.exec(path);
    if (found !== null) return { endpoint, api, id: decoded(found[1] ?? ""), ...common };
  }
  return { endpoint: "unknown", api: undefined, id: "", ...common };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
