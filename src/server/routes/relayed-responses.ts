import { GatewayError } from "#core/errors.ts";
import type { Exchange } from "#server/exchange.ts";
import { backendParameter, errorResponses, requestIdHeader, requestIdParameter } from "#server/openapi/parts.ts";
import { relay } from "#server/relay.ts";
import type { Route, RouteParams, Services } from "#server/route.ts";
import { readTurn } from "#server/turn.ts";

import { goesOn } from "./responses.ts";

/** What a provider's Responses API does with a request beside answering it: it goes where the request itself would. */
async function passOn(exchange: Exchange, services: Services, params: RouteParams): Promise<Response> {
  const asked = await readTurn(exchange, services, params, (body) => goesOn(exchange, services, body));
  const answer = await relay(exchange, services, asked);
  if (answer !== undefined) return answer;
  throw new GatewayError("not-found", `Nothing answers ${exchange.path.slice(0, 200)} for this request.`, {
    hint: "It is passed on as it came to a provider that speaks Responses: name its model NAME/MODEL, or ask below /providers/NAME/v1, without an alias, a session or a response that ccproxy keeps.",
  });
}

function route(name: string, operationId: string, summary: string): Route {
  const answer = { description: "The provider's answer, as it came.", headers: requestIdHeader };
  return {
    method: "POST",
    path: `/v1/responses/${name}`,
    open: false,
    prefixed: true,
    answer: passOn,
    operation: {
      operationId,
      summary,
      description:
        "Passed on as it came, where the same request to `/v1/responses` would be answered by a provider that speaks Responses. A 404 elsewhere.",
      tags: ["OpenAI"],
      parameters: [backendParameter, requestIdParameter],
      responses: {
        200: { ...answer, content: { "application/json": { schema: { type: "object" } } } },
        ...errorResponses("OpenAIError", [400, 401, 403, 404, 413, 415, 429, 499, 500, 502, 503, 504]),
      },
    },
  };
}

export const relayedResponseRoutes: readonly Route[] = [
  route("input_tokens", "countResponseTokens", "Input tokens a request for a response would cost"),
  route("compact", "compactConversation", "Shorten a conversation"),
];
