/** A request that travels as it came: chosen, admitted, watched and bounded like any other, but neither read nor rewritten. */
import type { Backend, RelayedAnswer } from "#core/backend.ts";
import { GatewayError, toGatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import { noUsage } from "#core/usage.ts";
import { isRecord } from "#lib/is-record.ts";
import { withJsonMember } from "#lib/json-member.ts";
import { withoutNullish } from "#lib/without-nullish.ts";
import { chooseSession } from "#sessions/session-id.ts";

import { type CatalogueDeps, requireListed } from "./catalogue.ts";
import { chooseBackends, keptElsewhere } from "./choose-backend.ts";
import { admissionTo, type Admissions, enter } from "./enter.ts";
import { firstThatAnswers, isPassing } from "./fallback.ts";
import { createRetryNote, headOf, type Learned, note } from "./learned.ts";
import type { ModelNames } from "./model-names.ts";
import { freeNameOf } from "./resolve.ts";
import type { Choice } from "./routing.ts";
import { optionsToRead } from "./rule-options.ts";
import { startTurnSignal } from "./turn-signal.ts";
import type { Call, Relayed, RelayRequest } from "./types.ts";

interface RelayDeps extends CatalogueDeps, Admissions {
  readonly requestTimeoutMs: number;
}

/** undefined for a request that something here has to read: a backend of another format, a session, an alias's settings. */
export async function relayTurn(deps: RelayDeps, request: RelayRequest, call: Call): Promise<Relayed | undefined> {
  const { wireFormat, outline } = request;
  const chosen = chooseBackends(deps, { wireFormat, model: outline.model }, call);
  const chain = withoutReaders(chosen, request, call);
  return await firstThatAnswers(chain, call, async (choice, isLast) => {
    const reason = reasonToRead(deps, choice, request, call);
    const { keeper } = call.route;
    if (reason !== undefined && keeper !== undefined)
      throw keptElsewhere(keeper, `which can be gone on from only where the request passes as it came: ${reason}`);
    if (reason !== undefined) return undefined;
    await requireListed(deps, { name: freeNameOf(call.model ?? outline.model, deps), choice }, call);
    return await startRelay(deps, { request, call, choice, isLast });
  });
}

/** What is known of a request before it is read. */
export type RelayQuestion = Pick<RelayRequest, "wireFormat" | "json">;

/** A rule that passes bytes on says so of stand-ins too: those that would have to read them are left out, and named. */
function withoutReaders(
  [choice, ...others]: readonly [Choice, ...Choice[]],
  question: RelayQuestion,
  { notAsked }: Pick<Call, "notAsked">,
): readonly [Choice, ...Choice[]] {
  const reads = (other: Choice) => reasonToLeaveOut(other, question) !== undefined;
  notAsked.push(...others.filter(reads).map(({ backend }) => backend.id));
  return [choice, ...others.filter((other) => !reads(other))];
}

/** Why a stand-in is not asked, although it may be there. */
export function reasonToLeaveOut(
  { backend, relay }: Pick<Choice<Relayer>, "backend" | "relay">,
  { wireFormat, json }: RelayQuestion,
): string | undefined {
  const mayBeAsked = relay !== "always" || backend.relays?.(wireFormat, json) === true;
  return mayBeAsked ? undefined : `The rule passes it on as it came, and ${backend.id} does not take ${wireFormat} so.`;
}

interface Relaying {
  readonly request: RelayRequest;
  readonly call: Call;
  readonly choice: Choice;
  /** Nobody else is asked: a refusal is passed on too. */
  readonly isLast: boolean;
}

async function startRelay(deps: RelayDeps, { request, call, choice, isLast }: Relaying): Promise<Relayed> {
  const { backend } = choice;
  const { model = backend.defaultModel } = choice;
  const learned: Learned = {
    ...headOf({
      backend,
      model,
      setup: { mode: "chat", tools: "client" },
      ignored: call.unreadHeaders,
      failed: [...call.failed.keys()],
      notAsked: call.notAsked,
      retries: call.retries.count,
    }),
    usage: noUsage,
  };
  call.onAsked(learned);
  const noteRetries = createRetryNote(call, learned);
  call.record.set({
    backend: backend.id,
    failedBackends: call.failed,
    mode: "chat",
  });
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
      { ...request, body: bodyFor(request, model) },
      {
        principal: call.principal,
        session: chooseSession(call.sessionIds, withoutNullish({ hint: request.outline.sessionHint })),
        signal: turn.signal,
        report: ({ retries }) => noteRetries(retries),
        note(event) {
          note(call.record, learned, event);
          if (event.type === "finish") ending.reason = event.reason;
          if (event.type === "error") ending.error = event.error;
        },
      },
    );
    if (!isLast && ending.error !== undefined && isPassing(ending.error)) throw ending.error;
    const { status, headers, body } = answer;
    // Codex takes a name that it did not ask for as a sign of being sent elsewhere.
    if (model !== request.outline.model) headers.delete("openai-model");
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

function send(
  backend: Backend,
  ...[request, context]: Parameters<NonNullable<Backend["relay"]>>
): Promise<RelayedAnswer> {
  if (backend.relay === undefined) throw new GatewayError("internal", `${backend.id} passes nothing on.`);
  return backend.relay(request, context);
}

/**
 * Why a request has to be read here, rather than pass as it came; undefined where it need not. Throws GatewayError where a
 * rule says that it must pass, and it cannot.
 */
export function reasonToRead(
  names: Pick<ModelNames, "aliases">,
  { backend, relay, options }: Choice<Relayer>,
  { wireFormat, outline, json }: Pick<RelayRequest, "wireFormat" | "outline" | "json">,
  call: Pick<Call, "sessionIds" | "effort" | "mode" | "tools">,
): string | undefined {
  const speaks = backend.relays?.(wireFormat, json) === true;
  if (relay === "always" && !speaks) throw unrelayable(backend, wireFormat);
  if (!speaks) return `${backend.id} does not take ${wireFormat} as it comes.`;
  if (relay === "always") return undefined;
  if (relay === "never") return "The rule says so.";
  const set = optionsToRead(options);
  return set.length === 0 ? reasonIn(names, outline, call) : `The rule sets ${set.join(", ")}.`;
}

function reasonIn(
  { aliases }: Pick<ModelNames, "aliases">,
  outline: RelayRequest["outline"],
  { sessionIds, effort, mode, tools }: Pick<Call, "sessionIds" | "effort" | "mode" | "tools">,
): string | undefined {
  if (sessionIds.named !== undefined || outline.namesSession) return "It goes on with something that is kept here.";
  if (outline.model !== undefined && aliases.has(outline.model)) return "Its model is an alias.";
  if (effort !== undefined) return "A header sets its effort.";
  return mode === "agent" || tools === "agent" || tools === "both" ? "It asks for an agent." : undefined;
}

type Relayer = Pick<Backend, "id" | "relays">;

function unrelayable({ id }: Relayer, wireFormat: string): GatewayError {
  return new GatewayError(
    "invalid-request",
    `A routing rule passes this request on as it came, but ${id} does not take ${wireFormat} so.`,
    {
      hint: "Ask in a format it speaks, or take `relay` out of the rule.",
    },
  );
}

/** Every format calls the model by the same name at the same place. */
function bodyFor({ json, body, outline }: RelayRequest, model: string | undefined): RelayRequest["body"] {
  const isAsked = model === outline.model || model === undefined;
  return isAsked || body === undefined || !isRecord(json) ? body : withJsonMember(body, "model", model);
}

/** Gives back what the turn holds, however its answer ends. */
async function* watched(body: AsyncIterable<Uint8Array>, over: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    over();
  }
}
