import * as v from "valibot";

const isNoArray = v.check((value: unknown) => !Array.isArray(value), "an object");

/**
 * valibot's `looseObject`, which an array is none of: valibot 1.5 takes one for an object, and that shows wherever no
 * member is required.
 */
export function looseObject<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.LooseObjectSchema<Entries, undefined> {
  const schema = v.looseObject(entries);
  const run = schema["~run"].bind(schema);
  return Object.assign(schema, {
    "~run"({ value }: v.UnknownDataset, config: v.Config<v.BaseIssue<unknown>>) {
      const checked = isNoArray["~run"]({ typed: true, value }, config);
      return checked.issues === undefined ? run({ value }, config) : { ...checked, typed: false as const };
    },
  });
}
