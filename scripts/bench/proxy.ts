/** dist/ccproxy as a user runs it, and a client that notices the first word of an answer. */
import type { Mode } from "#core/backend.ts";

import { benchModel, claudeEnvironment, eachLine } from "./direct-cli.ts";
import { freePort, type Program, type Programs } from "./programs.ts";

export interface ProxyOptions {
  readonly programs: Programs;
  readonly binary: string;
  readonly claude: string;
  readonly upstream: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Proxy {
  readonly url: string;
  readonly program: Program;
  /** Milliseconds from the start of the program to the first 200 of /health. */
  readonly readyMs: number;
  readonly stateDir: string;
  end(): Promise<void>;
}

export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const { programs, binary, claude, upstream } = options;
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const stateDir = programs.home(`state-${port}`);
  const startedAt = performance.now();
  const program = programs.start(
    [
      binary,
      "serve",
      "--port",
      String(port),
      "--claude-path",
      claude,
      "--log-level",
      "error",
      ...(options.flags ?? []),
    ],
    { ...claudeEnvironment(programs, upstream), CCPROXY__STATE_DIR: stateDir, ...options.env },
  );
  const output = new Response(program.stdout).text();
  await untilHealthy(url, program, output);
  const readyMs = performance.now() - startedAt;
  return { url, program, readyMs, stateDir, end: () => programs.end(program) };
}

/** One conversation: each `ask` sends all of it, as a chat client does. */
export interface Conversation {
  /** Milliseconds from the request to the first word; resolves when the answer is over. */
  ask(prompt: string): Promise<number>;
}

export function startConversation(url: string, mode: Mode): Conversation {
  const messages: { role: "user" | "assistant"; content: string }[] = [];
  return {
    async ask(prompt) {
      messages.push({ role: "user", content: prompt });
      const { firstWordMs, text } = await stream(post(url, mode, messages));
      messages.push({ role: "assistant", content: text });
      return firstWordMs;
    },
  };
}

/** The same in a named session: each `ask` sends its own message alone. */
export function startSession(url: string, mode: Mode): Conversation {
  const session = crypto.randomUUID();
  return {
    async ask(prompt) {
      const asking = post(url, mode, [{ role: "user", content: prompt }], { session });
      return (await stream(asking)).firstWordMs;
    },
  };
}

/** Milliseconds to the first word of the upstream itself. */
export async function askUpstream(upstream: string, prompt: string): Promise<number> {
  const askedAt = performance.now();
  const response = await fetch(`${upstream}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": "demo" },
    body: JSON.stringify({
      model: "claude-sonnet-5-5",
      max_tokens: 1000,
      stream: true,
      messages: [{ role: "user", content: prompt }],
    }),
  });
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  let firstWordMs: number | undefined;
  await eachLine(response.body, (line, at) => {
    if (line.includes('"text_delta"')) firstWordMs ??= at - askedAt;
  });
  if (firstWordMs === undefined) throw new Error("the upstream's answer has no text");
  return firstWordMs;
}

async function stream(asking: Promise<Response>): Promise<{ firstWordMs: number; text: string }> {
  const askedAt = performance.now();
  const response = await asking;
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  let firstWordMs = 0;
  let text = "";
  await eachLine(response.body, (line, at) => {
    const delta = /"content":("(?:[^"\\]|\\.)+")/.exec(line)?.[1];
    if (delta === undefined) return;
    if (text === "") firstWordMs = at - askedAt;
    text += String(JSON.parse(delta));
  });
  if (text === "") throw new Error("the proxy's answer has no text");
  return { firstWordMs, text };
}

export interface PostOptions {
  readonly signal?: AbortSignal;
  readonly session?: string;
  /** Offered with the agent's own, or alone to a bare model. */
  readonly tools?: readonly unknown[];
}

/** A streaming request; the caller reads or cancels its body. */
export function post(
  url: string,
  mode: Mode,
  messages: readonly unknown[],
  { signal, session, tools }: PostOptions = {},
): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-ccproxy-mode": mode,
      ...(session && { "x-ccproxy-session": session }),
      ...(tools && { "x-ccproxy-tools": mode === "agent" ? "both" : "client" }),
    },
    body: JSON.stringify({ model: benchModel, stream: true, messages, tools }),
    ...(signal !== undefined && { signal }),
  });
}

async function untilHealthy(url: string, program: Program, output: Promise<string>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    if (program.exitCode !== null) throw new Error(`ccproxy serve ended with ${program.exitCode}:\n${await output}`);
    const answered = await fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (answered) return;
    await Bun.sleep(2);
  }
  throw new Error("ccproxy serve did not become healthy in 20 s");
}
