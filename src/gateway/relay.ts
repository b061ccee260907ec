/** A request that travels as it came: chosen, admitted, watched and bounded like any other, but neither read nor rewritten. */
import type { Backend, RelayedAnswer } from "#core/backend.ts";
import { GatewayError, toGatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import { noUsage } from "#core/usage.ts";
import { isRecord } from "#lib/is-record.ts";

import { chooseBackend } from "./choose-backend.ts";
import { admissionTo, type Admissions, enter } from "./enter.ts";
import { headOf, type Learned, note } from "./learned.ts";
import type { ModelNames } from "./model-names.ts";
import type { Choice, Routing } from "./routing.ts";
import { startTurnSignal } from "./turn-signal.ts";
import type { Call, Relayed, RelayRequest } from "./types.ts";

interface RelayDeps extends ModelNames, Admissions {
  readonly routing: Routing;
  readonly requestTimeoutMs: number;
}

/** undefined for a request that something here has to read: a backend of another format, a session, an alias's settings. */
export async function relayTurn(deps: RelayDeps, request: RelayRequest, call: Call): Promise<Relayed | undefined> {
  const { wireFormat, outline } = request;
  const choice = chooseBackend(deps, { wireFormat, model: outline.model }, call);
  const { backend } = choice;
  if (!mayRelay(deps, choice, request, call)) return undefined;
  const learned: Learned = {
    ...headOf({
      backend,
      model: choice.model,
      setup: { mode: "chat", tools: "client" },
      ignored: call.unreadHeaders,
    }),
    usage: noUsage,
  };
  call.record.set({ backend: backend.id, mode: "chat", modelAsked: outline.model, principal: call.principal });
  const leave = await enter(admissionTo(deps, backend), call);
  const turn = startTurnSignal(call.signal, deps.requestTimeoutMs);
  const over = () => {
    turn.release();
    leave();
  };
  // One whose client has left may never be read.
  turn.signal.addEventListener("abort", over, { once: true });
  const ending: Ending = {};
  try {
    const answer = await send(
      backend,
      { ...request, body: bodyFor(request, choice) },
      {
        principal: call.principal,
        signal: turn.signal,
        report: ({ retries = learned.retries }) => {
          learned.retries = retries;
        },
        note(event) {
          note(call.record, learned, event);
          if (event.type === "finish") ending.reason = event.reason;
          if (event.type === "error") ending.error = event.error;
        },
      },
    );
    const { status, headers, body } = answer;
    if (body instanceof Uint8Array) over();
    const told = body instanceof Uint8Array ? body : watched(body, over);
    return { head: learned, status, headers, body: told, ending: () => ending };
  } catch (thrown) {
    over();
    throw turn.stoppedBy ?? toGatewayError(thrown);
  }
}

interface Ending {
  reason?: Extract<ModelEvent, { type: "finish" }>["reason"];
  error?: GatewayError;
}

type Relaying = NonNullable<Backend["relay"]>;

async function send(backend: Backend, ...[request, context]: Parameters<Relaying>): Promise<RelayedAnswer> {
  if (backend.relay === undefined) throw new GatewayError("internal", `${backend.id} passes nothing on.`);
  return await backend.relay(request, context);
}

function mayRelay(names: ModelNames, { backend, relay }: Choice, request: RelayRequest, call: Call): boolean {
  const { wireFormat, outline } = request;
  const can = backend.relays?.(wireFormat) === true;
  if (relay === "always" && !can) throw unrelayable(backend, wireFormat);
  const isKept = call.sessionIds.named !== undefined || outline.namesSession;
  const isSet = call.effort !== undefined || (outline.model !== undefined && names.aliases.has(outline.model));
  return (
    can &&
    relay !== "never" &&
    (relay === "always" ||
      (!isKept && !isSet && call.mode !== "agent" && call.tools !== "agent" && call.tools !== "both"))
  );
}

function unrelayable({ id }: Backend, wireFormat: string): GatewayError {
  return new GatewayError(
    "invalid-request",
    `A routing rule passes this request on as it came, but ${id} does not speak ${wireFormat}.`,
    {
      hint: "Ask in a format it speaks, or take `relay` out of the rule.",
    },
  );
}

/** Every format calls the model by the same name at the same place. */
function bodyFor({ json, body, outline }: RelayRequest, { model }: Choice): RelayRequest["body"] {
  if (model === outline.model || model === undefined || !isRecord(json)) return body;
  return new TextEncoder().encode(JSON.stringify({ ...json, model }));
}

/** Gives back what the turn holds, however its answer ends. */
async function* watched(body: AsyncIterable<Uint8Array>, over: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    over();
  }
}
