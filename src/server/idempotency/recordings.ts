import { GatewayError } from "#core/errors.ts";

import { Recording } from "./recording.ts";

export interface RecordingsOptions {
  /** How long an answer can be had again once it is complete. */
  readonly windowMs: number;
  /** How long a turn goes on whose client has left. */
  readonly lingerMs: number;
  readonly maxAnswers: number;
  /** Of all answers together. */
  readonly maxBytes: number;
}

export interface KeyedRequest {
  /** Who asks, where, and by which key. */
  readonly name: string;
  /** Equal for requests that ask the same. */
  readonly fingerprint: string;
}

export interface Found {
  readonly recording: Recording;
  /** Only for the first of its name, who makes the answer: what to call when it is over, and whether to keep it. */
  readonly settle?: (isKept: boolean) => void;
}

/** Answers to requests that carry a key, for those that carry it again. */
export interface Recordings {
  /**
   * The answer of that name, begun for the first who asks. Throws GatewayError `idempotency-mismatch`, `conflict` for one
   * that was made and is not kept, `rate-limit` where as many as may be kept are being made.
   */
  lookUp(request: KeyedRequest): Found;
  /** Nobody can come back any more. */
  close(): void;
}

/** One answer may take this part of what all may. */
const largestShare = 1 / 4;

interface Entry {
  readonly fingerprint: string;
  readonly recording: Recording;
  /** What was said of it is let go of; that it was asked for is not, lest it is paid for twice. */
  isDropped: boolean;
  expiry?: ReturnType<typeof setTimeout>;
}

export function createRecordings(options: RecordingsOptions): Recordings {
  /** Oldest first. */
  const entries = new Map<string, Entry>();
  let bytes = 0;

  function drop(entry: Entry): void {
    if (entry.isDropped) return;
    entry.isDropped = true;
    bytes -= entry.recording.bytes;
    entry.recording.forget();
  }

  function forget(name: string, entry: Entry): void {
    if (entries.get(name) !== entry) return;
    entries.delete(name);
    clearTimeout(entry.expiry);
    drop(entry);
  }

  /** The oldest that are over go first. */
  function makeRoom(answers: number): void {
    for (const [name, entry] of entries) {
      if (bytes <= options.maxBytes && entries.size <= answers) return;
      if (entry.recording.outcome !== undefined) forget(name, entry);
    }
  }

  function begin({ name, fingerprint }: KeyedRequest): Found {
    makeRoom(options.maxAnswers - 1);
    if (entries.size >= options.maxAnswers) throw tooMany();
    const recording: Recording = new Recording({
      lingerMs: options.lingerMs,
      maxBytes: options.maxBytes * largestShare,
      onGrowth(grown) {
        if (entry.isDropped) return;
        bytes += grown;
        makeRoom(options.maxAnswers);
        if (recording.bytes > options.maxBytes * largestShare || bytes > options.maxBytes) drop(entry);
      },
    });
    const entry: Entry = { fingerprint, recording, isDropped: false };
    entries.set(name, entry);
    return {
      recording,
      settle(isKept) {
        if (!isKept) return forget(name, entry);
        entry.expiry = setTimeout(() => forget(name, entry), options.windowMs);
        entry.expiry.unref();
      },
    };
  }

  return {
    lookUp(request) {
      const known = entries.get(request.name);
      if (known === undefined) return begin(request);
      if (known.fingerprint !== request.fingerprint) throw mismatch();
      if (known.isDropped) throw notKept();
      return { recording: known.recording };
    },
    close() {
      for (const [name, entry] of entries) forget(name, entry);
    },
  };
}

function mismatch(): GatewayError {
  return new GatewayError("idempotency-mismatch", "This Idempotency-Key came with another request before.", {
    param: "Idempotency-Key",
    hint: "Use a new key for a new request; only its repetition may carry the same.",
  });
}

function notKept(): GatewayError {
  return new GatewayError("conflict", "The answer to this Idempotency-Key is too long to be given again.", {
    param: "Idempotency-Key",
    hint: "Use a new key to have it made, and paid for, once more, or raise idempotency.max_mb.",
  });
}

function tooMany(): GatewayError {
  return new GatewayError("rate-limit", "Too many requests with an Idempotency-Key are being answered.", {
    hint: "Wait for some to end, leave the key out, or raise idempotency.max_answers.",
    retryAfterSeconds: 5,
  });
}
