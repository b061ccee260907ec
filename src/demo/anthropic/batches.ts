import * as v from "valibot";

import { pageAfter } from "./pages.ts";

/** Message batches: answered when they are made, `in_progress` until they are asked for. */
export interface Batches {
  /** `result` is what became of the parameters of one request. */
  create(body: unknown, result: (params: unknown) => BatchResult): object | { readonly problem: string };
  list(query: URLSearchParams): object;
  /** Undefined for an id that is unknown. `url` is the batch's own. */
  retrieve(id: string, url: string): object | undefined;
  /** One line of JSON for each request. */
  results(id: string): string | undefined;
  reset(): void;
}

export type BatchResult =
  | { readonly type: "succeeded"; readonly message: object }
  | { readonly type: "errored"; readonly error: object };

const batchSchema = v.looseObject({
  requests: v.pipe(
    v.array(v.looseObject({ custom_id: v.string(), params: v.looseObject({}) })),
    v.minLength(1, "at least one request is required"),
  ),
});

interface Batch {
  readonly id: string;
  readonly createdAt: Date;
  readonly results: readonly { readonly custom_id: string; readonly result: BatchResult }[];
}

const dayMs = 24 * 60 * 60 * 1000;

export function createBatches(now: () => Date = () => new Date()): Batches {
  const batches = new Map<string, Batch>();
  let count = 0;
  return {
    create: (body, result) => {
      const parsed = v.safeParse(batchSchema, body);
      if (!parsed.success)
        return { problem: `${v.getDotPath(parsed.issues[0]) ?? "body"}: ${parsed.issues[0].message}` };
      count += 1;
      const results = parsed.output.requests.map(({ custom_id, params }) => ({ custom_id, result: result(params) }));
      const batch = { id: `msgbatch_demo_${count}`, createdAt: now(), results };
      batches.set(batch.id, batch);
      return describe(batch, undefined);
    },
    list: (query) =>
      pageAfter(
        [...batches.values()].toReversed().map((batch) => describe(batch, undefined)),
        query,
      ),
    retrieve: (id, url) => {
      const batch = batches.get(id);
      return batch === undefined ? undefined : describe(batch, `${url}/results`);
    },
    results: (id) =>
      batches
        .get(id)
        ?.results.map((result) => `${JSON.stringify(result)}\n`)
        .join(""),
    reset: () => batches.clear(),
  };
}

function describe({ id, createdAt, results }: Batch, resultsUrl: string | undefined) {
  const ended = resultsUrl !== undefined;
  const count = (type: BatchResult["type"]): number => results.filter(({ result }) => result.type === type).length;
  return {
    id,
    type: "message_batch",
    processing_status: ended ? "ended" : "in_progress",
    request_counts: {
      processing: ended ? 0 : results.length,
      succeeded: ended ? count("succeeded") : 0,
      errored: ended ? count("errored") : 0,
      canceled: 0,
      expired: 0,
    },
    created_at: createdAt.toISOString(),
    expires_at: new Date(createdAt.getTime() + dayMs).toISOString(),
    ended_at: ended ? createdAt.toISOString() : null,
    archived_at: null,
    cancel_initiated_at: null,
    results_url: resultsUrl ?? null,
  };
}
