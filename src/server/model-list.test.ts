import { expect, test } from "bun:test";

import { encodeModelPage, findModel } from "./model-list.ts";

const models = ["a", "b", "c", "d"].map((id) => ({ id, displayName: id.toUpperCase(), aliases: [`${id}-alias`] }));

function page(query: string) {
  const { data, has_more, first_id, last_id } = encodeModelPage(models, new URLSearchParams(query));
  return [data.map(({ id }) => id).join(""), has_more, first_id, last_id];
}

test("without a usable limit the page is the whole list", () => {
  expect(page("")).toEqual(["abcd", false, "a", "d"]);
  expect(page("limit=1000")).toEqual(["abcd", false, "a", "d"]);
  expect(page("limit=0")).toEqual(["abcd", false, "a", "d"]);
  expect(page("limit=ten&after_id=zzz")).toEqual(["abcd", false, "a", "d"]);
});

test("a model of a provider that cannot be asked says when it was last told of", () => {
  const told = { id: "a", displayName: "A", aliases: [], lastTold: 86_400_000 };
  expect(encodeModelPage([told], new URLSearchParams()).data).toMatchObject([
    { last_told_at: "1970-01-02T00:00:00.000Z" },
  ]);
});

test("pages go forward with after_id until has_more is false", () => {
  expect(page("limit=3")).toEqual(["abc", true, "a", "c"]);
  expect(page("limit=3&after_id=c")).toEqual(["d", false, "d", "d"]);
  expect(page("limit=3&after_id=d")).toEqual(["", false, null, null]);
});

test("pages go backward with before_id", () => {
  expect(page("limit=2&before_id=d")).toEqual(["bc", true, "b", "c"]);
  expect(page("limit=2&before_id=b")).toEqual(["a", false, "a", "a"]);
});

test("a model is found by id before alias", () => {
  expect(findModel([...models, { id: "b-alias", displayName: "", aliases: [] }], "b-alias")?.id).toBe("b-alias");
  expect(findModel(models, "b-alias")?.id).toBe("b");
  expect(findModel(models, "e")).toBeUndefined();
});
