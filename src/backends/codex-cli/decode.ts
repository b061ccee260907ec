/**
 * One turn of Codex as canonical events, over as many answers as its calls of the client's tools make of it. It knows
 * what Codex does behind the answer's back (asking again after a broken stream, or without hope); it knows no process.
 */
import { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import { brokenOff } from "#core/refusal.ts";
import { noUsage, type Usage } from "#core/usage.ts";

import { failureOf, statusOf, tooLate, tooLong, type TurnError } from "./failure.ts";
import { actOf, type Item, outcomeOf } from "./items.ts";
import type { Params } from "./messages.ts";
import { type ClientCall, type Notice, type RawItem, readError, readItem, readNotice, readRawItem } from "./notices.ts";
import { sealed } from "./seals.ts";
import { TurnUsage } from "./turn-usage.ts";

export interface DecoderOptions {
  /** As Codex said when the thread began. */
  readonly model: string;
  /** Whom Codex asks, as its configuration calls them. */
  readonly provider: string;
  /** The client's name for a tool that the model calls. */
  readonly clientName: (wireName: string) => string;
  /** Names towards the model of the tools that it is offered. */
  readonly offered: ReadonlySet<string>;
  /** What the agent does by itself is told. */
  readonly tellsActs: boolean;
  readonly rateLimits: () => unknown;
  /** What the thread used before this turn; undefined where only Codex knows. */
  readonly before: Usage | undefined;
}

interface Block {
  readonly kind: "text" | "reasoning";
  readonly id: string;
  readonly itemId: string;
  said: string;
  /** The part of it that was said last. */
  part: string;
}

/** Whose turn it is, within one of Codex's: see `TurnDecoder.awaits`. */
export type Awaits = "first-word" | "another-try" | "codex" | "client" | "perhaps-client";

const paragraphBreak = "\n\n";

export class TurnDecoder {
  readonly #options: DecoderOptions;
  #model: string;
  #turnId: string | undefined;
  #phase: "waiting" | "answering" | "over" = "waiting";
  #answers = 0;
  #blocks = 0;
  #block: Block | undefined;
  /** What the agent did while a block was open: it is told behind that. */
  readonly #held: ModelEvent[] = [];
  readonly #acts = new Set<string>();
  #stepOpen = false;
  /** What the step used that ends as soon as all of its calls are told. */
  #stepUsage: Usage | undefined;
  #steps = 0;
  /** The client has seen something of what the model is writing now. */
  #shown = false;
  /** The model is writing, as its items say. */
  #writing = false;
  /** A message that began, and of which no word was told: a refusal has none for Codex. */
  #wordless: string | undefined;
  #refused = false;
  #unauthorized = 0;
  #provider: "silent" | "failing" | "answering" = "silent";
  /** Why Codex asks its provider once more. */
  #retry: TurnError | undefined;
  /**
   * Calls of the client's tools that the model wrote down and that were not told yet, in its order: Codex asks for what
   * it does at once in any. With the call once it has asked.
   */
  readonly #announced = new Map<string, ClientCall | undefined>();
  /** Those that wait for a result, and whether they were written down. */
  readonly #calls = new Map<string, boolean>();
  readonly #usage: TurnUsage;
  #isWhole = false;

  readonly #readers: Readonly<Record<string, (notice: Notice) => readonly ModelEvent[]>> = {
    "item/agentMessage/delta": (notice) => this.#say("text", notice, ""),
    "item/reasoning/summaryTextDelta": (notice) =>
      this.#say("reasoning", notice, `summary ${notice.summaryIndex ?? 0}`),
    "item/reasoning/textDelta": (notice) => this.#say("reasoning", notice, `content ${notice.contentIndex ?? 0}`),
    "item/started": ({ item }) => this.#onItem(readItem(item), false),
    "item/completed": ({ item }) => this.#onItem(readItem(item), true),
    "rawResponseItem/completed": ({ item }) => this.#onRawItem(readRawItem(item)),
    "rawResponse/completed": ({ usage }) => this.#onWritten(this.#usage.count(usage)),
    "thread/tokenUsage/updated": ({ tokenUsage }) => {
      this.#usage.sum(tokenUsage?.total, tokenUsage?.last);
      return [];
    },
    "model/rerouted": ({ toModel }) => {
      this.#model = toModel ?? this.#model;
      return [];
    },
    error: ({ error, willRetry }) => (willRetry ? this.#onRetry(readError(error)) : []),
    "turn/completed": ({ turn }) => this.#onEnd(turn?.status ?? "", readError(turn?.error)),
  };

  constructor(options: DecoderOptions) {
    this.#options = options;
    this.#model = options.model;
    this.#usage = new TurnUsage(options.before);
  }

  get isOver(): boolean {
    return this.#phase === "over";
  }

  /** What the thread used, with this turn; undefined where that was never told. */
  get threadUsage(): Usage | undefined {
    return this.#usage.thread;
  }

  /** The id of the turn, once it was answered to its end. */
  get answered(): string | undefined {
    return this.#isWhole ? this.#turnId : undefined;
  }

  /**
   * Who has to do something. `first-word`: the provider has said nothing yet; `another-try`: it failed before there was
   * anything of an answer, and is asked again. `perhaps-client`: code that the model wrote has made a call, and may make
   * more in this moment.
   */
  get awaits(): Awaits {
    if (this.#phase === "waiting" && this.#provider !== "answering")
      return this.#provider === "silent" ? "first-word" : "another-try";
    if (this.#calls.size === 0 || this.#writing || this.#announced.size > 0) return "codex";
    return [...this.#calls.values()].every(Boolean) ? "client" : "perhaps-client";
  }

  told(method: string, params: Params): readonly ModelEvent[] {
    if (this.isOver) return [];
    const notice = readNotice(params);
    if (method === "turn/started") this.#turnId = notice.turn?.id;
    if (this.#turnId === undefined || (notice.turnId ?? notice.turn?.id) !== this.#turnId) return [];
    return this.#readers[method]?.(notice) ?? [];
  }

  called(call: ClientCall): readonly ModelEvent[] {
    if (this.isOver) return [];
    this.#calls.set(call.callId, this.#announced.has(call.callId));
    if (!this.#announced.has(call.callId)) return this.#tellCall(call);
    this.#announced.set(call.callId, call);
    return this.#tellAnnounced();
  }

  /** The answer ends here, and the turn goes on with the results of the calls. */
  handOver(): readonly ModelEvent[] {
    const events = this.#finish("tool-calls");
    this.#calls.clear();
    this.#usage.endAnswer();
    this.#steps = 0;
    this.#answers += 1;
    this.#phase = "waiting";
    this.#provider = "silent";
    return events;
  }

  /** The provider has had its time. */
  giveUp(): readonly ModelEvent[] {
    return this.fail(this.#retry === undefined ? tooLate(this.#options.provider) : this.#failureOf(this.#retry));
  }

  fail(error: GatewayError): readonly ModelEvent[] {
    if (this.isOver) return [];
    this.#phase = "over";
    return [{ type: "error", error }];
  }

  // ---- what the model writes

  #say(kind: Block["kind"], { itemId = "", delta = "" }: Notice, part: string): readonly ModelEvent[] {
    if (delta === "") return [];
    this.#provider = "answering";
    const opening = this.#open(kind, itemId);
    const block = this.#block;
    if (block === undefined) return opening;
    const lead = block.said !== "" && block.part !== part ? paragraphBreak : "";
    block.part = part;
    block.said += delta;
    return [...opening, { type: `${kind}-delta`, id: block.id, text: lead + delta }];
  }

  #open(kind: Block["kind"], itemId: string): readonly ModelEvent[] {
    if (this.#block?.kind === kind && this.#block.itemId === itemId) return [];
    const closing = [...this.#close(), ...(this.#stepUsage === undefined ? [] : this.#endStep(this.#stepUsage))];
    this.#blocks += 1;
    this.#wordless = undefined;
    this.#shown = true;
    this.#block = { kind, id: `block-${this.#blocks}`, itemId, said: "", part: "" };
    return [...closing, ...this.#enterStep(), { type: `${kind}-start`, id: this.#block.id }];
  }

  #close(signature?: string): readonly ModelEvent[] {
    const block = this.#block;
    if (block === undefined) return [];
    this.#block = undefined;
    const { kind, id } = block;
    const end: ModelEvent =
      kind === "text" ? { type: "text-end", id } : { type: "reasoning-end", id, ...(signature && { signature }) };
    return [end, ...this.#held.splice(0)];
  }

  #onRawItem(item: RawItem | undefined): readonly ModelEvent[] {
    switch (item?.type) {
      case "reasoning":
        this.#writing = true;
        return this.#sealReasoning(item);
      case "function_call":
        this.#writing = true;
        if (this.#options.offered.has(item.name ?? "") && !this.#calls.has(item.call_id ?? ""))
          this.#announced.set(item.call_id ?? "", undefined);
        return [];
      case "function_call_output":
        // Codex has answered it itself.
        this.#announced.delete(item.call_id ?? "");
        return this.#tellAnnounced();
      case "message":
      case "custom_tool_call":
        this.#writing = true;
        return [];
      default:
        return [];
    }
  }

  #tellAnnounced(): readonly ModelEvent[] {
    const events: ModelEvent[] = [];
    for (const [id, call] of this.#announced) {
      if (call === undefined) break;
      this.#announced.delete(id);
      events.push(...this.#tellCall(call));
    }
    return [...events, ...this.#endWrittenStep()];
  }

  #tellCall({ callId, tool, input }: ClientCall): readonly ModelEvent[] {
    this.#shown = true;
    const toolName = this.#options.clientName(tool);
    const begun = this.#writing ? this.#enterStep() : this.#begin();
    return [...begun, ...this.#behindBlock(callEvents(callId, { toolName, input, executedBy: "client" }))];
  }

  #sealReasoning({ id = "", encrypted_content: encrypted = "" }: RawItem): readonly ModelEvent[] {
    if (encrypted === "") return this.#block?.kind === "reasoning" ? this.#close() : [];
    return [...this.#open("reasoning", id), ...this.#close(sealed(id, encrypted))];
  }

  // ---- items

  #onItem(item: Item | undefined, isComplete: boolean): readonly ModelEvent[] {
    if (item === undefined || item.type === "userMessage") return [];
    this.#provider = "answering";
    switch (item.type) {
      case "agentMessage":
        if (isComplete) return this.#completeText("text", item.id, item.text);
        this.#wordless = item.id;
        return [];
      case "reasoning":
        return isComplete
          ? this.#completeText(
              "reasoning",
              item.id,
              [...item.summary, ...item.content].filter(isText).join(paragraphBreak),
            )
          : [];
      case "contextCompaction":
        // An agent's is its own affair; what the client brings is not summed up behind its back.
        return this.#options.tellsActs ? [] : this.fail(tooLong());
      default:
        return this.#options.tellsActs ? this.#onAct(item, isComplete) : [];
    }
  }

  /** What was not told piece by piece. Thoughts stay open for their seal. */
  #completeText(kind: Block["kind"], itemId: string, text: string): readonly ModelEvent[] {
    if (this.#wordless === itemId) this.#wordless = undefined;
    const said = this.#block?.itemId === itemId ? this.#block.said : "";
    const rest = kind === "text" && text.startsWith(said) ? text.slice(said.length) : said === "" ? text : "";
    const events = this.#say(kind, readNotice({ itemId, delta: rest }), this.#block?.part ?? "");
    return kind === "text" ? [...events, ...this.#close()] : events;
  }

  #onAct(item: Item, isComplete: boolean): readonly ModelEvent[] {
    const act = actOf(item);
    if (act === undefined) return [];
    const call = this.#acts.has(item.id) ? [] : callEvents(item.id, { ...act, executedBy: "backend" });
    this.#acts.add(item.id);
    const result: ModelEvent[] = isComplete ? [{ type: "tool-result", id: item.id, ...outcomeOf(item) }] : [];
    return [...this.#begin(), ...this.#behindBlock([...call, ...result])];
  }

  #behindBlock(events: readonly ModelEvent[]): readonly ModelEvent[] {
    if (this.#block === undefined) return events;
    this.#held.push(...events);
    return [];
  }

  // ---- steps and ends

  #begin(): readonly ModelEvent[] {
    if (this.#phase !== "waiting") return [];
    this.#phase = "answering";
    const responseId = [this.#turnId ?? "", ...(this.#answers === 0 ? [] : [this.#answers])].join("_");
    return [{ type: "start", responseId, model: this.#model, usage: noUsage }];
  }

  #enterStep(): readonly ModelEvent[] {
    const events = this.#begin();
    if (this.#stepOpen) return events;
    this.#stepOpen = true;
    this.#steps += 1;
    return [...events, { type: "step-start" }];
  }

  #onWritten(usage: Usage): readonly ModelEvent[] {
    this.#refused = this.#wordless !== undefined;
    this.#wordless = undefined;
    this.#writing = false;
    this.#stepUsage = usage;
    return [...this.#enterStep(), ...this.#close(), ...this.#endWrittenStep()];
  }

  #endWrittenStep(): readonly ModelEvent[] {
    return this.#stepUsage === undefined || this.#announced.size > 0 ? [] : this.#endStep(this.#stepUsage);
  }

  #endStep(usage: Usage): readonly ModelEvent[] {
    this.#stepUsage = undefined;
    this.#stepOpen = false;
    this.#shown = false;
    return [{ type: "step-end", usage }];
  }

  #onRetry(error: TurnError): readonly ModelEvent[] {
    if (/reason: content_filter/.test(error.additionalDetails ?? "")) return this.#finish("content-filter");
    // What it says anew would repeat what the client already has.
    if (this.#shown) return this.fail(brokenOff());
    this.#writing = false;
    this.#provider = "failing";
    this.#retry = { ...error, message: error.additionalDetails ?? error.message };
    const status = statusOf(error);
    if (status === 401) this.#unauthorized += 1;
    // Measured: 0.169 repeats any refusal five times, for 6 seconds; a refused login it has then already renewed.
    const isHopeless = status === 403 || status === 404 || this.#unauthorized > 1;
    return isHopeless ? this.fail(this.#failureOf(this.#retry)) : [];
  }

  #failureOf(error: TurnError): GatewayError {
    return failureOf(error, { ...this.#options, rateLimits: this.#options.rateLimits(), now: Date.now() });
  }

  #onEnd(status: string, error: TurnError): readonly ModelEvent[] {
    if (status === "completed") {
      this.#isWhole = !this.#refused;
      return this.#finish(this.#refused ? "content-filter" : "stop");
    }
    if (status === "interrupted") return this.fail(new GatewayError("cancelled", "Codex was told to stop."));
    const incomplete = /Incomplete response returned, reason: (\w+)/.exec(error.message)?.[1];
    if (incomplete === "max_output_tokens") return this.#finish("length", incomplete);
    // Where its configuration has it try no more often.
    if (incomplete === "content_filter") return this.#finish("content-filter", incomplete);
    return this.fail(this.#failureOf(error));
  }

  #finish(reason: FinishReason, rawReason?: string): readonly ModelEvent[] {
    const events = [...this.#begin(), ...this.#close(), ...this.#held.splice(0)];
    if (this.#stepOpen) {
      const rest = this.#usage.countRest();
      events.push(...this.#endStep(this.#stepUsage ?? rest));
    }
    const usage = this.#usage.ofAnswer;
    const finish: ModelEvent = { type: "finish", reason, ...(rawReason && { rawReason }), usage, steps: this.#steps };
    this.#phase = "over";
    return [...events, finish];
  }
}

interface Call {
  readonly toolName: string;
  readonly input: unknown;
  readonly executedBy: "client" | "backend";
}

function callEvents(id: string, { toolName, input, executedBy }: Call): readonly ModelEvent[] {
  return [
    { type: "tool-input-start", id, toolName, executedBy },
    { type: "tool-input-delta", id, delta: JSON.stringify(input ?? {}) },
    { type: "tool-input-end", id },
  ];
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
