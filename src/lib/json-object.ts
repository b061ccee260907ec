import * as v from "valibot";

export type JsonObject = Readonly<Record<string, unknown>>;

/** Passes an object on as it is. A record schema would take arrays too, and leave out members such as `constructor`. */
export const jsonObject = v.pipe(v.unknown(), v.guard(isJsonObject, "an object"));

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
