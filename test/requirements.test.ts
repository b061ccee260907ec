import { describe, expect, test } from "bun:test";

import { citedIn, findCitations } from "../scripts/lib/citations.ts";
import { requirements } from "./requirements.ts";

describe("the requirements", () => {
  test("have ids of their own", () => {
    const ids = requirements.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test("are the only ones that tests cite", async () => {
    const known = new Set(requirements.map(({ id }) => id));
    const unknown = (await findCitations()).filter(({ id }) => !known.has(id));
    expect(unknown).toEqual([]);
  });
});

test("a citation is found in a comment and in a title, with one id or several", () => {
  // In two pieces, so that this file cites nothing itself.
  const cite = (list: string): string => ["proves", "(", list, ")"].join("");
  expect(citedIn(`// ${cite('"a", "b-c"')}\ntest(\`works \${${cite("'d'")}}\`, () => {})`)).toEqual(["a", "b-c", "d"]);
});
