/** The real CLI driven by hand, with the leanest code that can: what the proxy is measured against. */
import type { Program, Programs } from "./programs.ts";

export interface DirectCli {
  /** Milliseconds from the prompt to the first word of the answer; resolves when the turn is over. */
  ask(prompt: string): Promise<number>;
  end(): Promise<void>;
}

export type Mode = "agent" | "chat";

export interface DirectOptions {
  readonly programs: Programs;
  readonly claude: string;
  readonly mode: Mode;
  readonly upstream: string;
}

/** One process a request, the prompt on stdin and then its end: what a proxy without a pool does. */
export async function askCold(options: DirectOptions, prompt: string): Promise<number> {
  const startedAt = performance.now();
  const cli = start(options, ["-p", "--output-format", "stream-json", "--verbose", "--include-partial-messages"]);
  void cli.program.stdin.write(prompt);
  await cli.program.stdin.end();
  const firstWordAt = await cli.nextFirstWord();
  await options.programs.end(cli.program);
  return firstWordAt - startedAt;
}

/** A process that has started and was told everything but the prompt. */
export async function startWarm(options: DirectOptions): Promise<DirectCli> {
  const stream = ["--input-format", "stream-json", "--output-format", "stream-json"];
  const cli = start(options, ["-p", ...stream, "--verbose", "--include-partial-messages", "--no-session-persistence"]);
  const ready = cli.nextOfType("control_response");
  send(cli.program, { type: "control_request", request_id: "1", request: { subtype: "initialize" } });
  await ready;
  return {
    async ask(prompt) {
      const firstWord = cli.nextFirstWord();
      const over = cli.nextOfType("result");
      const askedAt = performance.now();
      send(cli.program, { type: "user", message: { role: "user", content: prompt } });
      const firstWordAt = await firstWord;
      await over;
      return firstWordAt - askedAt;
    },
    end: () => options.programs.end(cli.program),
  };
}

interface Started {
  readonly program: Program;
  nextFirstWord(): Promise<number>;
  nextOfType(type: string): Promise<number>;
}

function start({ programs, claude, mode, upstream }: DirectOptions, args: readonly string[]): Started {
  const lean = mode === "chat" ? ["--tools=", "--strict-mcp-config", "--setting-sources="] : [];
  const program = programs.start([claude, ...args, ...lean], claudeEnvironment(programs, upstream));
  const waiting: {
    matches: (line: string) => boolean;
    resolve: (at: number) => void;
    reject: (error: Error) => void;
  }[] = [];
  const next = (matches: (line: string) => boolean): Promise<number> =>
    new Promise((resolve, reject) => waiting.push({ matches, resolve, reject }));
  void eachLine(program.stdout, (line, at) => {
    const index = waiting.findIndex(({ matches }) => matches(line));
    if (index !== -1) waiting.splice(index, 1)[0]?.resolve(at);
  }).then(() => {
    for (const { reject } of waiting) reject(new Error(`${claude} ended before it answered`));
  });
  return {
    program,
    nextFirstWord: () => next((line) => line.includes('"text_delta"')),
    // The newest CLI writes `type` late in a result line.
    nextOfType: (type) => next((line) => line.includes(`"type":"${type}"`)),
  };
}

export function claudeEnvironment(programs: Programs, upstream: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: programs.home("home"),
    ANTHROPIC_BASE_URL: upstream,
    ANTHROPIC_API_KEY: "sk-ant-demo",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  };
}

function send(program: Program, message: unknown): void {
  void program.stdin.write(`${JSON.stringify(message)}\n`);
  void program.stdin.flush();
}

/** Calls with each whole line and the moment its last chunk came. */
export async function eachLine(
  stream: ReadableStream<Uint8Array>,
  seen: (line: string, at: number) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const at = performance.now();
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) seen(line, at);
  }
}
