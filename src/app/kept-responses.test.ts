import { expect, test } from "bun:test";

import { memoryDatabase } from "#sessions/testing/test-sessions.ts";

import { openKeptResponses } from "./kept-responses.ts";

const logger = { warn: () => expect.unreachable(), debug: () => undefined };
const made = { principal: "ann", id: "resp_1", backend: "openai", account: undefined };

test("where nothing is to be kept, who made a response is known until the end and nothing is written down", () => {
  const database = memoryDatabase();
  const kept = openKeptResponses({ responses: { keep_days: 0, max_mb: 512 } }, database, logger);
  kept.ofProviders.save(made);
  expect([kept.own, kept.ofProviders.find("ann", "resp_1")]).toEqual([undefined, made]);
  expect(database.query("SELECT count(*) AS n FROM provider_responses").get()).toEqual({ n: 0 });
  kept.close();
});

test("what cannot be written down is for the log, and not for the client whose answer is there", () => {
  const database = memoryDatabase();
  const said: string[] = [];
  const telling = { ...logger, warn: (message: string) => said.push(message) };
  const kept = openKeptResponses({ responses: { keep_days: 1, max_mb: 512 } }, database, telling);
  database.run("DROP TABLE provider_responses");
  kept.ofProviders.save(made);
  kept.ofProviders.remove("ann", "resp_1");
  expect(said).toEqual([
    expect.stringContaining("Who made a response could not be written down"),
    expect.stringContaining("That a response was deleted could not be written down"),
  ]);
  kept.close();
});
