/**
 * Tool calls that wait for somebody's word: who may see them, who is told, and what becomes of those nobody answers.
 * It knows neither how handlers are reached nor who asks.
 */
import type { ApprovalAsk, ApprovalDecision } from "#core/approval.ts";
import { GatewayError } from "#core/errors.ts";

import { type Audience, createAudience, type Handler } from "./approval-audience.ts";
import { type Approval, type ApprovalAnswer, decide, denied, type ResolvedStatus } from "./approval.ts";

export interface Asking {
  /** Only handlers of the same principal see the ask. */
  readonly principal: string;
  readonly requestId: string;
  readonly ask: ApprovalAsk;
  /** Withdraws it. */
  readonly signal: AbortSignal;
}

export interface Approvals {
  /** Never rejects. Denied at once where no handler is there. */
  ask(asking: Asking): Promise<ApprovalDecision>;
  /** Throws GatewayError: `not-found`, `conflict`, `invalid-request`. */
  respond(principal: string, id: string, answer: ApprovalAnswer): Approval;
  /** Throws GatewayError `not-found`. */
  find(principal: string, id: string): Approval;
  /** The pending ones, oldest first. Whoever looks counts as a handler for a while. */
  pending(principal: string): readonly Approval[];
  /** Returns how to leave. */
  subscribe(principal: string, handler: Handler): () => void;
}

export interface ApprovalsOptions {
  /** How long handlers may take to decide; then the call is denied. */
  readonly timeoutMs: number;
  readonly onResolved: (approval: Approval) => void;
  readonly now?: () => number;
}

/** How long, and how many, resolved ones can still be looked up. */
const keptMs = 5 * 60_000;
const keptMost = 100;
/** Of one principal; a client of the tool server could otherwise ask without an end. */
const pendingMost = 100;

interface Entry {
  readonly principal: string;
  readonly settle: (decision: ApprovalDecision) => void;
  approval: Approval;
}

export function createApprovals(options: ApprovalsOptions): Approvals {
  const { now = Date.now } = options;
  /** Oldest first. */
  const entries = new Map<string, Entry>();
  const audiences = new Map<string, Audience>();

  function audienceOf(principal: string): Audience {
    const audience = audiences.get(principal) ?? createAudience(now);
    audiences.set(principal, audience);
    return audience;
  }

  function entryOf(principal: string, id: string): Entry {
    const entry = entries.get(id);
    if (entry?.principal === principal) return entry;
    throw new GatewayError("not-found", "Permission request not found.", { hint: "GET /permissions lists them." });
  }

  function pendingOf(principal: string): readonly Approval[] {
    return [...entries.values()]
      .filter((entry) => entry.principal === principal && entry.approval.status === "pending")
      .map(({ approval }) => approval);
  }

  function resolve(entry: Entry, status: ResolvedStatus, decision: ApprovalDecision): void {
    if (entry.approval.status !== "pending") return;
    entry.approval = { ...entry.approval, status, resolvedAt: now() };
    entry.settle(decision);
    audienceOf(entry.principal).tell(entry.approval);
    options.onResolved(entry.approval);
    forgetOld(entries, now());
  }

  return {
    async ask({ principal, requestId, ask, signal }) {
      const crowded = pendingOf(principal).length >= pendingMost;
      const { promise, resolve: settle } = Promise.withResolvers<ApprovalDecision>();
      const entry: Entry = { principal, settle, approval: newApproval(requestId, ask, now(), options.timeoutMs) };
      entries.set(entry.approval.id, entry);
      audienceOf(principal).tell(entry.approval);
      const withdraw = (): void => resolve(entry, "withdrawn", denied("Nobody waits for the answer any more."));
      const expire = (): void => resolve(entry, "expired", denied(expired(options.timeoutMs)));
      const timer = setTimeout(expire, options.timeoutMs);
      signal.addEventListener("abort", withdraw, { once: true });
      if (signal.aborted) withdraw();
      else if (crowded) resolve(entry, "denied", denied("Too many tool calls wait for an approval already."));
      else if (!audienceOf(principal).attended()) resolve(entry, "denied", denied(unattended));
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", withdraw);
      }
    },
    respond(principal, id, answer) {
      const entry = entryOf(principal, id);
      resolve(entry, answer.allowed ? "allowed" : "denied", decide(entry.approval, answer));
      return entry.approval;
    },
    find: (principal, id) => entryOf(principal, id).approval,
    pending(principal) {
      audienceOf(principal).seen();
      return pendingOf(principal);
    },
    subscribe(principal, handler) {
      for (const approval of pendingOf(principal)) handler.notify(approval);
      return audienceOf(principal).join(handler);
    },
  };
}

const unattended = "This tool call needs an approval, but no approval handler is connected.";

function expired(timeoutMs: number): string {
  return `Permission request expired: nobody answered within ${timeoutMs / 1000} seconds.`;
}

function newApproval(requestId: string, ask: ApprovalAsk, createdAt: number, timeoutMs: number): Approval {
  return {
    id: crypto.randomUUID(),
    requestId,
    ask,
    status: "pending",
    createdAt,
    expiresAt: createdAt + timeoutMs,
  };
}

function forgetOld(entries: Map<string, Entry>, now: number): void {
  const resolved = [...entries.values()].filter(({ approval }) => approval.status !== "pending");
  const tooMany = resolved.length - keptMost;
  for (const [index, { approval }] of resolved.entries())
    if (index < tooMany || now - (approval.resolvedAt ?? 0) > keptMs) entries.delete(approval.id);
}
