import { composeAnswer } from "./answer/answer.ts";
import type { Answer } from "./answer/answer.ts";
import { readStanding } from "./answer/conversation.ts";
import type { Standing } from "./answer/conversation.ts";
import { echoOf } from "./answer/echo.ts";
import { tokensOfRequest } from "./answer/tokens.ts";
import { errorOfFault } from "./api-error.ts";
import type { ApiError } from "./api-error.ts";
import { createAttempts } from "./attempts.ts";
import type { Attempts } from "./attempts.ts";
import type { Format, Root, Writer } from "./format.ts";
import type { Asked } from "./request.ts";
import type { ErrorFault, Fault, Step } from "./script/script-types.ts";
import { closingStep, parseScript, withOrder } from "./script/script.ts";

/** One call of a model, in whatever API. */
export interface Call {
  readonly format: Format;
  readonly root: Root;
  readonly body: unknown;
  /** Without secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** What was ordered from outside, whatever the prompt says. */
  readonly order: Step;
}

/** What is to be done with one request. */
export interface Reply {
  /** What the script and the order say of the manner: silence, headers, quirks. */
  readonly step: Step;
  readonly outcome: Outcome;
}

export type Outcome =
  | { readonly answer: Answer; readonly writer: Writer; readonly stream: boolean }
  | { readonly error: ApiError }
  | { readonly json: object }
  | { readonly lines: string };

export interface Director {
  reply(call: Call): Reply;
  reset(): void;
}

/** Decides what each request gets. Holds only counters: of answers for ids, of attempts for `times=N`. */
export function createDirector(defaultDelayMs: number, now: () => number = Date.now): Director {
  const attempts = createAttempts();
  let answers = 0;
  return {
    reset: () => attempts.reset(),
    reply: ({ format, root, body, headers, order }) => {
      const refused = (error: ApiError, step: Step = order): Reply => ({ step, outcome: { error } });
      const reading = format.read(body, root);
      if ("problem" in reading) return refused(reading.problem);
      const { asked, writer } = reading;
      const standing = readStanding(asked.messages);
      const { steps, prompt, problems } = parseScript(standing.text);
      if (problems.length > 0) return refused({ status: 400, message: `demo upstream: ${problems.join("; ")}` });
      const scripted = steps[standing.round] ?? closingStep();
      const faults = dueFaults(scripted, attempts, () => attemptKey(asked, standing, headers));
      const step = withOrder({ ...scripted, faults }, order);
      const error = orderedError(step, () => tokensOfRequest(asked));
      if (error !== undefined) return refused(error, step);
      answers += 1;
      const answer = composeAnswer(step, {
        number: answers,
        createdAt: now(),
        request: asked,
        standing,
        prompt,
        defaultDelayMs,
        echo: () => echoOf(body, headers),
      });
      return { step, outcome: { answer, writer, stream: asked.stream ?? false } };
    },
  };
}

/** The last HTTP error among the faults of a step. */
export function orderedError({ faults }: Step, inputTokens?: () => number): ApiError | undefined {
  const refused = faults.findLast((fault): fault is Fault & ErrorFault => fault.kind === "error");
  return refused === undefined ? undefined : errorOfFault(refused, inputTokens?.());
}

function dueFaults(step: Step, attempts: Attempts, key: () => string): readonly Fault[] {
  if (step.faults.length === 0) return [];
  const attempt = attempts.next(key());
  return step.faults.filter((fault) => attempt <= fault.times);
}

/** The same prompt at the same point of the same Claude Code session; without a session, of any client. */
function attemptKey(request: Asked, standing: Standing, headers: Readonly<Record<string, string>>): string {
  const session = headers["x-claude-code-session-id"] ?? "";
  return new Bun.CryptoHasher("sha256")
    .update(JSON.stringify([session, request.model, standing.turn, standing.round, standing.text]))
    .digest("hex");
}
