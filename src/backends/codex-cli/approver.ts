/** Turns what Codex may not do on its own into asks for approval, and the decisions into its answers. */
import * as v from "valibot";

import type { ApprovalAsk, ApprovalDecision, Approve } from "#core/approval.ts";
import { looseObject } from "#lib/loose-object.ts";

import type { Act } from "./items.ts";
import type { Params, RequestId } from "./messages.ts";

const text = v.fallback(v.nullish(v.string()), undefined);

const questionSchema = looseObject({
  itemId: v.string(),
  command: text,
  cwd: text,
  reason: text,
  grantRoot: text,
  availableDecisions: v.fallback(v.nullish(v.array(v.unknown())), undefined),
});

interface Question {
  readonly ask: ApprovalAsk;
  /** Withdraws the ask; undefined while nobody is asked. */
  asking: AbortController | undefined;
}

/** `between`: its client is about to come back. `nobody`: there is none to ask. */
type Audience = Approve | "between" | "nobody";

/**
 * Asks about one turn's questions. Codex waits for its answer as long as its turn lasts, which may be longer than a
 * request: in between, what is undecided is withdrawn, and asked again later.
 */
export class Approver {
  readonly #reply: (id: RequestId, result: Params) => void;
  readonly #questions = new Map<RequestId, Question>();
  #audience: Audience = "nobody";

  constructor(reply: (id: RequestId, result: Params) => void) {
    this.#reply = reply;
  }

  /** Who decides from here on. */
  attach(audience: Audience): void {
    this.#audience = audience;
    for (const question of this.#questions.values()) {
      question.asking?.abort();
      question.asking = undefined;
    }
    for (const [id, question] of this.#questions) void this.#ask(id, question);
  }

  /** Nobody waits for any of it any more, Codex included. */
  end(): void {
    for (const { asking } of this.#questions.values()) asking?.abort();
    this.#questions.clear();
  }

  /** `act`: what the item in question does, where that was told. What nobody can see nobody decides on. */
  asked(id: RequestId, params: Params, act: Act | undefined): void {
    const parsed = v.safeParse(questionSchema, params);
    if (!parsed.success || (act === undefined && !parsed.output.command)) return this.#decline(id);
    const { itemId, command, cwd, reason, grantRoot, availableDecisions } = parsed.output;
    const isRepeatable = availableDecisions?.includes("acceptForSession") ?? true;
    const question: Question = {
      ask: {
        ...(act ?? { toolName: "exec_command", input: { command: command ?? "", cwd: cwd ?? "" } }),
        callId: itemId,
        reason: reason ?? undefined,
        blockedPath: grantRoot ?? undefined,
        always: isRepeatable ? "the same again, for as long as Codex has this conversation" : undefined,
      },
      asking: undefined,
    };
    this.#questions.set(id, question);
    void this.#ask(id, question);
  }

  async #ask(id: RequestId, question: Question): Promise<void> {
    if (this.#audience === "between") return;
    if (this.#audience === "nobody") return this.#decline(id);
    const asking = new AbortController();
    question.asking = asking;
    const decision = await this.#audience(question.ask, asking.signal);
    if (asking.signal.aborted) return;
    this.#questions.delete(id);
    this.#reply(id, { decision: answer(decision, question.ask) });
  }

  #decline(id: RequestId): void {
    this.#questions.delete(id);
    this.#reply(id, { decision: "decline" });
  }
}

/** Codex runs what it asked about, or nothing: what was edited is not what would run. */
function answer(decision: ApprovalDecision, { input }: ApprovalAsk): string {
  if (!decision.allowed || JSON.stringify(decision.input) !== JSON.stringify(input)) return "decline";
  return decision.always ? "acceptForSession" : "accept";
}
