import { GatewayError } from "#core/errors.ts";
import { quotedId } from "#lib/quoted-id.ts";
import { jsonResponse } from "#server/json-response.ts";
import { errorResponses, json, requestIdHeader } from "#server/openapi/parts.ts";
import type { Route } from "#server/route.ts";

const cancelRequest: Route["answer"] = ({ principal }, { cancelTurns }, params) => {
  const id = params["id"] ?? "";
  if (cancelTurns(principal, id) === 0)
    throw new GatewayError("not-found", `No request ${quotedId(id)} of yours is running or waits.`, {
      hint: "Its id is in the header X-Request-Id of its answer; one that is over cannot be cancelled.",
    });
  return jsonResponse({ id, object: "request", status: "cancelled" });
};

export const requestRoutes: readonly Route[] = [
  {
    method: "DELETE",
    path: "/v1/requests/:id",
    open: false,
    prefixed: true,
    answer: cancelRequest,
    operation: {
      operationId: "cancelRequest",
      summary: "Cancel a request that is being answered, or whose turn waits for results of its tools",
      description:
        "Its client gets the error `cancelled` in its own format, as a frame where a stream has begun, and its turn is interrupted. An agent's turn that ended an answer with calls of the client's tools ends where it waits; results that come after all are answered from the conversation.",
      tags: ["Requests"],
      parameters: [
        {
          name: "id",
          in: "path",
          required: true,
          description: "The request's `X-Request-Id`, percent-encoded; yours or ours.",
          schema: { type: "string" },
        },
      ],
      responses: {
        200: json("CancelledRequest", "It is cancelled.", requestIdHeader),
        ...errorResponses("OpenAIError", [401, 403, 404, 503]),
      },
    },
  },
];
