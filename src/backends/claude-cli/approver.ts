/** Turns the CLI's `can_use_tool` questions into asks for approval, and the decisions into its answers. */
import * as v from "valibot";

import type { ApprovalAsk, ApprovalDecision, Approve, ToolInput } from "#core/approval.ts";
import { jsonObject } from "#lib/json-object.ts";

import type { ControlQuestion } from "./lines.ts";
import { describeAlways, narrowest, suggestionSchema, type Suggestion } from "./permission-suggestions.ts";

const text = v.fallback(v.optional(v.string()), undefined);

const questionSchema = v.looseObject({
  tool_name: v.string(),
  input: jsonObject,
  tool_use_id: text,
  description: text,
  decision_reason: text,
  blocked_path: text,
  permission_suggestions: v.fallback(v.optional(v.array(suggestionSchema), []), []),
});

interface Question {
  readonly ask: ApprovalAsk;
  readonly suggestions: readonly Suggestion[];
  /** Withdraws the ask; undefined while nobody is asked. */
  asking: AbortController | undefined;
}

/**
 * Asks about one process's questions. The CLI waits for its answer as long as its turn lasts (five minutes were
 * measured), which may be longer than a request: in between, what is undecided is withdrawn, and asked again later.
 */
export class Approver {
  readonly #reply: (requestId: string, response: ToolInput) => void;
  readonly #questions = new Map<string, Question>();
  #approve: Approve | undefined;

  constructor(reply: (requestId: string, response: ToolInput) => void) {
    this.#reply = reply;
  }

  attach(approve: Approve): void {
    this.#approve = approve;
    for (const [requestId, question] of this.#questions) void this.#ask(requestId, question);
  }

  /** Nobody waits for an answer now. */
  detach(): void {
    this.#approve = undefined;
    for (const question of this.#questions.values()) {
      question.asking?.abort();
      question.asking = undefined;
    }
  }

  asked(requestId: string, asked: ControlQuestion): void {
    const parsed = v.safeParse(questionSchema, asked);
    if (!parsed.success)
      return this.#reply(requestId, denial("ccproxy does not understand this request for a permission."));
    const { output } = parsed;
    const suggestions = narrowest(output.permission_suggestions);
    const ask = {
      toolName: output.tool_name,
      input: output.input,
      callId: output.tool_use_id,
      description: output.description,
      reason: output.decision_reason,
      blockedPath: output.blocked_path,
      always: describeAlways(suggestions),
    };
    const question: Question = { ask, suggestions, asking: undefined };
    this.#questions.set(requestId, question);
    void this.#ask(requestId, question);
  }

  withdrawn(requestId: string): void {
    const question = this.#questions.get(requestId);
    this.#questions.delete(requestId);
    question?.asking?.abort();
  }

  async #ask(requestId: string, question: Question): Promise<void> {
    if (this.#approve === undefined) return;
    const asking = new AbortController();
    question.asking = asking;
    const decision = await this.#approve(question.ask, asking.signal);
    if (asking.signal.aborted) return;
    this.#questions.delete(requestId);
    this.#reply(requestId, answer(decision, question.suggestions));
  }
}

function answer(decision: ApprovalDecision, suggestions: readonly Suggestion[]): ToolInput {
  if (!decision.allowed) return denial(decision.message);
  // 2.1.197 demands an input even where nothing was edited.
  const allowed = { behavior: "allow", updatedInput: decision.input };
  return decision.always ? { ...allowed, updatedPermissions: suggestions } : allowed;
}

function denial(message: string): ToolInput {
  return { behavior: "deny", message };
}
