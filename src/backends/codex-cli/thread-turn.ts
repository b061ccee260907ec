import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { ToolResultPart } from "#core/request.ts";
import { orAborted } from "#core/run-signal.ts";
import { looseObject } from "#lib/loose-object.ts";

import type { AppServer, ThreadListener } from "./app-server.ts";
import { Approver } from "./approver.ts";
import { type DecoderOptions, TurnDecoder } from "./decode.ts";
import { Feed } from "./feed.ts";
import { type Act, actOf } from "./items.ts";
import type { Params, RequestId } from "./messages.ts";
import { type ClientCall, readCall, readItem } from "./notices.ts";
import type { ThreadPlan } from "./thread-plan.ts";
import { answerTo } from "./tool-results.ts";

/** Notices that may wait for a client that does not read; the longest answers have fewer. */
const MOST_UNREAD = 500_000;

const threadSchema = looseObject({ thread: looseObject({ id: v.string() }), model: v.fallback(v.string(), "") });
const turnSchema = looseObject({ turn: looseObject({ id: v.string() }) });

type Told =
  | { readonly type: "notice"; readonly method: string; readonly params: Params }
  | { readonly type: "call"; readonly call: ClientCall };

export interface TurnOptions extends Pick<DecoderOptions, "clientName" | "offered" | "tellsActs"> {
  readonly server: AppServer;
  readonly plan: ThreadPlan;
  readonly directory: string;
  readonly signal: AbortSignal;
  /** It is gone, with its thread. */
  readonly onEnd: () => void;
}

/** One turn in a thread of its own, over as many requests as its calls of the client's tools make of it. */
export class ThreadTurn implements ThreadListener {
  readonly approver: Approver;
  readonly #server: AppServer;
  readonly #threadId: string;
  readonly #onEnd: () => void;
  readonly #feed = new Feed<Told>();
  readonly #decoder: TurnDecoder;
  /** Calls of the client's tools, by what Codex asks for their results with. */
  readonly #calls = new Map<string, RequestId>();
  /** What agents do that may have to be approved. */
  readonly #acts = new Map<string, Act>();
  #turnId: Promise<unknown> | undefined;
  #isRunning = true;
  #ending: Promise<void> | undefined;

  constructor({ server, onEnd, ...options }: TurnOptions, threadId: string, model: string) {
    this.#server = server;
    this.#threadId = threadId;
    this.#onEnd = onEnd;
    this.#decoder = new TurnDecoder({ ...options, model, rateLimits: () => server.rateLimits });
    this.approver = new Approver((id, result) => server.reply(id, result));
    server.threads.set(threadId, this);
  }

  /** Ids of the calls whose results it waits for; none once it is over. */
  get calls(): readonly string[] {
    return this.#decoder.isOver ? [] : [...this.#calls.keys()];
  }

  /** It can go on, with results of the calls. */
  get usable(): boolean {
    return this.#isRunning && this.#ending === undefined && this.#server.usable;
  }

