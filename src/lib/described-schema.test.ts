import { expect, test } from "bun:test";

import { describedSchema } from "./described-schema.ts";

test("what an answer is for stands before what its schema says of itself", () => {
  expect(describedSchema({ type: "object" }, "For a map.")).toEqual({ type: "object", description: "For a map." });
  expect(describedSchema({ description: "A place." }, "For a map.")).toEqual({ description: "For a map.\n\nA place." });
  for (const nothing of [undefined, null, ""]) expect(describedSchema({ a: 1 }, nothing)).toEqual({ a: 1 });
});
