/** A setting, or a file of settings, is wrong. The message is one line and names where, what was expected and what was got. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** One line for each thing that is wrong, the first being `message`. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options: { readonly cause?: unknown } = {}) {
    const [first = "the configuration is wrong", ...more] = problems;
    super(
      more.length === 0 ? first : `${first} (and ${String(more.length)} more; \`ccproxy config validate\` lists them)`,
      {
        cause: options.cause,
      },
    );
    this.problems = problems;
  }
}
