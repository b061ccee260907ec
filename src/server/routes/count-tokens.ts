import { runHeaders } from "#server/answer-headers.ts";
import { callOf } from "#server/call.ts";
import { jsonResponse } from "#server/json-response.ts";
import {
  errorResponses,
  json,
  modeParameter,
  requestIdParameter,
  runHeaderObjects,
  schemaRef,
  sessionParameter,
  strictParameter,
  workspaceParameter,
} from "#server/openapi/parts.ts";
import { relay } from "#server/relay.ts";
import { readBody } from "#server/request-body.ts";
import type { Route } from "#server/route.ts";
import { decodeCountTokensRequest } from "#wire/anthropic-messages/index.ts";

const countTokens: Route["answer"] = async (exchange, services, params) => {
  const { gateway, limits } = services;
  const call = callOf(exchange, params);
  const { bytes, json: body } = await readBody(exchange, limits.maxBodyBytes);
  exchange.stayOpen();
  const relayed = await relay(exchange, services, {
    call,
    body: bytes,
    json: body,
    outline: exchange.wireFormat.outline(body),
  });
  if (relayed !== undefined) return relayed;
  const request = decodeCountTokensRequest(body);
  exchange.record.set({ modelAsked: request.model });
  const { inputTokens, exact, head } = await gateway.countTokens(request, call);
  const headers = {
    ...runHeaders(head),
    ...(!exact && { "X-CCProxy-Estimate": "true" }),
  };
  return jsonResponse({ input_tokens: inputTokens }, { headers });
};

const text = { type: "string" };

export const countTokensRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/messages/count_tokens",
    open: false,
    prefixed: true,
    answer: countTokens,
    operation: {
      operationId: "countMessageTokens",
      summary: "Input tokens a messages request would cost",
      description:
        "Claude Code's own figure where it gives one; otherwise an estimate, marked by `X-CCProxy-Estimate`.",
      tags: ["Anthropic"],
      parameters: [modeParameter, workspaceParameter, sessionParameter, strictParameter, requestIdParameter],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: schemaRef("TokenCountRequest"),
            example: { model: "sonnet", messages: [{ role: "user", content: "Say hello in one word." }] },
          },
        },
      },
      responses: {
        200: json("TokenCount", "The count.", {
          ...runHeaderObjects,
          "X-CCProxy-Estimate": { description: "`true` when the figure is an estimate.", schema: text },
        }),
        ...errorResponses("AnthropicError", [400, 401, 403, 404, 413, 415, 429, 500, 502, 503, 504, 529]),
      },
    },
  },
];
