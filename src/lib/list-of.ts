import * as v from "valibot";

/** A list of what has this form; what else stands in it is left out. */
export function listOf<const Item extends v.GenericSchema>(item: Item) {
  return v.pipe(
    v.array(v.fallback(v.nullish(item), undefined)),
    v.transform((items) => items.filter((found) => found !== undefined && found !== null)),
  );
}
