import type { Root } from "#demo/format.ts";

import { pageAfter } from "./pages.ts";

interface DemoModel {
  readonly id: string;
  readonly name: string;
  readonly released: string;
  readonly line: string;
}

const models: readonly DemoModel[] = [
  { id: "claude-opus-5-5", name: "Claude Opus 5.5", released: "2026-09-15", line: "opus" },
  { id: "claude-sonnet-5-5", name: "Claude Sonnet 5.5", released: "2026-09-15", line: "sonnet" },
  { id: "claude-haiku-5-5", name: "Claude Haiku 5.5", released: "2026-09-15", line: "haiku" },
  { id: "claude-fable-5-2", name: "Claude Fable 5.2", released: "2026-09-15", line: "fable" },
  { id: "claude-opus-4-8", name: "Claude Opus 4.8", released: "2026-04-01", line: "opus" },
];

/**
 * `demo` and any `claude-` name are played, and under a compatible provider's root every name, unless it says itself
 * that it is unknown; the rest is refused, as by the API.
 */
export function isKnownModel(id: string, root: Root): boolean {
  return (root === "compatible" || id === "demo" || id.startsWith("claude-")) && !/unknown|no-such/.test(id);
}

/** What the API says to a sampling parameter for a model after Opus 4.6; undefined when all is well. */
export function problemOfSampling(request: {
  readonly model: string;
  readonly temperature?: number | null | undefined;
  readonly top_p?: number | null | undefined;
  readonly top_k?: number | null | undefined;
}): string | undefined {
  if (!/^claude-(?:fable-|(?:opus|sonnet|haiku)-5|opus-4-[78])/.test(request.model)) return undefined;
  const given = (["temperature", "top_p", "top_k"] as const).find((key) => typeof request[key] === "number");
  return given === undefined ? undefined : `${given}: this parameter is not supported by ${request.model}`;
}

export function describeModel(id: string): object | undefined {
  const known = models.find((model) => model.id === id);
  return known === undefined ? undefined : describe(known);
}

/** One page of the list, newest first, with the API's cursors. */
export function listModels(query: URLSearchParams): object {
  return pageAfter(models.map(describe), query);
}

function describe({ id, name, released, line }: DemoModel) {
  return {
    type: "model",
    id,
    display_name: name,
    created_at: `${released}T00:00:00Z`,
    max_input_tokens: 1_000_000,
    max_tokens: 128_000,
    lifecycle: "active",
    line,
    deprecated_at: null,
    retires_at: null,
  };
}
