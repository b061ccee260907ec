import { GatewayError } from "#core/errors.ts";
import type { Child, ChildExit } from "#process/child.ts";

import { encodeMessage, type Incoming, type Params, parseMessage, type RequestId, threadOf } from "./messages.ts";

/** Measured (0.169): threads start within 50 ms, the process within 700. */
const ANSWER_TIMEOUT_MS = 60_000;
/** It lists its threads within 10 ms, whatever they are doing. */
const PULSE_MS = 5000;
/** Lines in a row that are none of its protocol; it says none (0.169). */
const MOST_GARBAGE = 1000;
/** Measured: it ends within 10 ms of its stdin. */
const STOP_LADDER = { eofMs: 1000, termMs: 1000 } as const;
const EXIT_WAIT_MS = 500;

/** What a thread says goes to whoever runs it. */
export interface ThreadListener {
  told(method: string, params: Params): void;
  /** To be answered with `reply` or `refuse`, now or later; Codex waits. */
  asked(id: RequestId, method: string, params: Params): void;
  /** Nothing more will come. */
  gone(failure: GatewayError): void;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: GatewayError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** One `codex app-server` and the protocol on its stdin and stdout. It has many threads, and each knows only its own. */
export class AppServer {
  readonly child: Child;
  readonly threads = new Map<string, ThreadListener>();
  /** How much of which limit is used, as the vendor last said it. */
  rateLimits: unknown;
  readonly #pending = new Map<RequestId, Pending>();
  readonly #answerTimeoutMs: number;
  #requests = 0;
  /** Messages that came, and what else came since. */
  #heard = 0;
  #garbage = 0;
  #failure: GatewayError | undefined;

  constructor(child: Child, answerTimeoutMs: number = ANSWER_TIMEOUT_MS) {
    this.child = child;
    this.#answerTimeoutMs = answerTimeoutMs;
    void this.#pump();
  }

  get usable(): boolean {
    return this.#failure === undefined && this.child.alive;
  }

  /** Nobody has a thread, or asks for one. */
  get isIdle(): boolean {
    return this.threads.size === 0 && this.#pending.size === 0;
  }

  /** Rejects with GatewayError: `upstream` where Codex refuses, `timeout` where it says nothing. */
  request(method: string, params: Params): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    // Whoever asks may look at the answer late, or not at all.
    promise.catch(() => undefined);
    if (this.#failure !== undefined) {
      reject(this.#failure);
      return promise;
    }
    this.#requests += 1;
    const id = this.#requests;
    const timer = setTimeout(() => {
      this.#pending.delete(id);
      reject(
        new GatewayError("timeout", `Codex did not answer ${method} in time.`, { hint: "Send the request again." }),
      );
      void this.#feelPulse();
    }, this.#answerTimeoutMs);
    this.#pending.set(id, { resolve, reject, timer });
    this.#post({ id, method, params });
    return promise;
  }

  notify(method: string): void {
    this.#post({ method });
  }

  reply(id: RequestId, result: Params): void {
    this.#post({ id, result });
  }

  refuse(id: RequestId, message: string): void {
    this.#post({ id, error: { code: -32_601, message } });
  }

  /** Resolves when it is gone. */
  async stop(): Promise<void> {
    await this.child.stop(STOP_LADDER);
  }

  /** A process that takes nothing is noticed when its output ends. */
  #post(message: Params): void {
    void this.child.write(encodeMessage(message));
  }

  /** One that is stuck would answer nobody any more: it is ended, and the next request has another. */
  async #feelPulse(): Promise<void> {
    const heard = this.#heard;
    this.#post({ id: "pulse", method: "thread/loaded/list", params: {} });
    await Bun.sleep(Math.min(this.#answerTimeoutMs, PULSE_MS));
    if (this.#heard > heard || !this.usable) return;
    this.child.kill();
    this.#end(new GatewayError("timeout", "Codex was stuck, and was ended.", { hint: "Send the request again." }));
  }

  async #pump(): Promise<void> {
    let cause: unknown;
    try {
      for await (const batch of this.child.lines)
        for (const line of batch) if (line !== "") this.#take(this.#counted(parseMessage(line)));
    } catch (thrown) {
      cause = thrown;
      // What follows an over-long line cannot be told apart any more.
      this.child.kill();
    }
    const exit = await Promise.race([this.child.exited, Bun.sleep(EXIT_WAIT_MS)]);
    const gone = exitError(exit ?? undefined, cause ?? this.child.stderrTail());
    this.#end(cause instanceof GatewayError ? cause : gone);
    if (exit === undefined) await this.stop();
  }

  /** Throws GatewayError. */
  #counted(message: Incoming): Incoming {
    this.#heard += message.type === "garbage" ? 0 : 1;
    this.#garbage = message.type === "garbage" ? this.#garbage + 1 : 0;
    if (this.#garbage <= MOST_GARBAGE) return message;
    throw new GatewayError("upstream", "What Codex writes is none of its protocol; it was ended.", {
      hint: "Send the request again; `ccproxy doctor` says which version was tested.",
    });
  }

  #take(message: Incoming): void {
    switch (message.type) {
      case "result":
        return this.#settle(message.id)?.resolve(message.result);
      case "refusal":
        return this.#settle(message.id)?.reject(refused(message.message));
      case "notice":
        if (message.method === "account/rateLimits/updated") this.rateLimits = message.params["rateLimits"];
        return this.#listener(message.params)?.told(message.method, message.params);
      case "question": {
        const listener = this.#listener(message.params);
        if (listener === undefined) return this.refuse(message.id, "Nobody here can answer this.");
        return listener.asked(message.id, message.method, message.params);
      }
      case "garbage":
        return;
    }
  }

  #listener(params: Params): ThreadListener | undefined {
    return this.threads.get(threadOf(params) ?? "");
  }

  #settle(id: RequestId): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(pending?.timer);
    return pending;
  }

  #end(failure: GatewayError): void {
    this.#failure ??= failure;
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(failure);
    for (const listener of this.threads.values()) listener.gone(failure);
    this.threads.clear();
  }
}

function refused(said: string): GatewayError {
  return new GatewayError("upstream", `Codex: ${said}`, { logged: "Codex refused a request." });
}

/** stderr may quote settings or headers: it stays in the cause, for the log. */
function exitError(exit: ChildExit | undefined, cause: unknown): GatewayError {
  const how = exit === undefined ? "closed its output" : `ended unexpectedly (${wayOf(exit)})`;
  return new GatewayError("upstream", `Codex ${how}.`, {
    hint: "Send the request again.",
    cause: typeof cause === "string" ? new Error(cause) : cause,
  });
}

function wayOf({ code, signal }: ChildExit): string {
  return signal === null ? `with code ${code ?? "unknown"}` : `by ${signal}`;
}
