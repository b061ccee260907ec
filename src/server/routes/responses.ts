import { GatewayError } from "#core/errors.ts";
import type { StoredResponse } from "#core/stored-response.ts";
import type { Keeper } from "#gateway/routing.ts";
import { isRecord } from "#lib/is-record.ts";
import { quotedId } from "#lib/quoted-id.ts";
import { callOf } from "#server/call.ts";
import type { Exchange } from "#server/exchange.ts";
import { jsonResponse } from "#server/json-response.ts";
import type { Operation, Parameter } from "#server/openapi/operation.ts";
import {
  errorResponses,
  eventStream,
  json,
  requestIdHeader,
  requestIdParameter,
  runHeaderObjects,
  schemaRef,
  turnParameters,
} from "#server/openapi/parts.ts";
import { relay } from "#server/relay.ts";
import { listedItem } from "#server/responses/listed-item.ts";
import { expandBody, withIds } from "#server/responses/stored-conversation.ts";
import type { Route, RouteParams, Services } from "#server/route.ts";
import { answerTurn, type GoesOn, type PreparedTurn } from "#server/turn.ts";

function create(exchange: Exchange, services: Services, params: RouteParams): Promise<Response> {
  return answerTurn(exchange, services, params, {
    prepare: (body) => prepare(exchange, services, body),
    goesOn: (body) => goesOn(exchange, services, body),
  });
}

/** From a response of ours, or from one that a backend keeps. */
export function goesOn({ principal }: Exchange, services: Services, body: unknown): GoesOn | undefined {
  const previous = isRecord(body) ? body["previous_response_id"] : undefined;
  if (typeof previous !== "string") return undefined;
  const kept = services.responses?.find(principal, previous);
  if (kept !== undefined) return { maker: kept.maker };
  const keeper = keeperOf(services, { principal, id: previous, isAsked: false });
  return keeper && { keeper };
}

interface Kept {
  readonly principal: string;
  readonly id: string;
  readonly isAsked: boolean;
}

function keeperOf({ providerResponses }: Services, { principal, id, isAsked }: Kept): Keeper | undefined {
  const found = providerResponses?.find(principal, id);
  return found && { backend: found.backend, response: id, isAsked };
}

/** The conversation it goes on from, and where its answer is kept. */
function prepare({ principal, record }: Exchange, { responses: store }: Services, given: unknown): PreparedTurn {
  const { body, kept, input, previous, stored } = expandBody(given, { store, principal });
  const id = `resp_${crypto.randomUUID().replaceAll("-", "")}`;
  const remember: PreparedTurn["remember"] = (response, maker) =>
    store?.save({ principal, id, createdAt: record.receivedAt, previous, input: withIds(input, id), response, maker });
  return { body, kept, answerId: id, repeated: { store: stored }, ...(stored && { remember }) };
}

const one: Route["answer"] = (exchange, services, params) => {
  const found = find(exchange, services, params);
  if (found === undefined) return elsewhere(exchange, services, params);
  if (exchange.query.get("stream") === "true") throw notAgain();
  return jsonResponse(found.response);
};

const remove: Route["answer"] = async (exchange, services, params) => {
  const id = idOf(params);
  const isGone = services.responses?.remove(exchange.principal, id) === true;
  if (isGone) return jsonResponse({ id, object: "response", deleted: true });
  const answer = await elsewhere(exchange, services, params);
  if (answer.ok) services.providerResponses?.remove(exchange.principal, id);
  return answer;
};

/** Cancelling twice is no fault, in this API. */
const cancel: Route["answer"] = (exchange, services, params) => {
  const cut = services.cancelAnswer(exchange.principal, idOf(params));
  if (cut !== undefined) return jsonResponse(cut);
  const found = find(exchange, services, params);
  if (found === undefined) return elsewhere(exchange, services, params);
  const { id, response } = found;
  if (response["status"] !== "cancelled") throw over(id);
  return jsonResponse(response);
};

const longestPage = 100;

const inputItems: Route["answer"] = (exchange, services, params) => {
  const { query } = exchange;
  const found = find(exchange, services, params);
  if (found === undefined) return elsewhere(exchange, services, params);
  const { input } = found;
  const items = query.get("order") === "asc" ? input : input.toReversed();
  const asked = query.get("limit") ?? "";
  const limit = /^[1-9]\d{0,2}$/.test(asked) ? Math.min(Number(asked), longestPage) : 20;
  const after = items.findIndex(({ id }) => id === query.get("after"));
  const data = items.slice(after + 1, after + 1 + limit).map(listedItem);
  return jsonResponse({
    object: "list",
    data,
    first_id: data[0]?.["id"] ?? null,
    last_id: data.at(-1)?.["id"] ?? null,
    has_more: after + 1 + limit < items.length,
  });
};

/** Codex asks for WebSocket first, and sends the same over HTTP when that is refused. */
const refuseUpgrade: Route["answer"] = ({ request }) => {
  const asked = request.headers.get("upgrade")?.toLowerCase() === "websocket";
  const what = asked ? "Responses are not served over WebSocket here." : "This path takes no GET but WebSocket's.";
  throw new GatewayError(asked ? "upgrade-refused" : "method-not-allowed", what, {
    hint: "POST the request, or GET a response by its id.",
    allow: ["POST"],
  });
};

function find({ principal }: Exchange, { responses }: Services, params: RouteParams): StoredResponse | undefined {
  return responses?.find(principal, idOf(params));
}

/**
 * What is not kept here may be kept by the upstream that made it: by the one in the path, or by the one that is known to
 * have. Throws GatewayError `not-found` where nobody is asked.
 */
