/**
 * `spawn-failed`: the child never ran (no such command or directory, no permission).
 * `line-too-long`: its output passed the limit without a newline.
 * `stdin-closed`: it no longer takes input: closed by us, closed by it, or it is gone.
 */
export type ChildFaultCode = "spawn-failed" | "line-too-long" | "stdin-closed";

/** What goes wrong between us and a child. It knows no vendor: the backend gives it its meaning. */
export class ChildFault extends Error {
  override readonly name = "ChildFault";
  readonly code: ChildFaultCode;

  constructor(code: ChildFaultCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
