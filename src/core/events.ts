import type { AgentAct } from "./agent-act.ts";
import type { GatewayError } from "./errors.ts";
import type { FinishReason } from "./finish-reason.ts";
import type { Usage } from "./usage.ts";

/**
 * The canonical stream. A well-formed one is:
 * `start`, then blocks and steps, then exactly one terminal (`finish` or `error`), then nothing.
 * An `error` may also be the only event. Blocks never overlap and each `-start` has its `-end`
 * before `finish`; an `error` may leave one open. Ids are unique within the stream.
 */
export type ModelEvent =
  | StartEvent
  | { readonly type: "step-start" }
  | TextStartEvent
  | { readonly type: "text-delta"; readonly id: string; readonly text: string }
  /** One Anthropic citation object, as it came, for the text block `id`. */
  | { readonly type: "text-citation"; readonly id: string; readonly citation: unknown }
  | { readonly type: "text-end"; readonly id: string }
  | { readonly type: "reasoning-start"; readonly id: string; readonly redactedData?: string }
  | { readonly type: "reasoning-delta"; readonly id: string; readonly text: string }
  | { readonly type: "reasoning-end"; readonly id: string; readonly signature?: string }
  | ToolInputStartEvent
  | { readonly type: "tool-input-delta"; readonly id: string; readonly delta: string }
  | { readonly type: "tool-input-end"; readonly id: string }
  | ToolResultEvent
  | AgentActEvent
  | { readonly type: "step-end"; readonly usage: Usage }
  | FinishEvent
  | { readonly type: "error"; readonly error: GatewayError };

/** Said once, when the upstream has accepted the request. `model` is the one that answers. */
export interface StartEvent {
  readonly type: "start";
  readonly responseId: string;
  readonly model: string;
  /** What is known of the input at this point; output counts are not final. */
  readonly usage: Usage;
}

/** `refuses`: it is the model's refusal to answer, which some formats have apart from what it says. */
export interface TextStartEvent {
  readonly type: "text-start";
  readonly id: string;
  readonly refuses?: true;
}

/** `id` is the call id. `backend`: the agent runs the tool itself and no client must try to. */
export interface ToolInputStartEvent {
  readonly type: "tool-input-start";
  readonly id: string;
  readonly toolName: string;
  readonly executedBy: "client" | "backend";
}

/** What a tool the backend ran itself gave back. */
export interface ToolResultEvent {
  readonly type: "tool-result";
  readonly id: string;
  readonly content: unknown;
  readonly isError: boolean;
}

/** In place of the events it is made of; no backend says it, only the gateway for a client that wants to see it. */
export interface AgentActEvent {
  readonly type: "agent-act";
  readonly act: AgentAct;
  /** How it reads in a format without a block for it; undefined for a call that is shown as one. */
  readonly line?: string;
}

export interface FinishEvent {
  readonly type: "finish";
  readonly reason: FinishReason;
  /** The vendor's own word for it (`end_turn`, `refusal`), where it gave one. */
  readonly rawReason?: string;
  readonly stopSequence?: string;
  /** Totals of the whole turn. */
  readonly usage: Usage;
  /** USD of this turn as the backend reports it; undefined when it does not. */
  readonly costUsd?: number;
  /** Model calls in this turn. */
  readonly steps: number;
}