async function elsewhere(exchange: Exchange, services: Services, params: RouteParams): Promise<Response> {
  exchange.stayOpen();
  const { principal } = exchange;
  const id = idOf(params);
  const call = callOf(exchange, params);
  const isNamed = typeof params["backend"] === "string";
  const keeper = isNamed ? undefined : keeperOf(services, { principal, id, isAsked: true });
  const answer = await relay(exchange, services, { call: { ...call, route: { ...call.route, keeper } } });
  if (answer === undefined) throw unknown(id);
  return answer;
}

function idOf(params: RouteParams): string {
  return params["id"] ?? "";
}

function unknown(id: string): GatewayError {
  return new GatewayError("not-found", `You have no response ${quotedId(id)}.`, {
    hint: "One is kept for responses.keep_days and within responses.max_mb, unless its request had `store: false`. One that a provider keeps is found here where it was made through here, for as long; below /providers/NAME/v1 in any case.",
  });
}

/** As OpenAI has it: a client that waits for events would take a whole response for a stream without any. */
function notAgain(): GatewayError {
  return new GatewayError("invalid-request", "Only a response that is made in the background can be streamed again.", {
    param: "stream",
    hint: "Get it without `stream`.",
  });
}

function over(id: string): GatewayError {
  return new GatewayError("invalid-request", `The response ${id} is over.`, {
    hint: "Only one that is being made can be cancelled.",
  });
}

// ---- what the document says

const examples = {
  text: { summary: "One question", value: { model: "sonnet", input: "Say hello in one word." } },
  stream: {
    summary: "Streamed, with instructions",
    value: {
      model: "sonnet",
      stream: true,
      instructions: "Answer in one short sentence.",
      input: "Why is the sky blue?",
    },
  },
};

const streamExample = `event: response.output_text.delta
data: {"type":"response.output_text.delta","item_id":"msg_1_0","output_index":0,"content_index":0,"delta":"Hello","logprobs":[],"sequence_number":4}

`;

const idParameter: Parameter = {
  name: "id",
  in: "path",
  required: true,
  description: "The response's id.",
  schema: { type: "string" },
};

function route(
  method: Route["method"],
  path: string,
  answer: Route["answer"],
  operation: Omit<Operation, "tags">,
): Route {
  const parameters = [idParameter, ...(operation.parameters ?? []), requestIdParameter];
  const documented: Operation = { ...operation, tags: ["OpenAI"], parameters };
  return { method, path, open: false, prefixed: true, answer, operation: documented };
}

const failures = errorResponses("OpenAIError", [401, 403, 404, 500, 503]);

const pageParameters: readonly Parameter[] = [
  {
    name: "limit",
    in: "query",
    description: "Items on one page.",
    schema: { type: "integer", minimum: 1, maximum: longestPage, default: 20 },
  },
  { name: "after", in: "query", description: "Start after this item.", schema: { type: "string" } },
  {
    name: "order",
    in: "query",
    description: "`desc`: the last first.",
    schema: { type: "string", enum: ["asc", "desc"], default: "desc" },
  },
];

export const responseRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/responses",
    open: false,
    prefixed: true,
    answer: create,
    operation: {
      operationId: "createResponse",
      summary: "Answer a conversation (OpenAI Responses)",
      description:
        "The conversation goes in `input`, or goes on from `previous_response_id`. Unless `store` is false, the answer is kept under its id. With `stream: true` it is server-sent events that end with `response.completed`, `response.incomplete` or `response.failed`.",
      tags: ["OpenAI"],
      parameters: turnParameters,
      requestBody: {
        required: true,
        content: { "application/json": { schema: schemaRef("ResponseRequest"), examples } },
      },
      responses: {
        200: {
          description: "The answer.",
          headers: runHeaderObjects,
          content: {
            "application/json": { schema: schemaRef("Response") },
            "text/event-stream": eventStream("ResponseStreamEvent", streamExample),
          },
        },
        ...errorResponses("OpenAIError", [400, 401, 402, 403, 404, 409, 413, 415, 422, 429, 499, 500, 502, 503, 504]),
      },
    },
  },
  {
    method: "GET",
    path: "/v1/responses",
    open: false,
    prefixed: true,
    answer: refuseUpgrade,
    operation: {
      operationId: "upgradeResponses",
      summary: "Not served: Responses over WebSocket",
      description: "Answered with 426, after which clients such as Codex send the same by POST.",
      tags: ["OpenAI"],
      parameters: [requestIdParameter],
      responses: errorResponses("OpenAIError", [401, 403, 405, 426]),
    },
  },
  route("GET", "/v1/responses/:id", one, {
    operationId: "getResponse",
    summary: "A response that is kept",
    description: "Here, or by the provider that made it; this and the other paths of a response find either.",
    responses: { 200: json("Response", "The response.", requestIdHeader), ...failures },
  }),
  route("DELETE", "/v1/responses/:id", remove, {
    operationId: "deleteResponse",
    summary: "Forget a response",
    description: "Conversations that go on from it cannot any more.",
    responses: { 200: json("ResponseDeleted", "It is gone.", requestIdHeader), ...failures },
  }),
  route("POST", "/v1/responses/:id/cancel", cancel, {
    operationId: "cancelResponse",
    summary: "Cancel a response that is being made",
    responses: {
      200: json("Response", "It is cancelled.", requestIdHeader),
      ...errorResponses("OpenAIError", [400, 401, 403, 404, 500, 503]),
    },
  }),
  route("GET", "/v1/responses/:id/input_items", inputItems, {
    operationId: "listResponseInputItems",
    summary: "What the request of a response said",
    parameters: pageParameters,
    responses: { 200: json("ResponseItemList", "The items.", requestIdHeader), ...failures },
  }),
];
