import type { ModelRequest } from "#core/request.ts";
import { collect } from "#core/response.ts";
import type { EncodeOptions } from "#core/wire-format.ts";
import type { Call, Running } from "#gateway/types.ts";

import { callOf } from "./call.ts";
import type { Exchange } from "./exchange.ts";
import { answerOnce } from "./idempotency/answer-once.ts";
import { keyedRequest } from "./idempotency/keyed-request.ts";
import { jsonResponse } from "./json-response.ts";
import { readJsonBody } from "./request-body.ts";
import type { RouteParams, Services } from "./route.ts";
import { sseResponse } from "./sse-response.ts";

/** Answers one turn of a conversation in the exchange's wire format, streamed or whole as the body asks. */
export async function answerTurn(exchange: Exchange, services: Services, params: RouteParams): Promise<Response> {
  exchange.isTurn = true;
  const call = callOf(exchange, params);
  const body = await readJsonBody(exchange, services.limits.maxBodyBytes);
  const request = exchange.wireFormat.decodeRequest(body);
  exchange.stayOpen();
  exchange.record.set({ modelAsked: request.model, streaming: request.stream });
  const keyed = services.recordings === undefined ? undefined : keyedRequest(exchange, body);
  const found = keyed && services.recordings?.lookUp(keyed);
  const answer = () => runTurn(exchange, services, { request, call });
  return found === undefined ? await answer() : await answerOnce(exchange, found, answer);
}

interface Turn {
  readonly request: ModelRequest;
  readonly call: Call;
}

async function runTurn(exchange: Exchange, { gateway, limits }: Services, { request, call }: Turn): Promise<Response> {
  const { wireFormat, record } = exchange;
  const running = await gateway.run(request, call);
  exchange.runs(running.head);
  if (exchange.cancelledBy !== undefined) throw exchange.cancelledBy;
  const options = { requestId: call.requestId, includeUsage: request.includeUsage, createdAt: record.receivedAt };
  if (!request.stream) return await wholeAnswer(exchange, running, options);
  const encoder = wireFormat.createStreamEncoder(options);
  return sseResponse(exchange, running, { encoder, heartbeatMs: limits.heartbeatMs });
}

async function wholeAnswer(exchange: Exchange, running: Running, options: EncodeOptions): Promise<Response> {
  const response = await collect(running.events);
  exchange.finished(response.finish.reason);
  return jsonResponse(exchange.wireFormat.encodeResponse(response, options));
}
