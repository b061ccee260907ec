/** A gateway that does what a test tells it to, for the tests of this folder. */
import type { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { ModelRequest } from "#core/request.ts";
import { noUsage } from "#core/usage.ts";
import type { Call, Gateway, NamedStatus, RunningHead, SessionState } from "#gateway/types.ts";

export type Batches = AsyncIterable<readonly ModelEvent[]>;

export interface Script {
  events?: (request: ModelRequest, call: Call) => Batches;
  /** The run waits for this before anything else. */
  before?: Promise<void>;
  head?: Partial<RunningHead>;
  started?: boolean;
  /** The run is refused with this before its first event. */
  refusal?: GatewayError;
  status?: Partial<NamedStatus>;
  /** Behind that one. */
  others?: readonly NamedStatus[];
  waiting?: number;
}

export interface ScriptedGateway extends Gateway {
  readonly script: Script;
  readonly calls: { readonly request: ModelRequest; readonly call: Call }[];
}

const usage = { ...noUsage, inputTokens: 12, outputTokens: 3 };

export const startEvent: ModelEvent = { type: "start", responseId: "msg_1", model: "claude-test-1", usage };

export function textEvents(...texts: readonly string[]): readonly (readonly ModelEvent[])[] {
  return [
    [startEvent, { type: "step-start" }, { type: "text-start", id: "t1" }],
    ...texts.map((text): readonly ModelEvent[] => [{ type: "text-delta", id: "t1", text }]),
    [
      { type: "text-end", id: "t1" },
      { type: "step-end", usage },
      { type: "finish", reason: "stop", rawReason: "end_turn", usage, steps: 1 },
    ],
  ];
}

export async function* play(batches: readonly (readonly ModelEvent[])[]): Batches {
  for (const batch of batches) yield batch;
}

/** Says how it starts and then nothing, until the signal ends it. */
export async function* stuck({ signal }: Call): Batches {
  yield [
    startEvent,
    { type: "step-start" },
    { type: "text-start", id: "t1" },
    { type: "text-delta", id: "t1", text: "Hel" },
  ];
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

export const knownSession: SessionState = {
  principal: "local",
  id: "known",
  named: true,
  createdAt: 0,
  usedAt: 1000,
  turns: 2,
  mode: "chat",
  workspace: null,
  model: "sonnet",
  system: [],
  piecemeal: true,
  backendSession: "s-1",
  resume: null,
  running: 1,
  waiting: 0,
};

export function createScriptedGateway(script: Script = {}): ScriptedGateway {
  const calls: ScriptedGateway["calls"] = [];
  return {
    script,
    calls,
    async run(request, call) {
      calls.push({ request, call });
      await script.before;
      if (script.refusal !== undefined) throw script.refusal;
      const events = script.events?.(request, call) ?? play(textEvents("Hello", " world"));
      const head = { ...headOf(call), ...script.head };
      return { head, events, started: script.started ?? true };
    },
    async listModels() {
      return [
        { id: "claude-test-1", displayName: "Claude Test 1", aliases: ["test", "sonnet"], description: "Test" },
        { id: "claude-test-2[1m]", displayName: "Claude Test 2", aliases: [] },
        { id: "claude-test-3", displayName: "Claude Test 3", aliases: [] },
      ];
    },
    async countTokens(request, call) {
      calls.push({ request, call });
      return { inputTokens: 42, exact: request.model !== "estimate", head: { ...headOf(call), model: request.model } };
    },
    relay: () => Promise.resolve(undefined),
    endWaiting: ({ requestId }) => (requestId === "waits" ? 1 : 0),
    sessions: {
      list: () => ({ sessions: [], hasMore: false }),
      find: ({ principal, id }) => (id === knownSession.id ? { ...knownSession, principal } : undefined),
      forget: ({ id }) => id === knownSession.id,
      interrupt: ({ id }) => (id === knownSession.id ? 1 : undefined),
    },
    status: () => ({
      backends: [
        {
          backend: "scripted",
          ready: true,
          detail: "Scripted.",
          version: "2.0.0",
          children: { idle: 1, busy: 2, starts: { live: 2, warm: 1, cold: 1 } },
          ...script.status,
        },
        ...(script.others ?? []),
      ],
      running: 0,
      waiting: script.waiting ?? 0,
    }),
  };
}

function headOf({ mode = "agent", tools = "agent" }: Call): RunningHead {
  return {
    backend: "scripted",
    mode,
    tools,
    model: "claude-test-1",
    modelSent: undefined,
    session: undefined,
    sessionId: "s-1",
    accepted: true,
    workspace: undefined,
    ignored: [],
    renamedTools: [],
    retries: 0,
    failed: [],
    notAsked: [],
  };
}
