/** Runs one turn on a process: what to say to it, what it says back, and when to stop listening. */
import { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { ToolResultPart } from "#core/request.ts";
import { abortError } from "#core/run-signal.ts";

import { applySettings, claim, proceed, type TurnPlan } from "./claim.ts";
import { resumeDecoding, startDecoding, type DecodeState, type Reading } from "./decode-state.ts";
import { abandonTurn, decodeLine, isAmidMessage } from "./decode.ts";
import type { LineFeed } from "./line-feed.ts";
import type { CliLine } from "./lines.ts";
import type { CliSession } from "./session.ts";

/** Measured: the result of an interrupted turn comes within 30 ms; it only adds the cost. */
const RESULT_WAIT_MS = 1000;
/** Characters; the longest answers of today's models (128,000 tokens) have half as many. */
const LONGEST_REMEMBERED = 1_000_000;

export interface TurnOptions {
  readonly plan: TurnPlan;
  /** The process has the conversation already. */
  readonly live: boolean;
  readonly reading: Reading;
  /** A turn that waits in this process, and what it waits for. */
  readonly resumed?: { readonly parked: ParkedTurn; readonly results: readonly ToolResultPart[] } | undefined;
  /** How long the model may say nothing in the middle of a message; as long as the CLI bears it when undefined. */
  readonly idleTimeoutMs: number | undefined;
  /** Fires when nobody waits for the answer any more, or it took too long. */
  readonly signal: AbortSignal;
  readonly onSessionId: (sessionId: string) => void;
  readonly onInitialized: (response: unknown) => void;
  /** Called before the terminal event goes out: whoever sees that one may never ask for more. */
  readonly onEnded: (outcome: TurnOutcome) => void;
}

/** How a turn left its process. */
export interface TurnOutcome {
  /** The answer is complete, as told, and the process is idle. */
  readonly clean: boolean;
  /** What it failed with. */
  readonly error: GatewayError | undefined;
  /** The text of each model call; an endless answer is not kept whole. */
  readonly steps: readonly string[];
  /** Calls of the client's tools whose results the conversation goes on with. */
  readonly calls: readonly string[];
  /** The turn itself, when it waits for them. */
  readonly parked: ParkedTurn | undefined;
}

/** A turn that has answered with calls of the client's tools and waits for their results. */
export interface ParkedTurn {
  readonly feed: LineFeed;
  readonly state: DecodeState;
}

/** Batches of events, ending in the terminal one. Throws GatewayError when the turn could not begin. */
export async function* runTurn(
  session: CliSession,
  options: TurnOptions,
): AsyncGenerator<readonly ModelEvent[], void, undefined> {
  const { resumed } = options;
  const feed = resumed?.parked.feed ?? session.beginTurn();
  const stop = (): void => feed.close();
  options.signal.addEventListener("abort", stop, { once: true });
  let refusal: GatewayError | undefined;
  const refused = (error: GatewayError): void => {
    refusal = error;
    feed.close();
  };
  let state =
    resumed === undefined ? startDecoding(session.totals, options.reading) : resumeDecoding(resumed.parked.state);
  const answer = createAnswer();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    if (options.signal.aborted) feed.close();
    else await begin(session, feed, options, refused);
    while (!isOver(state)) {
      const lines = await listen(feed, state, options, refused);
      const [next, events] =
        lines === undefined
          ? abandonTurn(state, whyItEnded(session, options.signal, refusal))
          : decodeLines(state, lines, options.onSessionId);
      if (next.interrupt && !state.interrupt) session.interrupt();
      if (next.interrupt || next.phase === "stopping") timer ??= setTimeout(stop, RESULT_WAIT_MS);
      state = next;
      answer.add(events);
      if (isOver(state)) options.onEnded(account({ session, feed, state, answer, events }));
      if (events.length > 0) yield events;
    }
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", stop);
    if (state.phase !== "parked") session.endTurn();
  }
}

async function begin(
  session: CliSession,
  feed: LineFeed,
  options: TurnOptions,
  refused: (error: GatewayError) => void,
): Promise<void> {
  const { plan, live, resumed, onInitialized } = options;
  if (resumed !== undefined) {
    options.onSessionId(session.id);
    applySettings(session, plan.settings, { refused });
    session.toolHost?.give(resumed.results);
  } else if (live) await proceed(session, feed, plan, { refused });
  else await claim(session, feed, plan, { initialized: onInitialized, refused });
}

/** More of what it says; once the model was silent for too long, nothing, and then the end. */
async function listen(
  feed: LineFeed,
  state: DecodeState,
  { idleTimeoutMs }: TurnOptions,
  refused: (error: GatewayError) => void,
): Promise<readonly CliLine[] | undefined> {
  // Tools may take as long as they like.
  const lines = await feed.take(isAmidMessage(state) ? idleTimeoutMs : undefined);
  if (idleTimeoutMs !== undefined && lines?.length === 0) {
    const said = `The model API said nothing for ${idleTimeoutMs / 1000} seconds in the middle of its answer.`;
    refused(new GatewayError("timeout", said, { hint: "claude.idle_timeout_seconds says how long is waited." }));
  }
  return lines;
}

function decodeLines(
  state: DecodeState,
  lines: readonly CliLine[],
  onSessionId: (sessionId: string) => void,
): readonly [DecodeState, readonly ModelEvent[]] {
  const now = Date.now();
  const events: ModelEvent[] = [];
  let current = state;
  for (const line of lines) {
    if (line.type === "init") onSessionId(line.sessionId);
    const [next, produced] = decodeLine(current, line, now);
    current = next;
    events.push(...produced);
  }
  return [current, events];
}

function whyItEnded(session: CliSession, signal: AbortSignal, refusal: GatewayError | undefined): GatewayError {
  if (signal.aborted) return abortError(signal);
  return refusal ?? session.failure ?? new GatewayError("internal", "The turn was given up.");
}

/** The answer is complete, if not the turn. */
function isOver({ phase }: DecodeState): boolean {
  return phase === "ended" || phase === "parked";
}

interface Ended {
  readonly session: CliSession;
  readonly feed: LineFeed;
  readonly state: DecodeState;
  readonly answer: Answer;
  /** The last of them, with the terminal one. */
  readonly events: readonly ModelEvent[];
}

function account({ session, feed, state, answer, events }: Ended): TurnOutcome {
  const { ending, interrupt } = state;
  session.turns += 1;
  session.totals = state.after ?? session.totals;
  session.lastInputTokens = state.lastInputTokens;
  const calls = ending?.reason === "tool-calls" ? state.clientCalls : [];
  // A turn cut short by a limit, or by us, leaves a history only the CLI knows.
  const isTold = ending?.reason === "stop" || ending?.reason === "tool-calls";
  return {
    clean: isTold && state.isSettled && !interrupt && answer.isWhole(),
    error: events.find((event) => event.type === "error")?.error,
    steps: answer.steps,
    calls,
    parked: state.phase === "parked" ? { feed, state } : undefined,
  };
}

type Answer = ReturnType<typeof createAnswer>;

/** What was said so far, to recognise the conversation by. */
function createAnswer() {
  const steps: string[] = [];
  let length = 0;
  return {
    steps,
    isWhole: () => length <= LONGEST_REMEMBERED,
    add(events: readonly ModelEvent[]): void {
      for (const event of events) {
        if (event.type === "step-start") steps.push("");
        if (event.type !== "text-delta" || length > LONGEST_REMEMBERED) continue;
        length += event.text.length;
        steps.push((steps.pop() ?? "") + event.text);
      }
    },
  };
}
