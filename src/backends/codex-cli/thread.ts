import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { ToolResultPart } from "#core/request.ts";
import { orAborted } from "#core/run-signal.ts";
import { noUsage, type Usage } from "#core/usage.ts";
import { looseObject } from "#lib/loose-object.ts";

import type { AppServer, ThreadListener } from "./app-server.ts";
import { Approver } from "./approver.ts";
import { type DecoderOptions, TurnDecoder } from "./decode.ts";
import { Feed } from "./feed.ts";
import { type Act, actOf } from "./items.ts";
import { type Params, readAnswer, type RequestId } from "./messages.ts";
import { type ClientCall, readCall, readItem } from "./notices.ts";
import { Patience } from "./patience.ts";
import type { Resume, ResumePoint } from "./resume.ts";
import { answerTo, failedAnswer } from "./tool-results.ts";
import type { TurnPlan } from "./turn-plan.ts";

/** Notices that may wait for a client that does not read; the longest answers have fewer. */
const MOST_UNREAD = 500_000;

const threadSchema = looseObject({ thread: looseObject({ id: v.string() }), model: v.fallback(v.string(), "") });
const turnSchema = looseObject({ turn: looseObject({ id: v.string() }) });

const sameId = failedAnswer("Two calls at once had the same id. Make each again, with an id of its own.");

type Told =
  | { readonly type: "notice"; readonly method: string; readonly params: Params }
  | { readonly type: "call"; readonly call: ClientCall };

export interface ThreadOptions {
  readonly server: AppServer;
  /** Whom Codex asks, as its configuration calls them. */
  readonly provider: string;
  /** How long these may take to begin an answer. */
  readonly responseTimeoutMs: number;
  readonly signal: AbortSignal;
  /** It is gone. */
  readonly onEnd: () => void;
}

/** How what it says is to be read. */
export type Reading = Pick<DecoderOptions, "clientName" | "offered" | "tellsActs">;

/** What it is doing now. */
interface Turn {
  readonly feed: Feed<Told>;
  readonly decoder: TurnDecoder;
  /** Calls of the client's tools, by what Codex asks for their results with. */
  readonly calls: Map<string, RequestId>;
  /** What agents do that may have to be approved. */
  readonly acts: Map<string, Act>;
  /** The answer to its start. */
  started: Promise<unknown> | undefined;
  isRunning: boolean;
}

/** A conversation that Codex has; one turn at a time, over as many requests as its calls of the client's tools make of it. */
export class Thread implements ThreadListener {
  readonly id: string;
  readonly approver: Approver;
  /** How a later thread can go on where this one is; undefined where Codex writes nothing down. */
  memory: Resume | undefined;
  /** That was told to whoever keeps it. */
  isRemembered = false;
  readonly #model: string;
  readonly #options: ThreadOptions;
  readonly #server: AppServer;
  readonly #onEnd: () => void;
  /** Before the next turn; undefined where only Codex knows. */
  #used: Usage | undefined;
  #turn: Turn | undefined;
  #isGone = false;
  #ending: Promise<void> | undefined;

  constructor(options: ThreadOptions, id: string, model: string, used: Usage | undefined) {
    const { server, onEnd } = options;
    this.id = id;
    this.#model = model;
    this.#options = options;
    this.#server = server;
    this.#onEnd = onEnd;
    this.#used = used;
    this.approver = new Approver((question, result) => server.reply(question, result));
    server.threads.set(id, this);
  }

  /** Ids of the calls whose results its turn waits for; none once that is over. */
  get calls(): readonly string[] {
    return this.#turn?.isRunning === true && !this.#turn.decoder.isOver ? [...this.#turn.calls.keys()] : [];
  }

  /** It is there, to go on with results of the calls, or with something new. */
  get usable(): boolean {
    return !this.#isGone && this.#ending === undefined && this.#server.usable;
  }

  /** The id of its last turn, where that was answered to its end: the conversation can go on. */
  get answered(): string | undefined {
    return this.#turn?.decoder.answered;
  }

