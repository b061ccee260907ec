/** Runs one turn on a process: what to say to it, what it says back, and when to stop listening. */
import { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";

import { claim, proceed, type TurnPlan } from "./claim.ts";
import { startDecoding, type DecodeState } from "./decode-state.ts";
import { abandonTurn, decodeLine } from "./decode.ts";
import type { LineFeed } from "./line-feed.ts";
import type { CliLine } from "./lines.ts";
import { abortError } from "./run-signal.ts";
import type { CliSession } from "./session.ts";

/** Measured: the result of an interrupted turn comes within 30 ms; it only adds the cost. */
const RESULT_WAIT_MS = 1000;
/** Characters; the longest answers of today's models (128,000 tokens) have half as many. */
const LONGEST_REMEMBERED = 1_000_000;

interface TurnOptions {
  readonly plan: TurnPlan;
  /** The process has the conversation already. */
  readonly live: boolean;
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
  /** The text of each model call; an endless answer is not kept whole. */
  readonly steps: readonly string[];
}

/** Batches of events, ending in the terminal one. Throws GatewayError when the turn could not begin. */
export async function* runTurn(
  session: CliSession,
  options: TurnOptions,
): AsyncGenerator<readonly ModelEvent[], void, undefined> {
  const feed = session.beginTurn();
  const stop = (): void => feed.close();
  options.signal.addEventListener("abort", stop, { once: true });
  let refusal: GatewayError | undefined;
  const refused = (error: GatewayError): void => {
    refusal = error;
    feed.close();
  };
  let state = startDecoding(session.totals);
  const answer = createAnswer();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    if (options.signal.aborted) feed.close();
    else await begin(session, feed, options, refused);
    while (state.phase !== "ended") {
      const lines = await feed.take();
      const [next, events] =
        lines === undefined
          ? abandonTurn(state, whyItEnded(session, options.signal, refusal))
          : decodeLines(state, lines, options.onSessionId);
      if (next.interrupt && !state.interrupt) {
        session.interrupt();
        timer = setTimeout(stop, RESULT_WAIT_MS);
      }
      state = next;
      answer.add(events);
      if (state.phase === "ended") options.onEnded(account(session, state, answer));
      if (events.length > 0) yield events;
    }
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", stop);
    session.endTurn();
  }
}

async function begin(
  session: CliSession,
  feed: LineFeed,
  options: TurnOptions,
  refused: (error: GatewayError) => void,
): Promise<void> {
  const { plan, live, onInitialized } = options;
  if (live) await proceed(session, feed, plan, { refused });
  else await claim(session, feed, plan, { initialized: onInitialized, refused });
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

function account(session: CliSession, state: DecodeState, { steps, isWhole }: Answer): TurnOutcome {
  session.turns += 1;
  session.totals = state.after ?? session.totals;
  session.lastInputTokens = state.lastInputTokens;
  // A turn cut short by a limit, or by us, leaves a history only the CLI knows.
  return { clean: state.ending?.reason === "stop" && !state.interrupt && isWhole(), steps };
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
