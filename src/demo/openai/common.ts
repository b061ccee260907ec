import * as v from "valibot";

/** What OpenAI's two APIs have in common. */
import type { ApiError } from "#demo/api-error.ts";
import type { Format, Root } from "#demo/format.ts";
import type { AskedTool } from "#demo/request.ts";
import { explainIssue } from "#lib/schema-problem.ts";

import { errorBody, failure } from "./error.ts";

export const openaiCommon: Omit<Format, "read"> = {
  errorBody,
  failure,
  headers: (requestId) => ({
    "x-request-id": requestId,
    "openai-organization": "demo",
    "openai-processing-ms": "1",
    "openai-version": "2020-10-01",
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-reset-requests": "6ms",
    "x-ratelimit-limit-tokens": "2000000",
    "x-ratelimit-remaining-tokens": "1999000",
    "x-ratelimit-reset-tokens": "30ms",
  }),
  problemOfCredential: (headers) =>
    /^Bearer ./i.test(headers.get("authorization") ?? "") || headers.has("api-key")
      ? undefined
      : invalid("You didn't provide an API key: send it as `Authorization: Bearer`.", { status: 401 }),
  notJson: invalid("We could not parse the JSON body of your request."),
  notFound: (method, path) => invalid(`Invalid URL (${method} ${path})`, { status: 404 }),
  notAllowed: (method, path) =>
    invalid(`Not allowed to ${method} on ${path}.`, { status: 405, type: "method_not_supported" }),
};

export function invalid(message: string, more: Partial<ApiError> = {}): ApiError {
  return { status: 400, message, ...more };
}

/** The value, or the first thing that is wrong with it, in the API's words. */
export function parse<T>(
  schema: v.GenericSchema<unknown, T>,
  body: unknown,
): { readonly value: T } | { readonly problem: ApiError } {
  const parsed = v.safeParse(schema, body);
  if (parsed.success) return { value: parsed.output };
  const { path: param, explanation } = explainIssue(parsed.issues[0]);
  const missing = explanation === "required, but missing";
  return {
    problem: missing
      ? invalid(`Missing required parameter: '${param}'.`, { param, type: "missing_required_parameter" })
      : invalid(`Invalid value for '${param}': ${explanation}.`, { param, type: "invalid_value" }),
  };
}

/** Every name is played unless it says itself that it is unknown. */
export function problemOfModel(model: string): ApiError | undefined {
  return /unknown|no-such/.test(model) ? modelNotFound(model) : undefined;
}

export function modelNotFound(model: string): ApiError {
  const message = `The model \`${model}\` does not exist or you do not have access to it.`;
  return { status: 404, type: "model_not_found", message };
}

/** What the API takes for the name of a tool. */
const toolName = /^[a-zA-Z0-9_-]{1,64}$/;

/** `field` is where a tool of that place has its name: `tools[0].function.name`. */
export function problemOfTools(tools: readonly AskedTool[], field: (index: number) => string): ApiError | undefined {
  const unfit = tools.findIndex(({ name }) => !toolName.test(name));
  if (unfit === -1) return undefined;
  const param = field(unfit);
  const message = `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '${toolName.source}'.`;
  return invalid(message, { param, type: "invalid_value" });
}

export function problemOfChoice(
  choice: { readonly type: string; readonly name?: string | undefined } | undefined,
  tools: readonly AskedTool[],
): ApiError | undefined {
  if (choice?.type !== "tool" || tools.some(({ name }) => name === choice.name)) return undefined;
  return invalid(`Tool choice '${choice.name ?? ""}' not found in 'tools' parameter.`, { param: "tool_choice" });
}

/** Models of the vendor's own that think before they answer. */
export function isReasoningModel(model: string, root: Root): boolean {
  return root === "vendor" && /^(?:gpt-[5-9]|o\d)/.test(model);
}
