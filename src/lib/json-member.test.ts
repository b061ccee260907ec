import { expect, test } from "bun:test";

import * as fc from "fast-check";

import { withJsonMember } from "./json-member.ts";

function replaced(json: string, name = "model"): string {
  return Buffer.from(withJsonMember(Buffer.from(json), name, "new")).toString();
}

test.each([
  ['{"model":"old"}', '{"model":"new"}'],
  [
    '{ "a": [1.0, {"model": "x"}] , "model" : "old" , "n":12345678901234567890 }',
    '{ "a": [1.0, {"model": "x"}] , "model" :"new", "n":12345678901234567890 }',
  ],
  ['{"mod\\u0065l":null,"é":"\\"model\\":\\\\"}', '{"mod\\u0065l":"new","é":"\\"model\\":\\\\"}'],
  ['{"model":1,"b":"model","model":{"model":[2]}}', '{"model":"new","b":"model","model":"new"}'],
  ['{"a":1}', '{"model":"new","a":1}'],
  [" { } ", ' {"model":"new" } '],
])("%s becomes %s", (json, expected) => {
  expect(replaced(json)).toBe(expected);
});

test("what is read from it is what was there, with the new value", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.oneof(fc.constant("model"), fc.string()), fc.jsonValue()),
      fc.boolean(),
      (object, wide) => {
        const json = JSON.stringify(object, undefined, wide ? 2 : undefined);
        expect(JSON.parse(replaced(json))).toEqual(JSON.parse(JSON.stringify({ ...object, model: "new" })));
      },
    ),
  );
});
