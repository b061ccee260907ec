/** Which thread answers a request, and what becomes of it afterwards. */
import type { RunContext } from "#core/backend.ts";
import { GatewayError, toGatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import { answersOf, callsFingerprint, fingerprint, type Settled, splitAtLastAnswer } from "#core/fingerprint.ts";
import type { Message, ModelRequest, ToolResultPart } from "#core/request.ts";
import { abortError, joinSignals, orAborted } from "#core/run-signal.ts";
import type { Left } from "#core/waiting-turn.ts";
import { directoryIdentitySync } from "#lib/directory-identity.ts";
import type { LiveTable } from "#lib/live-table.ts";
import type { TemporaryDirectories } from "#lib/temporary-directories.ts";

import { clientNames, offeredTools, renamedTools, wireToolName } from "./client-tools.ts";
import { supportedFeatures } from "./features.ts";
import type { CodexCliOptions } from "./options.ts";
import { pointAt, readResume, type Resume, resumeAfter, resumeFrom, type ResumePoint } from "./resume.ts";
import type { Supply } from "./supply.ts";
import { isWrittenDown, planThread } from "./thread-plan.ts";
import { openThread, type Thread } from "./thread.ts";
import { resultsAlone } from "./tool-results.ts";
import { planTurn } from "./turn-plan.ts";

export interface RunnerDeps {
  readonly options: CodexCliOptions;
  readonly supply: Supply;
  /** Between two turns of their conversation. */
  readonly live: LiveTable<{ readonly session: Thread }>;
  /** In the middle of a turn, which waits for results of the client's tools. */
  readonly parked: LiveTable<{ readonly session: Thread; readonly left: Left }>;
  readonly ephemeral: TemporaryDirectories;
  /** Fires when the backend stops. */
  readonly shutdown: AbortSignal;
  /** Requests that are being answered. */
  readonly running: Set<Run>;
  /** How requests got what answers them. */
  readonly starts: Record<"live" | "warm" | "cold", number>;
  /** Has Codex forget what it wrote down. */
  readonly remove: (threads: readonly string[]) => void;
}

export interface Run {
  readonly request: ModelRequest;
  readonly context: RunContext;
  /** Of the named session it is a turn of. */
  readonly keys: readonly string[];
  /** The texts of the answer, one a step. */
  readonly steps: string[];
  thread: Thread | undefined;
  /** Its session is no more: neither is its thread, after this. */
  isForgotten: boolean;
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
  const current: Run = {
    request,
    context,
    keys: sessionKeys(context),
    steps: [],
    thread: undefined,
    isForgotten: false,
  };
  deps.running.add(current);
  try {
    if (signal.aborted) throw abortError(signal);
    await acquire(deps, current, signal);
    current.thread?.approver.attach(context.approve ?? "nobody");
    for await (const events of current.thread?.events(signal) ?? []) {
      noteSteps(current.steps, events);
      const said = isTerminal(events.at(-1)) ? events.slice(0, -1) : events;
      if (said.length > 0) yield said;
      if (said === events) continue;
      // Whoever sees the terminal event may never ask for more.
      release(deps, current, signal.aborted);
      yield events.slice(-1);
    }
  } catch (thrown) {
    yield [{ type: "error", error: signal.aborted ? abortError(signal) : toGatewayError(thrown) }];
  } finally {
    joined.release();
    release(deps, current, true);
    deps.running.delete(current);
  }
}

function isTerminal(event: ModelEvent | undefined): boolean {
  return event?.type === "finish" || event?.type === "error";
}

function noteSteps(steps: string[], events: readonly ModelEvent[]): void {
  for (const event of events) {
    if (event.type === "step-start") steps.push("");
    if (event.type === "text-delta") steps.push((steps.pop() ?? "") + event.text);
  }
}

// ---- where its thread comes from

type Split = NonNullable<ReturnType<typeof splitAtLastAnswer>>;

/** From here on the run has the thread, whatever becomes of the run. Throws GatewayError. */
async function acquire(deps: RunnerDeps, current: Run, signal: AbortSignal): Promise<void> {
  const { request, context } = current;
  // Before anything is started: a request that cannot be told to Codex costs nothing.
  const whole = planTurn(request, context, deps.options);
  const split = splitAtLastAnswer(request);
  if (split !== undefined && goOn(deps, current, split)) return;
  const isKnown =
    split !== undefined && (takeLive(deps, current, split) || (await takeUp(deps, current, split, signal)));
  if (!isKnown) await open(deps, current, signal);
  const plan = isKnown ? planTurn({ ...request, messages: split.added }, context, deps.options) : whole;
  const tools = offeredTools(request.features, context);
  context.report({ ignoredFields: plan.ignoredFields, renamedTools: renamedTools(tools) });
  const reading = {
    clientName: clientNames(tools),
    offered: new Set(tools.map(({ name }) => wireToolName(name))),
    tellsActs: context.mode === "agent",
  };
  await current.thread?.begin(plan, reading, signal);
}

/** With the turn that waits for what this request brings, if it is still there. */
function goOn(deps: RunnerDeps, current: Run, { before, added }: Split): boolean {
  const { request, context } = current;
  const calls = callsIn(before.at(-1));
  if (calls.length === 0 || deps.parked.size === 0) return false;
  const said = before.slice(0, -1);
  const thread = deps.parked.take(callsFingerprint(settledBy(deps, current), calls, said))?.session;
  // Its turn cannot go on with what this conversation goes on with, or not as it is asked to: nothing else will end it.
  if (thread === undefined) deps.parked.end(elsewhereKey(context, calls, said));
  const results = resultsAlone(added);
  if (thread === undefined || results === undefined || !areAll(thread.calls, results)) {
    void thread?.stop();
    return false;
  }
  current.thread = thread;
  deps.starts.live += 1;
  const tools = offeredTools(request.features, context);
  context.report({ start: "live", spawnMs: 0, renamedTools: renamedTools(tools) });
  thread.give(results);
  return true;
}

function callsIn(message: Message | undefined): readonly string[] {
  return (message?.content ?? []).flatMap((part) => (part.type === "tool-call" ? [part.callId] : []));
}

function areAll(calls: readonly string[], results: readonly ToolResultPart[]): boolean {
  return calls.length > 0 && calls.every((id) => results.some(({ callId }) => callId === id));
}

/** The thread that has this conversation, if it is still there. */
function takeLive(deps: RunnerDeps, current: Run, { before }: Split): boolean {
  if (deps.live.size === 0) return false;
  const thread = deps.live.take(fingerprint(settledBy(deps, current), before))?.session;
  if (thread === undefined) return false;
  current.thread = thread;
  deps.starts.live += 1;
  current.context.report({ start: "live", spawnMs: 0, ...nameOf(thread) });
  return true;
}

/** What Codex wrote down of a named session goes on in a new thread, unless it cannot be found any more. */
async function takeUp(deps: RunnerDeps, current: Run, { before }: Split, signal: AbortSignal): Promise<boolean> {
  const { live, parked, options } = deps;
  const resume = isWrittenDown(current.context) ? readResume(current.context.session) : undefined;
  const point = resume && pointAt(resume, fingerprint(settledBy(deps, current), before));
  if (resume === undefined || point === undefined) return false;
  const ended = current.keys.flatMap((key) => [live.end(key) ?? [], parked.end(key) ?? []].flat());
  // Who wrote it is to have written all of it.
  await orAborted(Promise.all(ended.map(({ session }) => session.stop())), signal);
  try {
    const thread = await open(deps, current, signal, point);
    thread.memory = resumeFrom(resume, thread.id, point);
    return true;
  } catch (thrown) {
    const error = toGatewayError(thrown);
    if (signal.aborted || error.kind !== "upstream") throw error;
    const message = "Codex could not resume a session; it is told the conversation anew.";
    options.onNotice?.({ level: "info", message, data: { error: error.message } });
    return false;
  }
}

async function open(deps: RunnerDeps, current: Run, signal: AbortSignal, point?: ResumePoint): Promise<Thread> {
  const { options, supply, starts } = deps;
  const { request, context } = current;
  const { server, config, start, spawnMs } = await supply.acquire(signal);
  const place = placeOf(deps, context);
  const onEnd = (): void => {
    place.leave();
    supply.released();
  };
  const params = planThread(request, context, options, { config, directory: place.path });
  try {
    const { responseTimeoutMs } = options;
    const thread = await openThread(
      { server, provider: config.provider, responseTimeoutMs, signal, onEnd },
      params,
      point,
    );
    current.thread = thread;
    if (isWrittenDown(context)) thread.memory = { codexThreads: [thread.id], points: [] };
    starts[start] += 1;
    context.report({ start, spawnMs, ...nameOf(thread) });
    return thread;
  } catch (thrown) {
    if (current.thread === undefined) place.leave();
    throw thrown;
  }
}

/** As `codex resume` knows it. */
function nameOf({ id, memory }: Thread): { readonly sessionId?: string } {
  return memory === undefined ? {} : { sessionId: id };
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

// ---- what becomes of it

/** Where the next request of its conversation finds it, or nowhere. Once only. `isOver`: nobody will go on with it. */
function release(deps: RunnerDeps, current: Run, isOver: boolean): void {
  const { thread, isForgotten } = current;
  if (thread === undefined) return;
  current.thread = undefined;
  if (!isOver && !isForgotten && thread.usable && keep(deps, current, thread)) return;
  const { memory } = thread;
  void thread.stop().then(() => {
    if (memory === undefined) return;
    if (isForgotten) deps.remove(memory.codexThreads);
    // Nothing leads to what it wrote down.
    else if (!thread.isRemembered) deps.remove([thread.id]);
  });
}

function keep(deps: RunnerDeps, current: Run, thread: Thread): boolean {
  const { live, parked, supply } = deps;
  const { request, context, keys } = current;
  if (thread.calls.length > 0) {
    thread.approver.attach("between");
    const waiting = callsFingerprint(settledBy(deps, current), thread.calls, request.messages);
    const elsewhere = elsewhereKey(context, thread.calls, request.messages);
    const { principal, requestId, session } = context;
    const left = { principal, requestId, session: session?.named === true ? session.id : undefined };
    for (const key of keys) live.end(key);
    parked.put([waiting, elsewhere, ...keys], { session: thread, left });
    return true;
  }
  // With a thread goes the directory that was made for the request.
  if (context.mode === "chat" || context.workspace?.directory === undefined) return false;
  const found = historyKeys(deps, current);
  if (thread.answered === undefined || found.length === 0) return false;
  remember(deps, current, thread, { turnId: thread.answered, keys: found });
  if (supply.isOversized) {
    live.clear();
    return false;
  }
  thread.approver.attach("nobody");
  for (const key of keys) parked.end(key);
  live.put([...found, ...keys], { session: thread });
  return true;
}

/** Has what Codex wrote down found again, and what it wrote down before removed where nothing leads there any more. */
function remember(deps: RunnerDeps, { context }: Run, thread: Thread, point: Resume["points"][number]): void {
  if (thread.memory === undefined) return;
  thread.memory = resumeAfter(thread.memory, point);
  thread.isRemembered = true;
  context.report({ resume: JSON.stringify(thread.memory) });
  const before = readResume(context.session)?.codexThreads ?? [];
  const [newest] = before;
  if (newest !== undefined && !thread.memory.codexThreads.includes(newest)) deps.remove(before);
}

function settledBy({ options }: RunnerDeps, { request, context }: Run): Settled {
  const { model, system, features } = request;
  const { principal, mode, tools, permissionMode = null, session, workspace } = context;
  // A hint tells nothing that the conversation itself does not, unless that alone may not be gone by.
  const counts = session?.named === true || options.matchHistory === false;
  const id = counts ? (session?.id ?? null) : null;
  const place = workspace && [workspace.directory ?? null, workspace.addDirs, workspace.settingSources];
  const asked = [features.effort ?? null, features.reasoning ?? null, features.responseFormat ?? null];
  const rest = [mode, tools, permissionMode, place ?? null, offeredTools(features, context), asked, id];
  return { principal, model, system, rest };
}

/** Where other than as it began (by another model, with other tools) a turn that waits for these calls is found. */
function elsewhereKey({ principal }: RunContext, calls: readonly string[], before: readonly Message[]): string {
  return callsFingerprint({ principal, model: undefined, system: [], rest: ["elsewhere"] }, calls, before);
}

/** Under which conversation, in each spelling, the thread may be used again. */
function historyKeys(deps: RunnerDeps, current: Run): readonly string[] {
  const { request, context, steps } = current;
  if (deps.options.matchHistory === false && context.session === undefined) return [];
  const settled = settledBy(deps, current);
  const shown = context.shownAnswer?.();
  // A named session remembers what was said, however it was shown.
  const said = shown === undefined || context.session?.named === true ? answersOf(steps) : [];
  const keys = [...(shown ?? []), ...said].map((answer) => fingerprint(settled, [...request.messages, ...answer]));
  return [...new Set(keys)];
}

export function sessionKey(principal: string, id: string): string {
  return `session ${JSON.stringify([principal, id])}`;
}

/** A named session has one thread at most. */
function sessionKeys({ principal, session }: RunContext): readonly string[] {
  return session?.named === true ? [sessionKey(principal, session.id)] : [];
}
