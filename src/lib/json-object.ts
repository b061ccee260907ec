import * as v from "valibot";

import { isRecord } from "./is-record.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** Passes an object on as it is. A record schema would take arrays too, and leave out members such as `constructor`. */
export const jsonObject = v.pipe(v.unknown(), v.guard(isRecord, "an object"));
