import * as v from "valibot";

import { carries, fingerprintOf } from "./credential.ts";
import type { Step } from "./script/script-types.ts";
import { emptyStep, parseScript } from "./script/script.ts";

/** Directives for requests to come, whatever their prompt says: what a suite has to order from outside. */
export interface Orders {
  /** The new order, or what is wrong with it. */
  add(body: unknown): ToldOrder | { readonly problem: string };
  /** What the first order that fits this request adds to it. */
  next(path: string, credentials: Readonly<Record<string, string>>): Step;
  list(): readonly ToldOrder[];
  /** False when there is none of this number. */
  remove(id: number): boolean;
  reset(): void;
}

export interface ToldOrder {
  readonly id: number;
  readonly directives: string;
  /** How many requests it is still for; null is all of them, until it is removed. */
  readonly left: number | null;
  /** A part of the path. */
  readonly path: string;
  /** The fingerprint of the key; null is any. */
  readonly credential: string | null;
  /** How many requests it met. */
  readonly hits: number;
}

const orderSchema = v.strictObject({
  directives: v.string(),
  times: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  path: v.optional(v.string(), ""),
  key: v.optional(v.string()),
});

interface Entry {
  readonly step: Step;
  told: ToldOrder;
}

export function createOrders(): Orders {
  let entries: readonly Entry[] = [];
  let count = 0;
  return {
    add: (body) => {
      const parsed = v.safeParse(orderSchema, body);
      if (!parsed.success)
        return { problem: `${v.getDotPath(parsed.issues[0]) ?? "body"}: ${parsed.issues[0].message}` };
      const { directives, times, path, key } = parsed.output;
      const { steps, prompt, problems } = parseScript(directives);
      const [step = emptyStep(), more] = steps;
      if (problems.length > 0) return { problem: problems.join("; ") };
      if (prompt !== "" || more !== undefined) return { problem: "directives: only directives of one step" };
      count += 1;
      const credential = key === undefined ? null : fingerprintOf(key);
      const told = { id: count, directives, left: times ?? null, path, credential, hits: 0 };
      entries = [...entries, { step, told }];
      return told;
    },
    next: (path, credentials) => {
      const entry = entries.find(({ told }) => told.left !== 0 && fits(told, path, credentials));
      if (entry === undefined) return emptyStep();
      const { left, hits } = entry.told;
      entry.told = { ...entry.told, left: left === null ? null : left - 1, hits: hits + 1 };
      return entry.step;
    },
    list: () => entries.map(({ told }) => told),
    remove: (id) => {
      const before = entries.length;
      entries = entries.filter(({ told }) => told.id !== id);
      return entries.length < before;
    },
    reset: () => void (entries = []),
  };
}

function fits(
  { path: part, credential }: ToldOrder,
  path: string,
  credentials: Readonly<Record<string, string>>,
): boolean {
  return path.includes(part) && (credential === null || carries(credentials, credential));
}
