import type { Context } from "#commands/command.ts";

import type { PermissionClient } from "./client.ts";
import { keysOf } from "./keys.ts";
import { type Effect, firstState, type Input, type State, step } from "./state.ts";
import { render } from "./view.ts";

/** A screen of its own, without the cursor. */
const enter = "\u001B[?1049h\u001B[?25l";
const leave = "\u001B[?25h\u001B[?1049l";
const home = "\u001B[H";
const restOfLine = "\u001B[K";
const restOfScreen = "\u001B[J";
const tickMs = 500;

interface TerminalOptions {
  readonly client: PermissionClient;
  readonly url: string;
  readonly context: Context;
  /** Fires when the process is told to end. */
  readonly signal: AbortSignal;
}

/** Shows approvals and takes decisions until the user quits. Throws Refused. */
export async function runTerminal({ client, url, context, signal }: TerminalOptions): Promise<void> {
  const over = new AbortController();
  const quit = (): void => over.abort();
  signal.addEventListener("abort", quit, { once: true });
  let state: State = firstState;
  let editing = false;

  function draw(): void {
    if (editing) return;
    const { columns, rows } = process.stdout;
    const lines = render(state, { url, columns, rows, style: context.terminal.style, now: Date.now() });
    process.stdout.write(home + lines.map((line) => line + restOfLine).join("\r\n") + restOfScreen);
  }

  function take(input: Input): void {
    const [next, effects] = step(state, input, Date.now());
    state = next;
    draw();
    for (const effect of effects) void perform(effect);
  }

  async function perform(effect: Effect): Promise<void> {
    if (effect.type === "quit") return quit();
    if (effect.type === "edit") return await edit(effect.id, effect.text);
    const why = await client.respond(effect.id, effect.answer);
    if (why !== undefined) take({ type: "failed", why });
  }

  async function edit(id: string, text: string): Promise<void> {
    editing = true;
    release();
    try {
      const { editText } = await import("#app/edit-text.ts");
      const edited = await editText(text, context.environment);
      editing = false;
      grab();
      take({ type: "edited", id, text: edited });
    } catch (error) {
      editing = false;
      grab();
      take({ type: "failed", why: error instanceof Error ? error.message : String(error) });
    }
  }

  const onData = (bytes: Buffer): void => {
    for (const key of keysOf(bytes.toString())) take({ type: "key", key });
  };

  function grab(): void {
    process.stdin.setRawMode(true);
    process.stdin.on("data", onData).resume();
    process.stdout.write(enter);
  }

  function release(): void {
    process.stdin.off("data", onData).pause();
    process.stdin.setRawMode(false);
    process.stdout.write(leave);
  }

  grab();
  process.stdout.on("resize", draw);
  const ticker = setInterval(draw, tickMs);
  try {
    draw();
    for await (const heard of client.listen(over.signal)) take(heard);
  } finally {
    clearInterval(ticker);
    process.stdout.off("resize", draw);
    signal.removeEventListener("abort", quit);
    release();
  }
}
