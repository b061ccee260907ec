import { toGatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import { collect } from "#core/response.ts";
import type { Maker } from "#core/stored-response.ts";
import type { EncodeOptions, StreamEncoder, WireFormat } from "#core/wire-format.ts";
import type { Keeper } from "#gateway/routing.ts";
import type { Call, Running } from "#gateway/types.ts";
import { isRecord } from "#lib/is-record.ts";

import { callOf } from "./call.ts";
import type { Exchange } from "./exchange.ts";
import { answerOnce } from "./idempotency/answer-once.ts";
import { keyedRequest } from "./idempotency/keyed-request.ts";
import { jsonResponse } from "./json-response.ts";
import { relay, type Sent } from "./relay.ts";
import { readBody } from "./request-body.ts";
import type { RouteParams, Services } from "./route.ts";
import { sseResponse } from "./sse-response.ts";

/** A request as it is meant, in a format whose requests may refer to what was kept. */
export interface PreparedTurn {
  readonly body: unknown;
  /** Items in it that the client did not send. */
  readonly kept?: number;
  readonly answerId?: string;
  /** Settings that the answer repeats otherwise than they were asked for. */
  readonly repeated?: Readonly<Record<string, unknown>>;
  /** Told the whole answer before its client knows that it is over. */
  readonly remember?: (answer: Readonly<Record<string, unknown>>, maker: Maker) => void;
}

/** How a format's requests are read that may refer to what was kept. */
export interface Reading {
  readonly prepare: (body: unknown) => PreparedTurn;
  /** What it goes on from; undefined: nothing that is known. */
  readonly goesOn: (body: unknown) => GoesOn | undefined;
}

/** From what is kept here, or by one who alone can answer it then. */
export type GoesOn = { readonly maker: Maker | undefined } | { readonly keeper: Keeper };

const plainReading: Reading = { prepare: (body) => ({ body }), goesOn: () => undefined };

/** Answers one turn of a conversation in the exchange's wire format, streamed or whole as the body asks. */
export async function answerTurn(
  exchange: Exchange,
  services: Services,
  params: RouteParams,
  { prepare, goesOn } = plainReading,
): Promise<Response> {
  exchange.isTurn = true;
  const asked = await readTurn(exchange, services, params, goesOn);
  const { call, json } = asked;
  const answer = async () =>
    (await relay(exchange, services, asked)) ?? (await runTurn(exchange, services, { call, prepared: prepare(json) }));
  const keyed = services.recordings === undefined ? undefined : keyedRequest(exchange, json);
  const recorded = keyed && services.recordings?.lookUp(keyed);
  return recorded === undefined ? await answer() : await answerOnce(exchange, recorded, answer);
}

/** What a request for a model says, as far as that decides who gets it. Throws GatewayError as `readBody` does. */
export async function readTurn(
  exchange: Exchange,
  { limits }: Services,
  params: RouteParams,
  goesOn: Reading["goesOn"],
): Promise<Required<Pick<Sent, "call" | "body" | "json" | "outline">>> {
  const said = callOf(exchange, params);
  const { bytes, json } = await readBody(exchange, limits.maxBodyBytes);
  exchange.stayOpen();
  const found = exchange.wireFormat.outline(json);
  const from = goesOn(json);
  const isKeptHere = from !== undefined && "maker" in from;
  const outline = { ...found, namesSession: found.namesSession || isKeptHere };
  const { model, stream, hasTools, thinks } = outline;
  exchange.record.set({ modelAsked: said.model ?? model, streaming: stream });
  const call = { ...said, route: { ...said.route, bytes: bytes.byteLength, hasTools, thinks, ...from } };
  return { call, body: bytes, json, outline };
}

interface Turn {
  readonly call: Call;
  readonly prepared: PreparedTurn;
}

async function runTurn(exchange: Exchange, { gateway, limits }: Services, turn: Turn): Promise<Response> {
  const { call, prepared } = turn;
  const { wireFormat, record } = exchange;
  const decoded = wireFormat.decodeRequest(prepared.body, prepared.kept);
  const request = prepared.repeated ? { ...decoded, repeated: { ...decoded.repeated, ...prepared.repeated } } : decoded;
  const running = withCheck(await gateway.run(request, call), wireFormat);
  exchange.runs(running.head);
  if (exchange.cancelledBy !== undefined) throw exchange.cancelledBy;
  const { answerId } = prepared;
  const { backend, modelSent: model } = running.head;
  const save = prepared.remember;
  const remember = save && attempting(exchange, (said) => save(said, { backend, model }));
  const { requestId } = call;
  const options: EncodeOptions = {
    requestId,
    includeUsage: request.includeUsage,
    createdAt: record.receivedAt,
    request,
    ...(answerId !== undefined && { answerId }),
  };
  if (!request.stream) return await wholeAnswer(exchange, running, { options, remember });
  const encoder = remembering(wireFormat.createStreamEncoder(options), remember);
  const { cutBy } = encoder;
  if (answerId !== undefined && cutBy !== undefined) exchange.answer = { id: answerId, cutBy };
  return sseResponse(exchange, running, { encoder, heartbeatMs: limits.heartbeatMs });
}

function withCheck(running: Running, { createCheck }: WireFormat): Running {
  return createCheck === undefined ? running : { ...running, events: checked(running.events, createCheck()) };
}

/** Up to its error: what makes the answer is given up there. */
async function* checked(
  batches: Running["events"],
  check: (event: ModelEvent) => readonly ModelEvent[],
): AsyncGenerator<readonly ModelEvent[]> {
  for await (const batch of batches) {
    const events = batch.flatMap(check);
    const error = events.findIndex(({ type }) => type === "error");
    if (events.length > 0) yield error < 0 ? events : events.slice(0, error + 1);
    if (error >= 0) return;
  }
}

type Remember = ((answer: Readonly<Record<string, unknown>>) => void) | undefined;

async function wholeAnswer(
  exchange: Exchange,
  running: Running,
  { options, remember }: { readonly options: EncodeOptions; readonly remember: Remember },
): Promise<Response> {
  const response = await collect(running.events);
  exchange.finished(response.finish.reason);
  const answer = exchange.wireFormat.encodeResponse(response, options);
  if (isRecord(answer)) remember?.(answer);
  return jsonResponse(answer);
}

/** The answer is there, and is paid for: that it could not be kept is for the log alone. */
function attempting(exchange: Exchange, remember: NonNullable<Remember>): NonNullable<Remember> {
  return (answer) => {
    try {
      remember(answer);
    } catch (thrown) {
      exchange.failed(toGatewayError(thrown));
    }
  };
}

function remembering(encoder: StreamEncoder, remember: Remember): StreamEncoder {
  if (remember === undefined) return encoder;
  let isRemembered = false;
  return {
    ...encoder,
    encode(event) {
      const frames = encoder.encode(event);
      const answer = isRemembered ? undefined : encoder.result?.();
      if (!isRecord(answer)) return frames;
      isRemembered = true;
      remember(answer);
      return frames;
    },
  };
}
