import { composeAnswer } from "./answer/answer.ts";
import type { Answer } from "./answer/answer.ts";
import { readStanding } from "./answer/conversation.ts";
import type { Standing } from "./answer/conversation.ts";
import { echoOf } from "./answer/echo.ts";
import { tokensOfRequest } from "./answer/tokens.ts";
import { problemOfConversation } from "./anthropic/check.ts";
import { apiError, errorOfFault } from "./anthropic/error.ts";
import type { ApiError } from "./anthropic/error.ts";
import { isKnownModel, problemOfSampling } from "./anthropic/models.ts";
import { problemOfTools } from "./anthropic/tools.ts";
import { createAttempts } from "./attempts.ts";
import type { MessagesRequest } from "./request.ts";
import { parseMessagesRequest } from "./request.ts";
import type { ErrorFault, Fault, Step } from "./script/script-types.ts";
import { emptyStep, parseScript } from "./script/script.ts";

/** What is to be done with one `POST /v1/messages`. */
export interface Reply {
  /** Milliseconds of silence before anything is answered. */
  readonly silenceMs: number;
  /** Headers the script asked for. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly split: boolean;
  readonly stream: boolean;
  readonly outcome: { readonly answer: Answer } | { readonly error: ApiError };
}

export interface Director {
  /** `headers` without secrets. */
  reply(body: unknown, headers: Readonly<Record<string, string>>): Reply;
  reset(): void;
}

/** Decides what each request gets. Holds only counters: of answers for ids, of attempts for `times=N`. */
export function createDirector(defaultDelayMs: number): Director {
  const attempts = createAttempts();
  let answers = 0;
  return {
    reset: () => attempts.reset(),
    reply: (body, headers) => {
      const parsed = parseMessagesRequest(body);
      if ("problem" in parsed) return refusal(apiError(400, parsed.problem));
      const request = parsed.value;
      if (!isKnownModel(request.model)) return refusal(apiError(404, `model: ${request.model}`));
      const problem = problemOfConversation(request.messages) ?? problemOfSampling(request) ?? problemOfTools(request);
      if (problem !== undefined) return refusal(apiError(400, problem));
      const standing = readStanding(request.messages);
      const script = parseScript(standing.text);
      if (script.problems.length > 0) return refusal(apiError(400, `demo upstream: ${script.problems.join("; ")}`));
      const step = script.steps[standing.round];
      const faults = dueFaults(step, attempts, () => attemptKey(request, standing, headers));
      const base = {
        silenceMs: silenceOf(faults),
        headers: step?.headers ?? [],
        split: step?.split ?? false,
        stream: request.stream ?? false,
      };
      const refused = faults.findLast((fault): fault is Fault & ErrorFault => fault.kind === "error");
      if (refused !== undefined)
        return { ...base, outcome: { error: errorOfFault(refused, tokensOfRequest(request)) } };
      answers += 1;
      const occasion = { number: answers, request, standing, prompt: script.prompt, faults, defaultDelayMs };
      return { ...base, outcome: { answer: composeAnswer(step, { ...occasion, echo: () => echoOf(body, headers) }) } };
    },
  };
}

function refusal(error: ApiError): Reply {
  const { headers, split } = emptyStep();
  return { silenceMs: 0, headers, split, stream: false, outcome: { error } };
}

function dueFaults(
  step: Step | undefined,
  attempts: { next(key: string): number },
  key: () => string,
): readonly Fault[] {
  if (step === undefined || step.faults.length === 0) return [];
  const attempt = attempts.next(key());
  return step.faults.filter((fault) => attempt <= fault.times);
}

function silenceOf(faults: readonly Fault[]): number {
  return faults.reduce((sum, fault) => sum + (fault.kind === "stall" && fault.at === "headers" ? fault.ms : 0), 0);
}

/** The same prompt at the same point of the same Claude Code session; without a session, of any client. */
function attemptKey(request: MessagesRequest, standing: Standing, headers: Readonly<Record<string, string>>): string {
  const session = headers["x-claude-code-session-id"] ?? "";
  return new Bun.CryptoHasher("sha256")
    .update(JSON.stringify([session, request.model, standing.turn, standing.round, standing.text]))
    .digest("hex");
}
