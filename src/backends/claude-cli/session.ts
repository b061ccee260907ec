import type { Approve } from "#core/approval.ts";
import { GatewayError } from "#core/errors.ts";
import type { ToolDefinition } from "#core/request.ts";
import type { Child, ChildExit } from "#process/child.ts";
import type { ContentBlock } from "#wire/anthropic-messages/upstream/schema.ts";

import { Approver } from "./approver.ts";
import { LineFeed } from "./line-feed.ts";
import { isActivity, parseLine, type CliLine, type ControlQuestion } from "./lines.ts";
import { noSettings } from "./parameters.ts";
import { controlLine, refusalLine, replyLine, type ControlRequest } from "./protocol.ts";
import type { Rehearsal } from "./rehearsal.ts";
import { ToolHost } from "./tool-host.ts";
import { noTotals, type Totals } from "./usage.ts";

const CONTROL_TIMEOUT_MS = 15_000;
/** Measured: an interrupted 2.1.x ends within 30 ms of its stdin, and leaves a killed upstream request either way. */
const STOP_LADDER = { eofMs: 500, termMs: 1500 } as const;
/** Measured: a 2.1.x that ends is gone within 60 ms of the end of its output. */
const EXIT_WAIT_MS = 500;

/** Measured: 2.1.x stays near 200 MB resident. */
const MAX_RESIDENT_BYTES = 700 * 1024 * 1024;

/** Counts what the process says that nobody here understands. */
export interface LineCounter {
  unknown(name: string): void;
  garbage(): void;
}

/** Answers one kind of what the CLI asks its host. */
export interface Responder {
  /** To be answered with `reply`, now or later; the CLI waits. */
  asked(requestId: string, question: ControlQuestion): void;
  withdrawn(requestId: string): void;
}

