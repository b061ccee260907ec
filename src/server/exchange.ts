import type { Caller } from "#auth/access-guard.ts";
import { GatewayError } from "#core/errors.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import type { WireFormat } from "#core/wire-format.ts";
import type { AskedHead, RunningHead } from "#gateway/types.ts";
import type { RequestRecord } from "#telemetry/request-record.ts";

import type { SaidToUs } from "./request-headers.ts";

interface ExchangeOptions {
  readonly request: Request;
  /** Path as requested, cleaned of doubled slashes. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly wireFormat: WireFormat;
  readonly record: RequestRecord;
  readonly said: SaidToUs;
  /** Headers that were meant for us and have no effect. */
  readonly unread: readonly string[];
  /** Called once, when the answer is over. */
  readonly onEnd: () => void;
  /** Takes the connection out of the idle timeout, for answers that may be silent for long. */
  readonly stayOpen: () => void;
}

/** An answer that clients know by an id of its own, while it is being made. */
export interface AnswerInMaking {
  readonly id: string;
  /** What it comes to if it ends here. */
  cutBy(error: GatewayError): unknown;
}

/** How an answer ended, as far as that is known. */
export interface Outcome {
  readonly finishReason: FinishReason | undefined;
  readonly failure: GatewayError | undefined;
}

/** How long after a cancel a started stream may take to end by itself. */
const forgottenMs = 500;

/**
 * One HTTP request and its answer. It owns the signal that ends everything done for the request, and
 * closes the record exactly once: when the answer is handed to Bun, or when its stream is over.
 */
export class Exchange {
  readonly request: Request;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The API shape whatever happens to this request is told in. */
  readonly wireFormat: WireFormat;
  readonly record: RequestRecord;
  readonly said: SaidToUs;
  readonly unread: readonly string[];
  readonly stayOpen: () => void;
  /** Set by the access guard. */
  caller: Caller = { principal: "", token: undefined, backend: undefined };
  /** Set where a model is to answer: what somebody may want to cancel. */
  isTurn = false;
  /** Set where the client may have been told its id. */
  answer: AnswerInMaking | undefined;
  /** Set where the answer is one that was made for an earlier request. */
  repeats = false;
  readonly #onEnd: () => void;
  readonly #controller = new AbortController();
  readonly #onDisconnect = () => {
    this.#hasLeft = true;
    if (this.#onLeave === undefined) this.cancel(clientLeft());
    else this.#onLeave();
  };
  #hasLeft = false;
  #onLeave: (() => void) | undefined;
  #streaming = false;
  #standsBy = false;
  #ended = false;
  #head: RunningHead | undefined;
  #asked: AskedHead | undefined;
  #finishReason: FinishReason | undefined;
  #failure: GatewayError | undefined;

  constructor({ request, path, query, wireFormat, record, said, unread, onEnd, stayOpen }: ExchangeOptions) {
    this.request = request;
    this.path = path;
    this.query = query;
    this.wireFormat = wireFormat;
    this.record = record;
    this.said = said;
    this.unread = unread;
    this.stayOpen = stayOpen;
    this.#onEnd = onEnd;
    if (request.signal.aborted) this.#onDisconnect();
    else request.signal.addEventListener("abort", this.#onDisconnect, { once: true });
  }

  get requestId(): string {
    return this.record.requestId;
  }

  get principal(): string {
    return this.caller.principal;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the exchange was cut short; undefined while it was not. */
  get cancelledBy(): GatewayError | undefined {
    const { reason } = this.signal;
    return reason instanceof GatewayError ? reason : undefined;
  }

  /** True once the answer's own stream has promised to end the exchange. */
  get streaming(): boolean {
    return this.#streaming;
  }

  /** True for one that only listens to what others do. */
  get standsBy(): boolean {
    return this.#standsBy;
  }

  standBy(): void {
    this.#standsBy = true;
  }

  /** The answer is wanted by others too: when the client leaves, it is for `onLeave` to say what becomes of it. */
  outlive(onLeave: () => void): void {
    this.#onLeave = onLeave;
  }

  /** Whether anybody reads how the answer ends. */
  get isHeard(): boolean {
    return !this.#hasLeft || this.#onLeave !== undefined;
  }

  cancel(reason: GatewayError): void {
    if (!this.#ended) this.#controller.abort(reason);
  }

  handOverToStream(): void {
    this.#streaming = true;
    // Bun never starts the body for a client that has left, and then no stream ends the exchange.
    const endIfForgotten = () => setTimeout(() => this.end(200), forgottenMs);
    if (this.signal.aborted) endIfForgotten();
    else this.signal.addEventListener("abort", endIfForgotten, { once: true });
  }

  /** What runs for this request, from the moment it does; every answer of ours then says so in its headers. */
  get head(): RunningHead | undefined {
    return this.#head;
  }

  runs(head: RunningHead): void {
    this.#head = head;
  }

  /** Who was asked, where nothing came of it. */
  get asked(): AskedHead | undefined {
    return this.#asked;
  }

  asks(asked: AskedHead): void {
    this.#asked = asked;
  }

  finished(reason: FinishReason): void {
    this.#finishReason = reason;
  }

  /** The last failure told is the one the client was shown. */
  failed(error: GatewayError): void {
    this.#failure = error;
  }

  get outcome(): Outcome {
    return { finishReason: this.#finishReason, failure: this.#failure };
  }

  /** Ends as another exchange did. */
  adopt(outcome: Outcome | undefined): void {
    this.#finishReason = outcome?.finishReason;
    this.#failure = outcome?.failure;
  }

  end(status: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.request.signal.removeEventListener("abort", this.#onDisconnect);
    // One that only listens is over when it leaves, or when there is nothing more to hear.
    const cutShortBy = this.#standsBy ? undefined : (this.cancelledBy ?? (this.#hasLeft ? clientLeft() : undefined));
    const isCut = cutShortBy?.kind === "cancelled";
    this.record.end({
      status: isCut ? 499 : status,
      finishReason: isCut ? undefined : this.#finishReason,
      // A stream that nobody reads never comes to say why it was cut short.
      error: isCut ? cutShortBy : (this.#failure ?? cutShortBy),
    });
    this.#onEnd();
  }
}

function clientLeft(): GatewayError {
  return new GatewayError("cancelled", "The client closed the connection.");
}
