import type { ModelRequest, RequestFeatures } from "#core/request.ts";

/** A short question that asks for these features. */
export function asking(features: RequestFeatures, model = "opus"): ModelRequest {
  return {
    wireFormat: "openai-chat",
    model,
    system: [],
    messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    stream: false,
    includeUsage: false,
    features,
    featureFields: {},
    ignoredFields: [],
  };
}
