import type { RunSetup } from "#core/backend.ts";
import type { RequestFeature, RequestFeatures } from "#core/request.ts";

/** What Codex has no word for: it asks the model as it sees fit. */
const NEVER: readonly RequestFeature[] = [
  "maxOutputTokens",
  "temperature",
  "topP",
  "topK",
  "stopSequences",
  "serviceTier",
  "toolExtras",
  "vendorTools",
  "parallelToolCalls",
  "user",
  "betas",
];

export function unsupportedFeatures(features: RequestFeatures, { tools }: RunSetup): readonly RequestFeature[] {
  const { toolChoice, responseFormat } = features;
  const isForced = toolChoice?.type === "required" || toolChoice?.type === "tool";
  const refused: readonly RequestFeature[] = [
    ...NEVER,
    ...(isForced ? (["toolChoice"] as const) : []),
    // Codex has answers held to a schema word by word, or not at all.
    ...(responseFormat?.type === "json-object" ? (["responseFormat"] as const) : []),
    ...(tools === "agent" ? (["tools", "toolChoice"] as const) : []),
  ];
  return [...new Set(refused)].filter((feature) => features[feature] !== undefined);
}

export function supportedFeatures(features: RequestFeatures, setup: RunSetup): RequestFeatures {
  const unsupported = new Set<string>(unsupportedFeatures(features, setup));
  return Object.fromEntries(Object.entries(features).filter(([feature]) => !unsupported.has(feature)));
}
