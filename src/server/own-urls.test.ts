import { expect, test } from "bun:test";

import { withOwnUrls } from "./own-urls.ts";

test("results of batches are said to be where the client asked for the batch, and all else is as it came", () => {
  const batch = (place: string) =>
    `{"id":"b", "results_url" : "${place}/v1/messages/batches/b/results","n":1.0,"said":"\\"results_url\\":\\"x/v1/messages/batches/b\\""}`;
  const told = (place: string) =>
    new TextEncoder().encode(`{"data":[${batch(place)},{"results_url":null},${batch(place)}]}`);
  expect(withOwnUrls(told("https://api.anthropic.com"), "http://127.0.0.1:1/api")).toEqual(
    told("http://127.0.0.1:1/api"),
  );
});
