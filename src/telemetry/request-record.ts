import type { Mode, RunFacts } from "#core/backend.ts";
import type { ErrorKind, GatewayError } from "#core/errors.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import type { WireFormatId } from "#core/request.ts";
import type { Usage } from "#core/usage.ts";
import { redactText } from "#lib/redact.ts";
import type { AccessLogRow } from "#store/access-log.ts";

import type { PriceList } from "./prices/price-list.ts";

/**
 * The facts of one HTTP request, gathered piecemeal by whoever learns them first, and ended exactly
 * once. It holds no prompt, no answer and no secret: free text from the client (path, user agent,
 * model name) is cut and redacted on the way in.
 */
export interface RequestRecord {
  readonly requestId: string;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Merges; a later value of the same fact wins, an `undefined` leaves what is there. Ignored after `end`. */
  set(facts: RequestFacts): void;
  /** Only the first mark of each kind counts. */
  mark(moment: RequestMoment): void;
  /** The first call closes the record; later ones are ignored. Never throws. */
  end(outcome: RequestOutcome): void;
  /** The row as it stands; before `end` it says status 0 and no end. */
  row(): AccessLogRow;
}

/** `first-event`: the backend said its first thing. `first-byte`: the first byte of the body left for the client. */
type RequestMoment = "first-event" | "first-byte";

/** What is known when the request head has been read. */
export interface RequestInitial {
  readonly requestId: string;
  readonly method: string;
  /** Path or URL as requested; the query is dropped. */
  readonly path: string;
  readonly clientAddress?: string | undefined;
  readonly userAgent?: string | undefined;
}

export interface RequestFacts extends RunFacts {
  readonly wireFormat?: WireFormatId | undefined;
  readonly backend?: string | undefined;
  readonly mode?: Mode | undefined;
  readonly modelAsked?: string | undefined;
  readonly modelUsed?: string | undefined;
  /** Who asked, by name; never what they presented. */
  readonly principal?: string | undefined;
  readonly streaming?: boolean | undefined;
  /** Milliseconds spent waiting for admission. */
  readonly queueMs?: number | undefined;
  readonly usage?: Usage | undefined;
  /** Its output is not counted yet: what stands there as an answer begins says nothing of it. */
  readonly isBeginning?: boolean | undefined;
  readonly costUsd?: number | undefined;
  readonly steps?: number | undefined;
  /** Backends that could not answer before this one, and why. */
  readonly failedBackends?: ReadonlyMap<string, ErrorKind> | undefined;
  /** Body bytes, as they crossed the wire. */
  readonly bytesIn?: number | undefined;
  readonly bytesOut?: number | undefined;
}

export interface RequestOutcome {
  /** HTTP status that was sent, or would have been had the client stayed (499 for a client that left). */
  readonly status: number;
  readonly finishReason?: FinishReason | undefined;
  /** Set when it failed, also after a 200 had been sent. */
  readonly error?: GatewayError | undefined;
}

export interface RequestRecordOptions {
  /** Called once, with the finished row. */
  readonly onEnd?: (row: AccessLogRow, outcome: RequestOutcome) => void;
  /** Unix milliseconds of the arrival. */
  readonly receivedAt?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** `cleanText`, where many records clean the same texts. */
  readonly clean?: (text: string) => string;
  /** USD by the vendor's list; null where nobody knows. */
  readonly priceOf?: PriceList["cost"];
}

const longestText = 512;
/** As we make them: no secret looks like that. */
const ownId = /^req_[0-9a-f]{32}$/;

