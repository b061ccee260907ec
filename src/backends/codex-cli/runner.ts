/** Which thread answers a request, and what becomes of it afterwards. */
import type { RunContext } from "#core/backend.ts";
import { GatewayError, toGatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { ModelRequest } from "#core/request.ts";
import { abortError, joinSignals } from "#core/run-signal.ts";
import { directoryIdentitySync } from "#lib/directory-identity.ts";
import type { TemporaryDirectories } from "#lib/temporary-directories.ts";

import { clientNames, offeredTools, renamedTools, wireToolName } from "./client-tools.ts";
import { supportedFeatures } from "./features.ts";
import type { CodexCliOptions } from "./options.ts";
import type { ParkedTurns } from "./parked-turns.ts";
import { settledBy, splitAtLastAnswer } from "./settled.ts";
import type { Supply } from "./supply.ts";
import { planThread } from "./thread-plan.ts";
import { openThread, type ThreadTurn } from "./thread-turn.ts";
import { resultsAlone } from "./tool-results.ts";

/** Code of the model's that makes several calls makes them within a millisecond (0.169). */
const QUIET_MS = 50;

export interface RunnerDeps {
  readonly options: CodexCliOptions;
  readonly supply: Supply;
  readonly parked: ParkedTurns;
  readonly ephemeral: TemporaryDirectories;
  /** Fires when the backend stops. */
  readonly shutdown: AbortSignal;
  readonly busy: Set<ThreadTurn>;
  /** How requests got what answers them. */
  readonly starts: Record<"live" | "warm" | "cold", number>;
}

export async function* run(
  deps: RunnerDeps,
  asked: ModelRequest,
  context: RunContext,
): AsyncGenerator<readonly ModelEvent[], void, undefined> {
  const joined = joinSignals([context.signal, deps.shutdown]);
  const { signal } = joined;
  // The client is told what is left out: the gateway asks for the same list.
  const request = { ...asked, features: supportedFeatures(asked.features, context) };
  let turn: ThreadTurn | undefined;
  try {
    if (signal.aborted) throw abortError(signal);
    turn = goOn(deps, request, context) ?? (await begin(deps, request, context, signal));
    deps.busy.add(turn);
    turn.approver.attach(context.approve ?? "nobody");
    for await (const events of turn.events(signal, QUIET_MS)) {
      // Whoever sees the terminal event may never ask for more.
      if (isTerminal(events)) release(deps, turn, { request, context, isOver: signal.aborted });
      yield events;
    }
  } catch (thrown) {
    yield [{ type: "error", error: signal.aborted ? abortError(signal) : toGatewayError(thrown) }];
  } finally {
    joined.release();
    if (turn !== undefined) release(deps, turn, { request, context, isOver: true });
  }
}

function isTerminal(events: readonly ModelEvent[]): boolean {
  const last = events.at(-1)?.type;
  return last === "finish" || last === "error";
}

/** The turn that waits for what this request brings, if it is still there. */
function goOn(deps: RunnerDeps, request: ModelRequest, context: RunContext): ThreadTurn | undefined {
  const split = splitAtLastAnswer(request.messages);
  if (split === undefined || deps.parked.size === 0) return undefined;
  const brought = split.added.flatMap(({ content }) => content.filter((part) => part.type === "tool-result"));
  const turn = deps.parked.take(
    context.principal,
    brought.map(({ callId }) => callId),
    settledBy(request, context, split.before),
  );
  if (turn === undefined) return undefined;
  const results = resultsAlone(split.added);
  if (results === undefined) {
    void turn.stop();
    return undefined;
  }
  deps.starts.live += 1;
  context.report({ start: "live", spawnMs: 0, renamedTools: renamedTools(offeredTools(request.features, context)) });
  turn.give(results);
  return turn;
}

async function begin(
  deps: RunnerDeps,
  request: ModelRequest,
  context: RunContext,
  signal: AbortSignal,
): Promise<ThreadTurn> {
  const { options, supply, starts } = deps;
  // Before anything is started: a request that cannot be told to Codex costs nothing.
  planThread(request, context, options, { mcpServers: [], developerInstructions: undefined });
  const { server, config, start, spawnMs } = await supply.acquire(signal);
  starts[start] += 1;
  const plan = planThread(request, context, options, config);
  const tools = offeredTools(request.features, context);
  context.report({ start, spawnMs, ignoredFields: plan.ignoredFields, renamedTools: renamedTools(tools) });
  const place = placeOf(deps, context);
  let turn: ThreadTurn | undefined;
  try {
    turn = await openThread({
      server,
      plan,
      directory: place.path,
      signal,
      clientName: clientNames(tools),
      offered: new Set(tools.map(({ name }) => wireToolName(name))),
      tellsActs: context.mode === "agent",
      onEnd() {
        place.leave();
        supply.released();
      },
    });
    await turn.begin(plan, signal);
    return turn;
  } catch (thrown) {
    if (turn === undefined) place.leave();
    else void turn.stop();
    throw thrown;
  }
}

interface Place {
  readonly path: string;
  readonly leave: () => void;
}

function placeOf({ options, ephemeral }: RunnerDeps, { mode, workspace }: RunContext): Place {
  if (mode === "chat") return { path: options.chatDirectory, leave: () => undefined };
  const directory = workspace?.directory;
  if (directory === undefined) {
    const path = ephemeral.open();
    return { path, leave: () => void ephemeral.close(path) };
  }
  if (directoryIdentitySync(directory.path) === directory.identity)
    return { path: directory.path, leave: () => undefined };
  throw new GatewayError("conflict", "The workspace was moved, or replaced, in this very moment.", {
    hint: "Send the request again.",
  });
}

interface Served {
  readonly request: ModelRequest;
  readonly context: RunContext;
  /** Whatever it waits for, nobody will bring it. */
  readonly isOver: boolean;
}

/** Where the next request of its conversation finds it, or nowhere. Once only. */
function release({ busy, parked }: RunnerDeps, turn: ThreadTurn, { request, context, isOver }: Served): void {
  if (!busy.delete(turn)) return;
  if (isOver || turn.calls.length === 0) return void turn.stop();
  turn.approver.attach("between");
  const { principal, requestId, session } = context;
  const left = { principal, requestId, session: session?.named === true ? session.id : undefined };
  parked.put({ turn, left, settled: settledBy(request, context, request.messages) });
}
