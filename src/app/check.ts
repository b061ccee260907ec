/** What one look at where serving is to happen found. */
export interface Check {
  readonly name: string;
  readonly status: "pass" | "warn" | "fail";
  /** What was seen. */
  readonly detail: string;
  /** What to do about it. */
  readonly action?: string;
}
