/** A tool call that runs only if somebody allows it. */
export interface ApprovalAsk {
  readonly toolName: string;
  readonly input: ToolInput;
  /** The model's own id of the call. */
  readonly callId?: string | undefined;
  /** What the call is about, in the asker's words. */
  readonly description?: string | undefined;
  /** Why the asker does not decide it alone. */
  readonly reason?: string | undefined;
  /** The path the call is kept from. */
  readonly blockedPath?: string | undefined;
  /** What allowing it for the rest of the session would allow besides; undefined when that cannot be done. */
  readonly always?: string | undefined;
}

export type ToolInput = Readonly<Record<string, unknown>>;

export type ApprovalDecision =
  /** `input` is what the tool gets: as asked, or as edited. */
  | { readonly allowed: true; readonly input: ToolInput; readonly always: boolean }
  /** `message` is told to the model. */
  | { readonly allowed: false; readonly message: string };

/** Never rejects: what nobody decides in time is denied. The signal withdraws the ask. */
export type Approve = (ask: ApprovalAsk, signal: AbortSignal) => Promise<ApprovalDecision>;
