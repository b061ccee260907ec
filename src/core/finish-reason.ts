/** Why a turn ended, in the vocabulary every wire format is encoded from. */
export type FinishReason = "stop" | "length" | "tool-calls" | "content-filter" | "error";
