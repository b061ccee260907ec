import { credentialsOf, safeHeaders } from "./credential.ts";

/** What reached the demo, for those who must prove it. Secrets are not kept. */
export interface RecordedRequest {
  /** Counts all requests of this process, from 1. */
  readonly number: number;
  readonly requestId: string;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  readonly method: string;
  /** Path with its query. */
  readonly path: string;
  /** Names in lower case; credentials read `[redacted]`. */
  readonly headers: Readonly<Record<string, string>>;
  /** By header, told by their fingerprints. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined when there was none. */
  readonly body: unknown;
  /** The body exactly as it came. */
  readonly bytes: () => Uint8Array;
  readonly outcome: Outcome;
  /** 0 while nothing has been answered. */
  readonly status: number;
  /** The client hung up before the answer was complete. */
  readonly aborted: boolean;
}

export type Outcome = "open" | "done" | "aborted" | "dropped";

/** One request while it is being answered. */
export interface OpenRecord {
  readonly number: number;
  readonly requestId: string;
  answered(status: number): void;
  /** Only the first call counts. */
  end(outcome: Exclude<Outcome, "open">): void;
}

export interface Recorder {
  open(request: Request, path: string, body: unknown, bytes: Uint8Array): OpenRecord;
  state(): { readonly open: number; readonly total: number; readonly aborted: number };
  requests(): readonly RecordedRequest[];
  /** Forgets the past; requests which are open stay counted as open. */
  reset(): void;
}

const keptRequests = 100;
const keptBytes = 16 * 1024 * 1024;

interface Entry {
  readonly size: number;
  record: RecordedRequest;
}

export function createRecorder(now: () => number = Date.now): Recorder {
  let kept: Entry[] = [];
  let bytes = 0;
  let count = 0;
  let totals = { open: 0, total: 0, aborted: 0 };

  const keep = (entry: Entry): void => {
    kept.push(entry);
    bytes += entry.size;
    while (kept.length > 1 && (kept.length > keptRequests || bytes > keptBytes)) bytes -= kept.shift()?.size ?? 0;
  };

  return {
    open: (request, path, body, raw) => {
      count += 1;
      const requestId = `req_demo_${count}`;
      const record: RecordedRequest = {
        number: count,
        requestId,
        receivedAt: now(),
        method: request.method,
        path,
        headers: safeHeaders(request.headers),
        credentials: credentialsOf(request.headers),
        body,
        bytes: () => raw,
        outcome: "open",
        status: 0,
        aborted: false,
      };
      const entry: Entry = { size: raw.length, record };
      keep(entry);
      totals = { ...totals, open: totals.open + 1, total: totals.total + 1 };
      return {
        number: record.number,
        requestId,
        answered: (status) => void (entry.record = { ...entry.record, status }),
        end: (outcome) => {
          if (entry.record.outcome !== "open") return;
          const aborted = outcome === "aborted";
          entry.record = { ...entry.record, outcome, aborted };
          totals = { ...totals, open: totals.open - 1, aborted: totals.aborted + (aborted ? 1 : 0) };
        },
      };
    },
    state: () => totals,
    requests: () => kept.map((entry) => entry.record),
    reset: () => {
      kept = [];
      bytes = 0;
      totals = { open: totals.open, total: 0, aborted: 0 };
    },
  };
}
