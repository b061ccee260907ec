import type { ModelInfo } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import { suggestModels } from "#gateway/suggest-models.ts";
import { percentDecoded } from "#lib/percent-decoded.ts";
import { callOf } from "#server/call.ts";
import type { Exchange } from "#server/exchange.ts";
import { jsonResponse } from "#server/json-response.ts";
import { encodeModel, encodeModelPage, findModel } from "#server/model-list.ts";
import type { Parameter } from "#server/openapi/operation.ts";
import { errorResponses, json, requestIdHeader, requestIdParameter } from "#server/openapi/parts.ts";
import { relay } from "#server/relay.ts";
import type { Route, RouteParams, Services } from "#server/route.ts";

const listModels: Route["answer"] = async (exchange, services, params) =>
  (await askOne(exchange, services, params)) ??
  jsonResponse(encodeModelPage(await knownModels(exchange, services, params), exchange.query));

const getModel: Route["answer"] = async (exchange, services, params) => {
  const told = await askOne(exchange, services, params);
  if (told !== undefined) return told;
  const id = params["id"] ?? "";
  const models = await knownModels(exchange, services, params);
  const model = findModel(models, id);
  if (model === undefined) {
    const message = `There is no model ${JSON.stringify(id.slice(0, 100))}.`;
    const hint = "GET /v1/models lists them.";
    throw suggestModels(new GatewayError("model-not-found", message, { param: "model", hint }), id, models);
  }
  return jsonResponse(encodeModel(model));
};

/** Who names a provider gets its own words, where it speaks the client's language. */
async function askOne(exchange: Exchange, services: Services, params: RouteParams): Promise<Response | undefined> {
  const call = callOf(exchange, params);
  return call.route.backend === undefined ? undefined : await relay(exchange, services, { call });
}

/** The first one to ask may wait for a CLI to start. */
async function knownModels(
  exchange: Exchange,
  { gateway }: Services,
  params: RouteParams,
): Promise<readonly ModelInfo[]> {
  exchange.stayOpen();
  return await gateway.listModels(callOf(exchange, params));
}

const page = (name: string, description: string, schema: object): Parameter => ({
  name,
  in: "query",
  description,
  schema,
});

const failures = errorResponses("OpenAIError", [401, 403, 429, 500, 502, 503]);

export const modelRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/models",
    open: false,
    prefixed: true,
    answer: listModels,
    operation: {
      operationId: "listModels",
      summary: "Models that can be asked for",
      description:
        "One list that both the OpenAI and the Anthropic SDK read. Errors are in Anthropic's shape when `anthropic-version` is sent.",
      tags: ["Models"],
      parameters: [
        page("limit", "Models on one page; all of them without it.", { type: "integer", minimum: 1, maximum: 9999 }),
        page("after_id", "Start after this model.", { type: "string" }),
        page("before_id", "End before this model.", { type: "string" }),
        requestIdParameter,
      ],
      responses: { 200: json("ModelList", "The models.", requestIdHeader), ...failures },
    },
  },
  {
    method: "GET",
    path: "/v1/models/:id",
    open: false,
    prefixed: true,
    answer: getModel,
    operation: {
      operationId: "getModel",
      summary: "One model, by its id or an alias",
      tags: ["Models"],
      parameters: [
        {
          name: "id",
          in: "path",
          required: true,
          description: "Id or alias, as GET /v1/models gives it.",
          schema: { type: "string" },
        },
        requestIdParameter,
      ],
      responses: {
        200: json("Model", "The model.", requestIdHeader),
        ...errorResponses("OpenAIError", [404]),
        ...failures,
      },
    },
  },
  {
    // `openrouter/demo`, with its slash as it is.
    method: "GET",
    path: "/v1/models/:id/*",
    open: false,
    prefixed: true,
    answer: (exchange, services, params) =>
      getModel(exchange, services, { ...params, id: `${params["id"]}/${percentDecoded(params["*"] ?? "")}` }),
    operation: undefined,
  },
];