  /** Tells the thread what was said, and has it answer. Throws GatewayError. */
  async begin({ items, turn }: ThreadPlan, signal: AbortSignal): Promise<void> {
    const threadId = this.#threadId;
    await orAborted(this.#server.request("thread/inject_items", { threadId, items }), signal);
    this.#turnId = this.#server.request("turn/start", { ...turn, threadId });
    await orAborted(this.#turnId, signal);
  }

  /** The results of the calls it waits for: the next answer follows. */
  give(results: readonly ToolResultPart[]): void {
    for (const result of results) {
      const id = this.#calls.get(result.callId);
      this.#calls.delete(result.callId);
      if (id !== undefined) this.#server.reply(id, answerTo(result));
    }
  }

  /**
   * Batches of events up to the end of an answer; `onEnd` is told before the terminal one goes out whether the turn
   * goes on. `signal`: nobody waits for the answer any more.
   */
  async *events(signal: AbortSignal, quietMs: number): AsyncGenerator<readonly ModelEvent[], void, undefined> {
    const stop = (): void => this.#feed.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      if (signal.aborted) stop();
      for (;;) {
        const told = await this.#feed.take(this.#decoder.awaits === "perhaps-client" ? quietMs : undefined);
        if (told === undefined) throw this.#feed.failure ?? new GatewayError("internal", "The turn was given up.");
        const events = told.flatMap((each) => this.#decode(each));
        const isQuiet = told.length === 0;
        const { awaits } = this.#decoder;
        const isHandedOver = awaits === "client" || (isQuiet && awaits === "perhaps-client");
        if (isHandedOver) events.push(...this.#decoder.handOver());
        if (events.length > 0) yield events;
        if (isHandedOver || this.#decoder.isOver) return;
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Ends what is left of it. */
  stop(): Promise<void> {
    this.#feed.close();
    this.#ending ??= this.#end();
    return this.#ending;
  }

  // ---- what Codex says

  told(method: string, params: Params): void {
    if (method === "item/started") this.#noteAct(params);
    if (method === "turn/completed") this.#isRunning = false;
    this.#push({ type: "notice", method, params });
  }

  asked(id: RequestId, method: string, params: Params): void {
    switch (method) {
      case "item/tool/call":
        return this.#hold(id, readCall(params));
      case "item/commandExecution/requestApproval":
      case "item/fileChange/requestApproval":
        return this.approver.asked(id, params, this.#acts.get(String(params["itemId"])));
      case "item/tool/requestUserInput":
        return this.#server.reply(id, { answers: {} });
      case "mcpServer/elicitation/request":
        return this.#server.reply(id, { action: "decline", content: null, _meta: null });
      default:
        return this.#server.refuse(id, "Nobody here can answer this.");
    }
  }

  gone(failure: GatewayError): void {
    this.#isRunning = false;
    this.#feed.close(failure);
  }

  #hold(id: RequestId, call: ClientCall | undefined): void {
    if (call === undefined) return this.#server.refuse(id, "This call cannot be read.");
    this.#calls.set(call.callId, id);
    this.#push({ type: "call", call });
  }

  #noteAct(params: Params): void {
    const item = readItem(params["item"]);
    const act = item?.type === "fileChange" ? actOf(item) : undefined;
    if (item !== undefined && act !== undefined) this.#acts.set(item.id, act);
  }

  #push(told: Told): void {
    this.#feed.push(told);
    if (this.#feed.length > MOST_UNREAD)
      this.#feed.close(new GatewayError("cancelled", "The client has not read the answer for too long."));
  }

  #decode(told: Told): readonly ModelEvent[] {
    return told.type === "call" ? this.#decoder.called(told.call) : this.#decoder.told(told.method, told.params);
  }

  async #end(): Promise<void> {
    const server = this.#server;
    const threadId = this.#threadId;
    try {
      const started = v.safeParse(turnSchema, await this.#turnId?.catch(() => undefined));
      if (this.#isRunning && started.success)
        await server.request("turn/interrupt", { threadId, turnId: started.output.turn.id });
      await server.request("thread/unsubscribe", { threadId });
    } catch {
      // It goes with the process at the latest.
    } finally {
      server.threads.delete(threadId);
      this.#onEnd();
    }
  }
}

/** Makes the thread. Throws GatewayError. */
export async function openThread(options: TurnOptions): Promise<ThreadTurn> {
  const { server, plan, directory, signal } = options;
  const asked = server.request("thread/start", plan.thread(directory));
  try {
    const { thread, model } = v.parse(threadSchema, await orAborted(asked, signal));
    return new ThreadTurn(options, thread.id, model);
  } catch (thrown) {
    // One that nobody waits for any more is not kept.
    void asked.then((answer) => forget(server, answer)).catch(() => undefined);
    throw thrown;
  }
}

async function forget(server: AppServer, answer: unknown): Promise<void> {
  const parsed = v.safeParse(threadSchema, answer);
  if (parsed.success) await server.request("thread/unsubscribe", { threadId: parsed.output.thread.id });
}
