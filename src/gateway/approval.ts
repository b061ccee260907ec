import type { ApprovalAsk, ApprovalDecision, ToolInput } from "#core/approval.ts";
import { GatewayError } from "#core/errors.ts";

export type ApprovalStatus = "pending" | ResolvedStatus;
export type ResolvedStatus = "allowed" | "denied" | "expired" | "withdrawn";

/** A tool call that waits for somebody's word, or had it. */
export interface Approval {
  readonly id: string;
  /** The request whose turn asks. */
  readonly requestId: string;
  readonly ask: ApprovalAsk;
  readonly status: ApprovalStatus;
  /** Unix milliseconds, as all times here. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Set once it is not pending any more. */
  readonly resolvedAt?: number;
}

/** A handler's word. */
export interface ApprovalAnswer {
  readonly allowed: boolean;
  /** What the tool gets instead of what was asked for. */
  readonly input?: ToolInput | undefined;
  /** Also for the rest of the session, as far as the ask's `always` says. */
  readonly always?: boolean | undefined;
  /** Told to the model with a denial. */
  readonly message?: string | undefined;
}

/** What comes of the ask. Throws GatewayError: `conflict` once it is resolved, `invalid-request` for what cannot be granted. */
export function decide({ status, ask }: Approval, answer: ApprovalAnswer): ApprovalDecision {
  if (status !== "pending") throw new GatewayError("conflict", `This permission request is ${status} already.`);
  if (!answer.allowed) return denied(answer.message || "The user denied this tool call.");
  const always = answer.always === true;
  if (always && ask.always === undefined)
    throw new GatewayError("invalid-request", "This call can be allowed only once.", {
      param: "always",
      hint: "Leave `always` out.",
    });
  return { allowed: true, input: answer.input ?? ask.input, always };
}

export function denied(message: string): ApprovalDecision {
  return { allowed: false, message };
}
