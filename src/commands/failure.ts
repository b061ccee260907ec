/** An expected failure: printed as one line, with the next action behind it, and never with a stack. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly exitCode: 1 | 2;

  constructor(message: string, options: { readonly exitCode?: 1 | 2; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The command line itself is wrong. */
export function usageFailure(message: string): CommandFailure {
  return new CommandFailure(message, { exitCode: 2 });
}
