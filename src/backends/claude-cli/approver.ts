/** Turns the CLI's `can_use_tool` questions into asks for approval, and the decisions into its answers. */
import * as v from "valibot";

import type { ApprovalDecision, Approve, ToolInput } from "#core/approval.ts";
import { jsonObject } from "#lib/json-object.ts";

import type { ControlQuestion } from "./lines.ts";
import { describeAlways, narrowest, suggestionSchema, type Suggestion } from "./permission-suggestions.ts";
import type { CliSession } from "./session.ts";

const subtype = "can_use_tool";

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

/**
 * From here on this session's questions go to `approve`, until the returned function is called: what is undecided by
 * then is withdrawn, and not answered, because the turn that asked is over.
 */
export function answerQuestions(session: Pick<CliSession, "responders" | "reply">, approve: Approve): () => void {
  const asks = new Map<string, AbortController>();

  async function asked(requestId: string, question: ControlQuestion): Promise<void> {
    const parsed = v.safeParse(questionSchema, question);
    if (!parsed.success) {
      session.reply(requestId, denial("ccproxy does not understand this request for a permission."));
      return;
    }
    const { output } = parsed;
    const suggestions = narrowest(output.permission_suggestions);
    const controller = new AbortController();
    asks.set(requestId, controller);
    const decision = await approve(
      {
        toolName: output.tool_name,
        input: output.input,
        callId: output.tool_use_id,
        description: output.description,
        reason: output.decision_reason,
        blockedPath: output.blocked_path,
        always: describeAlways(suggestions),
      },
      controller.signal,
    );
    if (asks.delete(requestId)) session.reply(requestId, answer(decision, suggestions));
  }

  function withdraw(requestId: string): void {
    const controller = asks.get(requestId);
    asks.delete(requestId);
    controller?.abort();
  }

  session.responders.set(subtype, { asked: (id, question) => void asked(id, question), withdrawn: withdraw });
  return () => {
    session.responders.delete(subtype);
    for (const requestId of asks.keys()) withdraw(requestId);
  };
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
