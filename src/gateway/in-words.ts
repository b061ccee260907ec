/**
 * What a backend has no word for and a model understands all the same: it is named as ignored, and asked for in the
 * instructions. Frameworks that have a model answer by a call (pydantic-ai, instructor, smolagents) get one that way.
 */
import type { ModelRequest, RequestFeature } from "#core/request.ts";

/** `toModel`: what the model knows a tool of the client's as; by the client's name it may have one of its own. */
export function inWords(
  request: ModelRequest,
  refused: readonly RequestFeature[],
  toModel: (name: string) => string,
): ModelRequest {
  const { toolChoice, responseFormat } = request.features;
  const said = [
    // Where the tools stay out as well, there is nothing to call.
    ...(refused.includes("toolChoice") && !refused.includes("tools") ? call(toolChoice, toModel) : []),
    ...(refused.includes("responseFormat") && responseFormat?.type === "json-object" ? [object] : []),
  ];
  return said.length === 0 ? request : { ...request, system: [...request.system, ...said] };
}

function call(choice: ModelRequest["features"]["toolChoice"], toModel: (name: string) => string): readonly string[] {
  switch (choice?.type) {
    case "tool":
      return [
        `Answer with a call of the tool ${JSON.stringify(toModel(choice.name))} and nothing else: no words beside it.`,
      ];
    case "required":
      return ["Answer with a call of at least one of the tools you are offered and nothing else: no words beside it."];
    default:
      return [];
  }
}

const object = "Answer with one JSON object and nothing else: no words around it, no code fence.";