  /** Tells the thread what was said, and has it answer. Throws GatewayError. */
  async begin({ items, turn }: TurnPlan, reading: Reading, signal: AbortSignal): Promise<void> {
    const threadId = this.id;
    if (this.#turn !== undefined) this.#used = this.#turn.decoder.threadUsage;
    const begun: Turn = {
      feed: new Feed(),
      decoder: new TurnDecoder({
        ...reading,
        model: this.#model,
        provider: this.#options.provider,
        before: this.#used,
        rateLimits: () => this.#server.rateLimits,
      }),
      calls: new Map(),
      acts: new Map(),
      started: undefined,
      isRunning: true,
    };
    this.#turn = begun;
    await orAborted(this.#server.request("thread/inject_items", { threadId, items }), signal);
    begun.started = this.#server.request("turn/start", { ...turn, threadId });
    await orAborted(begun.started, signal);
  }

  /** The results of the calls it waits for: the next answer follows. */
  give(results: readonly ToolResultPart[]): void {
    for (const result of results) {
      const id = this.#turn?.calls.get(result.callId);
      this.#turn?.calls.delete(result.callId);
      if (id !== undefined) this.#server.reply(id, answerTo(result));
    }
  }

  /** Batches of events up to the end of an answer. `signal`: nobody waits for it any more. */
  async *events(signal: AbortSignal): AsyncGenerator<readonly ModelEvent[], void, undefined> {
    if (this.#turn === undefined) return;
    const { feed, decoder } = this.#turn;
    const patience = new Patience(this.#options.responseTimeoutMs);
    const stop = (): void => feed.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      if (signal.aborted) stop();
      for (;;) {
        const { awaits } = decoder;
        const told = await feed.take(patience.left(awaits));
        if (told === undefined) throw feed.failure ?? new GatewayError("internal", "The turn was given up.");
        const events = told.flatMap((each) => decode(decoder, each));
        const isQuiet = told.length === 0;
        const isHandedOver = decoder.awaits === "client" || (isQuiet && awaits === "perhaps-client");
        if (isHandedOver) events.push(...decoder.handOver());
        else if (isQuiet) events.push(...decoder.giveUp());
        if (events.length > 0) yield events;
        if (isHandedOver || decoder.isOver) return;
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Ends it, with what it is doing. */
  stop(): Promise<void> {
    this.approver.end();
    this.#turn?.feed.close();
    this.#ending ??= this.#end();
    return this.#ending;
  }

  // ---- what Codex says

  told(method: string, params: Params): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    if (method === "item/started") noteAct(turn, params);
    if (method === "turn/completed") turn.isRunning = false;
    push(turn, { type: "notice", method, params });
  }

  asked(id: RequestId, method: string, params: Params): void {
    switch (method) {
      case "item/tool/call":
        return this.#hold(id, readCall(params));
      case "item/commandExecution/requestApproval":
      case "item/fileChange/requestApproval":
        return this.approver.asked(id, params, this.#turn?.acts.get(String(params["itemId"])));
      case "item/tool/requestUserInput":
        return this.#server.reply(id, { answers: {} });
      case "mcpServer/elicitation/request":
        return this.#server.reply(id, { action: "decline", content: null, _meta: null });
      default:
        return this.#server.refuse(id, "Nobody here can answer this.");
    }
  }

  gone(failure: GatewayError): void {
    this.#isGone = true;
    this.approver.end();
    this.#turn?.feed.close(failure);
  }

  #hold(id: RequestId, call: ClientCall | undefined): void {
    if (call === undefined || this.#turn?.isRunning !== true)
      return this.#server.refuse(id, "This call cannot be answered.");
    // What the client says of one would be said of the other. Codex itself has given up the first (0.169).
    if (this.#turn.calls.has(call.callId)) return this.#server.reply(id, sameId);
    this.#turn.calls.set(call.callId, id);
    push(this.#turn, { type: "call", call });
  }

  async #end(): Promise<void> {
    const server = this.#server;
    const threadId = this.id;
    try {
      const started = v.safeParse(turnSchema, await this.#turn?.started?.catch(() => undefined));
      if (this.#turn?.isRunning === true && started.success)
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

function noteAct({ acts }: Turn, params: Params): void {
  const item = readItem(params["item"]);
  const act = item?.type === "fileChange" ? actOf(item) : undefined;
  if (item !== undefined && act !== undefined) acts.set(item.id, act);
}

function push({ feed }: Turn, told: Told): void {
  feed.push(told);
  if (feed.length > MOST_UNREAD)
    feed.close(new GatewayError("cancelled", "The client has not read the answer for too long."));
}

function decode(decoder: TurnDecoder, told: Told): readonly ModelEvent[] {
  return told.type === "call" ? decoder.called(told.call) : decoder.told(told.method, told.params);
}

/** Makes one that knows nothing, or what another knew up to a turn. Throws GatewayError. */
export async function openThread(options: ThreadOptions, params: Params, from?: ResumePoint): Promise<Thread> {
  const { server, signal } = options;
  const asked =
    from === undefined
      ? server.request("thread/start", params)
      : server.request("thread/fork", { ...params, ...from, excludeTurns: true });
  try {
    const { thread, model } = readAnswer(threadSchema, await orAborted(asked, signal));
    return new Thread(options, thread.id, model, from === undefined ? noUsage : undefined);
  } catch (thrown) {
    // One that nobody waits for any more is not kept.
    void asked.then((answer) => forget(server, answer)).catch(() => undefined);
    throw thrown;
  }
}

async function forget(server: AppServer, answer: unknown): Promise<void> {
  const { thread } = readAnswer(threadSchema, answer);
  await server.request("thread/unsubscribe", { threadId: thread.id });
}