interface PendingControl {
  readonly resolve: (response: unknown) => void;
  readonly reject: (error: GatewayError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** One `claude` process and the protocol on its stdin and stdout. It serves one conversation, one turn at a time. */
export class CliSession {
  readonly child: Child;
  readonly #counter: LineCounter;
  readonly #pending = new Map<string, PendingControl>();
  #controls = 0;
  #feed: LineFeed | undefined;
  #failure: GatewayError | undefined;
  #strayed = false;
  /** Ids of the calls its main loop has made, as far as they were streamed. */
  readonly #calls = new Set<string>();

  /** The CLI's name for it; empty before its first turn. */
  id = "";
  /** The CLI's id of the last answer that ended in text; undefined when a call came after it. */
  answerId: string | undefined;
  /** Turns answered. */
  turns = 0;
  totals: Totals = noTotals;
  /** Input tokens of the last model call: how full the CLI believes its context to be. */
  lastInputTokens = 0;
  /** The flag settings it has, as they were sent. Setting them costs 4 to 20 ms. */
  settings = JSON.stringify(noSettings);
  /** It lets `CLAUDE_CODE_EXTRA_BODY` replace the messages of its request to the model, and is used so. */
  replacesMessages = false;
  /** How many messages of its conversation it was told as history. */
  injected = 0;
  /** It was told not to think. */
  thinkingOff = false;
  toolHost: ToolHost | undefined;
  /** What it does while it is parked. */
  rehearsal: Rehearsal | undefined;
  approver: Approver | undefined;
  /** By the subtype of the question; one that nobody answers is refused. */
  readonly responders = new Map<string, Responder>();

  constructor(child: Child, counter: LineCounter) {
    this.child = child;
    this.#counter = counter;
    void this.#pump();
  }

  /** One that grew so far is cheaper to replace. */
  get oversized(): boolean {
    return (this.child.residentBytes() ?? 0) > MAX_RESIDENT_BYTES;
  }

  /** It runs, and did nothing but what it was asked to. */
  get usable(): boolean {
    return this.child.alive && this.#failure === undefined && !this.#strayed;
  }

  /** Why its output ended, once it has. */
  get failure(): GatewayError | undefined {
    return this.#failure;
  }

  /** Asks without waiting for what was asked before: the CLI answers in order. Rejects with GatewayError. */
  control(request: ControlRequest, timeoutMs = CONTROL_TIMEOUT_MS): Promise<unknown> {
    this.#controls += 1;
    const id = `c${this.#controls}`;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    // Whoever asks may look at the answer late, or not at all.
    promise.catch(() => undefined);
    if (this.#failure !== undefined) {
      reject(this.#failure);
      return promise;
    }
    const timer = setTimeout(() => {
      this.#pending.delete(id);
      reject(new GatewayError("timeout", `Claude Code did not answer a ${request.subtype} request in time.`));
    }, timeoutMs);
    this.#pending.set(id, { resolve, reject, timer });
    this.post(controlLine(id, request));
    return promise;
  }

  /** Writes a line; a process that takes none is noticed when its output ends. */
  post(line: string): void {
    void this.child.write(line);
  }

  /** Offers the agent these tools of the client's from its first turn on. */
  hostTools(tools: readonly ToolDefinition[]): void {
    this.toolHost = new ToolHost({
      tools,
      reply: (requestId, response) => this.reply(requestId, response),
      isOwnCall: (callId) => this.#calls.has(callId),
    });
    this.responders.set("mcp_message", this.toolHost);
  }

  /** What it may not do alone is decided on by this, until the approver is detached. */
  askFor(approve: Approve): void {
    this.approver ??= new Approver((requestId, response) => this.reply(requestId, response));
    this.responders.set("can_use_tool", this.approver);
    this.approver.attach(approve);
  }

  /** Answers a question of the CLI. */
  reply(requestId: string, response: Readonly<Record<string, unknown>>): void {
    this.post(replyLine(requestId, response));
  }

  /** From here to `endTurn` the process speaks to this feed. */
  beginTurn(): LineFeed {
    this.#feed?.close();
    const feed = new LineFeed();
    this.#feed = feed;
    if (this.#failure !== undefined) feed.close();
    return feed;
  }

  endTurn(): void {
    this.#feed?.close();
    this.#strayed ||= this.#feed?.rest.some(isActivity) === true;
    this.#feed = undefined;
  }

  interrupt(): void {
    void this.control({ subtype: "interrupt" });
  }

  /** Interrupts if it works on something, then ends it; resolves when it is gone. */
  async discard(working: boolean): Promise<void> {
    if (working && this.child.alive) this.interrupt();
    this.endTurn();
    await this.child.stop(STOP_LADDER);
  }

  async #pump(): Promise<void> {
    let cause: unknown;
    try {
      for await (const batch of this.child.lines) await this.#hand(batch);
    } catch (thrown) {
      cause = thrown;
      // What follows an over-long line cannot be told apart any more.
      this.child.kill();
    }
    const exit = await Promise.race([this.child.exited, Bun.sleep(EXIT_WAIT_MS)]);
    this.#end(exit === undefined ? outputClosed() : exitError(exit, cause, this.child.stderrTail()));
    // One that stays although nothing can come out of it any more.
    if (exit === undefined) await this.child.stop(STOP_LADDER);
  }

  async #hand(batch: readonly string[]): Promise<void> {
    const lines: CliLine[] = [];
    for (const text of batch) {
      if (text === "") continue;
      const line = parseLine(text);
      if (this.#keep(line)) lines.push(line);
    }
    if (lines.length === 0) return;
    if (this.#feed !== undefined) await this.#feed.push(lines);
    else this.#strayed ||= lines.some(isActivity);
  }

  /** Deals with what concerns no turn; true for the rest. */
  #keep(line: CliLine): boolean {
    switch (line.type) {
      case "control-response":
        this.#settle(line.requestId, line.response, line.error);
        return false;
      case "control-request":
        this.#ask(line.requestId, line.request);
        return false;
      case "control-cancel":
        for (const responder of this.responders.values()) responder.withdrawn(line.requestId);
        return false;
      case "unknown":
        this.#counter.unknown(line.name);
        return false;
      case "garbage":
        this.#counter.garbage();
        return false;
      case "ignored":
        return false;
      case "stream":
        // Before the CLI asks for the call itself: it does so on the same pipe.
        if (line.event.type === "content_block_start") this.#noteCall(line.event.content_block);
        return true;
      case "assistant":
        this.answerId = line.blocks.at(-1)?.type === "text" && line.uuid !== "" ? line.uuid : undefined;
        return true;
      case "init":
        this.id = line.sessionId;
        return true;
      default:
        return true;
    }
  }

  #noteCall({ type, id }: ContentBlock): void {
    if (this.toolHost !== undefined && type === "tool_use" && id !== undefined) this.#calls.add(id);
  }

  #ask(requestId: string, question: ControlQuestion): void {
    const responder = this.responders.get(question.subtype);
    if (responder !== undefined) return responder.asked(requestId, question);
    this.#counter.unknown(`control_request/${question.subtype}`);
    this.post(refusalLine(requestId));
  }

  #settle(id: string, response: unknown, error: string | undefined): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (error === undefined) pending.resolve(response);
    else {
      const logged = "Claude Code refused a control request";
      pending.reject(new GatewayError("upstream", `${logged}: ${error}`, { logged: `${logged}.` }));
    }
  }

  #end(failure: GatewayError): void {
    this.#failure = failure;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(failure);
    }
    this.#pending.clear();
    this.#feed?.close();
  }
}

function outputClosed(): GatewayError {
  return new GatewayError("upstream", "Claude Code closed its output in the middle of its work.");
}

/** stderr may quote settings or headers: it stays in the cause, for the log. */
function exitError(exit: ChildExit, cause: unknown, stderrTail: string): GatewayError {
  const how = exit.signal === null ? `with code ${exit.code ?? "unknown"}` : `by ${exit.signal}`;
  if (cause !== undefined) return new GatewayError("upstream", "Claude Code's output could not be read.", { cause });
  return new GatewayError("upstream", `Claude Code ended unexpectedly (${how}).`, {
    hint: "`ccproxy doctor` checks the installation.",
    cause: stderrTail === "" ? undefined : new Error(stderrTail),
  });
}
