/** The process's two output streams, and what they can show. */

export interface Terminal {
  /** Writes to stdout, with a line end; resolves when it is written. A closed pipe is not an error. */
  print(text: string): Promise<void>;
  /** The same to stderr. */
  printError(text: string): Promise<void>;
  readonly style: Style;
  /** Whether somebody watches stderr, and lines there may be rewritten. */
  readonly watched: boolean;
  readonly columns: number;
}

type Paint = (text: string) => string;

/** Colours of stdout; each leaves the text alone where colours are not wanted. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

export function createTerminal(environment: Readonly<Record<string, string | undefined>>): Terminal {
  return {
    print: (text) => write(Bun.stdout, text),
    printError: (text) => write(Bun.stderr, text),
    style: createStyle(wantsColor(environment, process.stdout.isTTY)),
    watched: process.stderr.isTTY && environment["TERM"] !== "dumb",
    columns: process.stdout.columns ?? 80,
  };
}

export function createStyle(color: boolean): Style {
  const paint = (open: number, close: number): Paint =>
    color ? (text) => `\u001B[${open}m${text}\u001B[${close}m` : (text) => text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}

/** https://no-color.org: any non-empty NO_COLOR means none; FORCE_COLOR wins over not being a terminal. */
function wantsColor(
  { NO_COLOR: no, FORCE_COLOR: force, TERM: term }: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (no !== undefined && no !== "") return false;
  if (force !== undefined && force !== "") return force !== "0";
  return isTerminal && term !== "dumb";
}

async function write(stream: Bun.BunFile, text: string): Promise<void> {
  try {
    await Bun.write(stream, text.endsWith("\n") ? text : `${text}\n`);
  } catch (error) {
    // `ccproxy openapi | head` closes the pipe when it has seen enough.
    if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
  }
}