export function createRequestRecord(initial: RequestInitial, options: RequestRecordOptions = {}): RequestRecord {
  const { now = () => performance.now(), clean = cleanText } = options;
  const cleanOrNull = (text: string | undefined) => (text === undefined ? null : clean(text));
  const receivedAt = options.receivedAt ?? Date.now();
  const startedAt = now();
  /** Wall clock of the arrival plus monotonic time: a clock step cannot make a request end before it began. */
  const clock = (): number => receivedAt + Math.max(0, Math.round(now() - startedAt));
  const head = {
    requestId: ownId.test(initial.requestId) ? initial.requestId : cleanText(initial.requestId),
    method: clean(initial.method),
    path: clean(pathOnly(initial.path)),
    clientAddress: initial.clientAddress ?? null,
    userAgent: cleanOrNull(initial.userAgent),
  };
  const key = Bun.randomUUIDv7("hex", receivedAt);
  const marks: Partial<Record<RequestMoment, number>> = {};
  const facts: Writable<RequestFacts> = {};
  let ended: { readonly at: number; readonly outcome: RequestOutcome } | undefined;

  function put<Name extends keyof RequestFacts>(name: Name, value: RequestFacts[Name]): void {
    if (value !== undefined) facts[name] = value;
  }

  const row = (): AccessLogRow => ({
    key,
    ...head,
    ...factColumns(facts),
    modelAsked: cleanOrNull(facts.modelAsked),
    modelUsed: cleanOrNull(facts.modelUsed),
    ignoredFields: (facts.ignoredFields ?? []).slice(0, 64).map(clean),
    ...costColumns(facts, options.priceOf),
    receivedAt,
    firstByteAt: marks["first-byte"] ?? null,
    firstEventMs: marks["first-event"] === undefined ? null : marks["first-event"] - receivedAt,
    endedAt: ended?.at ?? null,
    status: ended?.outcome.status ?? 0,
    finishReason: ended?.outcome.finishReason ?? null,
    errorKind: errorKind(ended?.outcome),
  });

  return {
    requestId: initial.requestId,
    receivedAt,
    row,
    set(more) {
      if (ended !== undefined) return;
      let name: keyof RequestFacts;
      for (name in more) put(name, more[name]);
    },
    mark(moment) {
      if (ended === undefined) marks[moment] ??= clock();
    },
    end(outcome) {
      if (ended !== undefined) return;
      ended = { at: clock(), outcome };
      options.onEnd?.(row(), outcome);
    },
  };
}

function errorKind(outcome: RequestOutcome | undefined): ErrorKind | null {
  return outcome?.error?.kind ?? null;
}

function factColumns(facts: RequestFacts) {
  return {
    wireFormat: facts.wireFormat ?? null,
    backend: facts.backend ?? null,
    mode: facts.mode ?? null,
    sessionId: facts.sessionId ?? null,
    principal: facts.principal ?? null,
    streaming: facts.streaming ?? false,
    queueMs: wholeOrNull(facts.queueMs),
    spawnMs: wholeOrNull(facts.spawnMs),
    start: facts.start ?? null,
    ...usageColumns(facts),
    steps: wholeOrNull(facts.steps),
    retries: wholeOrNull(facts.retries),
    fellBackFrom: failuresIn(facts.failedBackends),
    bytesIn: wholeOrNull(facts.bytesIn) ?? 0,
    bytesOut: wholeOrNull(facts.bytesOut) ?? 0,
  };
}

function failuresIn(failed: RequestFacts["failedBackends"]): string | null {
  if (failed === undefined || failed.size === 0) return null;
  return Array.from(failed, ([backend, kind]) => `${backend} (${kind})`).join(", ");
}

/** An upstream that counts nothing says nothing of what it took: that is not known, and not nothing. */
function isCounted(usage: Usage | undefined): usage is Usage {
  return usage !== undefined && usage.inputTokens + usage.outputTokens > 0;
}

function usageColumns({ usage: told, isBeginning = false }: RequestFacts) {
  const usage = isCounted(told) ? told : undefined;
  return {
    inputTokens: wholeOrNull(usage?.inputTokens),
    outputTokens: isBeginning ? null : wholeOrNull(usage?.outputTokens),
    cacheReadInputTokens: wholeOrNull(usage?.cacheReadInputTokens),
    cacheWriteInputTokens: wholeOrNull(usage?.cacheWriteInputTokens),
    cacheWrite1hInputTokens: wholeOrNull(usage?.cacheWrite1hInputTokens),
    reasoningTokens: wholeOrNull(usage?.reasoningTokens),
  };
}

function costColumns(
  { costUsd, backend, modelUsed, usage, isBeginning = false }: RequestFacts,
  priceOf: PriceList["cost"] | undefined,
) {
  const isKnown = isCounted(usage) && !isBeginning && backend !== undefined && modelUsed !== undefined;
  const listCostUsd = isKnown ? (priceOf?.(backend, modelUsed, usage) ?? null) : null;
  return { costUsd: Number.isFinite(costUsd) ? (costUsd ?? null) : listCostUsd, listCostUsd };
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The path of a path or URL: queries carry keys (`?api_key=`), and userinfo is not ours to keep. */
function pathOnly(url: string): string {
  const afterAuthority = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
  return afterAuthority.split(/[?#]/, 1)[0] || "/";
}

/** Redacts before it cuts: half a secret no longer looks like one. */
export function cleanText(text: string): string {
  return redactText(text.slice(0, 4 * longestText)).slice(0, longestText);
}

function wholeOrNull(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : Math.round(value);
}
