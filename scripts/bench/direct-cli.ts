/** The real CLI driven by hand, with the leanest code that can: what the proxy is measured against. */
import { spawnArguments } from "#backends/claude-cli/argv.ts";
import { planTurn } from "#backends/claude-cli/claim.ts";
import { childEnvironment } from "#backends/claude-cli/environment.ts";
import { controlLine, queryLine } from "#backends/claude-cli/protocol.ts";
import type { Mode } from "#core/backend.ts";
import { openaiChat } from "#wire/openai-chat/index.ts";

import type { Program, Programs } from "./programs.ts";

/** What every request of the bench asks for. */
export const benchModel = "sonnet";

export interface DirectCli {
  /** Milliseconds from the prompt to the first word of the answer; resolves when the turn is over. */
  ask(prompt: string): Promise<number>;
  end(): Promise<void>;
}

export interface DirectOptions {
  readonly programs: Programs;
  readonly claude: string;
  readonly mode: Mode;
  readonly upstream: string;
}

/** One process a request, the prompt on stdin and then its end: what a proxy without a pool does. */
export async function askCold(options: DirectOptions, prompt: string): Promise<number> {
  const startedAt = performance.now();
  const cli = start(options, false);
  void cli.program.stdin.write(prompt);
  await cli.program.stdin.end();
  const firstWordAt = await cli.nextFirstWord();
  await options.programs.end(cli.program);
  return firstWordAt - startedAt;
}

/** A process that has started and was told everything but the prompt; each turn is one plain message. */
export async function startWarm(options: DirectOptions): Promise<DirectCli> {
  const cli = start(options, true);
  const ready = cli.nextOfType("control_response");
  cli.write(controlLine("1", { subtype: "initialize" }));
  await ready;
  return {
    ask: (prompt) => cli.timeTurn(JSON.stringify({ type: "user", message: { role: "user", content: prompt } })),
    end: () => options.programs.end(cli.program),
  };
}

/** What the demo says to every prompt of the bench. */
const answer = "pong";

/**
 * A process parked as the pool parks it, told at each turn the very lines that the proxy tells it: what is
 * left between this and the proxy is the proxy's own work.
 */
export async function startParked(options: DirectOptions): Promise<DirectCli> {
  const cli = start(options, true);
  const ready = cli.nextOfType("control_response");
  cli.write(controlLine("0", { subtype: "get_binary_version" }));
  await ready;
  const messages: { role: string; content: string }[] = [];
  let known = "";
  return {
    async ask(prompt) {
      const isFirst = messages.length === 0;
      messages.push({ role: "user", content: prompt });
      const told = isFirst || options.mode === "chat" ? messages : messages.slice(-1);
      const request = openaiChat.decodeRequest({ model: benchModel, stream: true, messages: told });
      const { mode } = options;
      const setup = { mode, tools: mode === "chat" ? "client" : "agent" } as const;
      const plan = planTurn(request, { setup, replacesMessages: mode === "chat" });
      const settings = JSON.stringify(plan.settings);
      const lines = [
        ...(isFirst && plan.initialize !== undefined ? [controlLine("1", plan.initialize)] : []),
        ...(settings === known
          ? []
          : [controlLine(`s${messages.length}`, { subtype: "apply_flag_settings", settings: plan.settings })]),
        queryLine(plan.query),
      ];
      known = settings;
      messages.push({ role: "assistant", content: answer });
      return await cli.timeTurn(...lines);
    },
    end: () => options.programs.end(cli.program),
  };
}

interface Line {
  readonly text: string;
  readonly at: number;
}

export interface Started {
  readonly program: Program;
  write(...lines: readonly string[]): void;
  /** Every line from now on, too. */
  onLine(seen: (line: string) => void): void;
  /** Milliseconds from these lines to the first word; resolves at the result. */
  timeTurn(...lines: readonly string[]): Promise<number>;
  next(matches: (line: string) => boolean): Promise<Line>;
  nextFirstWord(): Promise<number>;
  nextOfType(type: string): Promise<number>;
}

export function start({ programs, claude, mode, upstream }: DirectOptions, withInput: boolean): Started {
  const program = programs.start([claude, ...argumentsOf(mode, withInput)], environmentOf(programs, mode, upstream));
  const waiting: {
    matches: (line: string) => boolean;
    resolve: (line: Line) => void;
    reject: (error: Error) => void;
  }[] = [];
  const next = (matches: (line: string) => boolean): Promise<Line> =>
    new Promise((resolve, reject) => waiting.push({ matches, resolve, reject }));
  const watchers: ((line: string) => void)[] = [];
  void eachLine(program.stdout, (line, at) => {
    for (const watch of watchers) watch(line);
    const index = waiting.findIndex(({ matches }) => matches(line));
    if (index !== -1) waiting.splice(index, 1)[0]?.resolve({ text: line, at });
  }).then(() => {
    for (const { reject } of waiting) reject(new Error(`${claude} ended before it answered`));
  });
  const nextFirstWord = async (): Promise<number> => (await next((line) => line.includes('"text_delta"'))).at;
  // The newest CLI writes `type` late in a result line.
  const nextOfType = async (type: string): Promise<number> =>
    (await next((line) => line.includes(`"type":"${type}"`))).at;
  const write = (...lines: readonly string[]): void => {
    void program.stdin.write(`${lines.join("\n")}\n`);
    void program.stdin.flush();
  };
  return {
    program,
    write,
    onLine: (watch) => void watchers.push(watch),
    next,
    nextFirstWord,
    nextOfType,
    async timeTurn(...lines) {
      const firstWord = nextFirstWord();
      const over = nextOfType("result");
      const askedAt = performance.now();
      write(...lines);
      const firstWordAt = await firstWord;
      await over;
      return firstWordAt - askedAt;
    },
  };
}

/** The very arguments of the proxy's children, so that only the driver differs. */
function argumentsOf(mode: Mode, withInput: boolean): readonly string[] {
  const place = { directory: undefined, addDirs: [], mcpConfig: [], settingSources: ["user"] };
  const own = spawnArguments(
    { site: mode === "chat" ? mode : place },
    {
      model: undefined,
      allowedTools: [],
      disallowedTools: [],
      permissionMode: "default",
      maxTurns: undefined,
    },
  );
  const input = own.indexOf("--input-format");
  return withInput ? own : own.toSpliced(input, 2);
}

function environmentOf(programs: Programs, mode: Mode, upstream: string): Readonly<Record<string, string>> {
  return childEnvironment(mode, {
    environment: claudeEnvironment(programs, upstream),
    extraEnvironment: {},
    temporaryDirectory: programs.home("tmp"),
    selfUrls: () => [],
  });
}

/** What a user's shell holds, with the demo upstream in it. */
export function claudeEnvironment(programs: Programs, upstream: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: programs.home("home"),
    ANTHROPIC_BASE_URL: upstream,
    ANTHROPIC_API_KEY: "sk-ant-demo",
  };
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
