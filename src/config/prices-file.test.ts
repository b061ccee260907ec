import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ConfigError } from "./config-error.ts";
import { loadConfig } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "ccproxy-prices-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const environment = { HOME: folder, XDG_CONFIG_HOME: join(folder, "none") };

function load(config: string, prices = "", name = "prices.toml") {
  writeFileSync(join(folder, name), prices);
  const configFile = join(folder, "mine.toml");
  writeFileSync(configFile, config);
  return loadConfig({ cwd: "/", configFile, environment });
}

async function problems(...args: Parameters<typeof load>): Promise<readonly string[]> {
  const error = await load(...args).catch((thrown: unknown) => thrown);
  return error instanceof ConfigError ? error.problems : [];
}

// proves("observe-price-file")
test("a file of prices, beside the configuration that names it, stands behind the configuration's own", async () => {
  const { config, sources } = await load(
    'prices_file = "prices.toml"\n[prices.mine]\ninput = 1\noutput = 2\n[prices."x*"]\ninput = 5\noutput = 6',
    '["*"]\ninput = 7\noutput = 8\n[mine]\ninput = 9\noutput = 9\ncache_read = 3\n["gpt-5.4"]\ninput = 3\noutput = 4',
  );
  expect(Object.entries(config.prices)).toEqual([
    ["mine", { input: 1, output: 2 }],
    ["x*", { input: 5, output: 6 }],
    ["*", { input: 7, output: 8 }],
    ["gpt-5.4", { input: 3, output: 4 }],
  ]);
  expect(sources.get("prices.gpt-5.4.input")?.name).toBe(join(folder, "prices.toml"));
  expect(sources.get("prices.mine.input")?.name).toBe(join(folder, "mine.toml"));
});

// proves("observe-price-tiers")
test("a price may have tiers, each with all that a price has", async () => {
  const { config } = await load(
    'prices_file = "prices.toml"',
    "[long]\ninput = 1\noutput = 2\n[long.above.200_000]\ninput = 3\noutput = 4\ncache_write_1h = 5",
  );
  expect(config.prices).toEqual({
    long: { input: 1, output: 2, above: { "200_000": { input: 3, output: 4, cache_write_1h: 5 } } },
  });
});

test("and a tier begins above a number of tokens", async () => {
  expect(
    await problems("[prices.long]\ninput = 1\noutput = 2\n[prices.long.above.200k]\ninput = 3\noutput = 4"),
  ).toEqual([
    `${join(folder, "mine.toml")}: prices.long.above.200k must be called by a number of input tokens, as in prices.long.above.200000`,
  ]);
});

test("it may be JSON", async () => {
  const prices = { "local/*": { input: 0, output: 0 } };
  const { config } = await load('prices_file = "p.json"', JSON.stringify(prices), "p.json");
  expect(config.prices).toEqual(prices);
});

test.each([
  ['prices_file = "none.toml"', "", "none.toml cannot be read: ENOENT"],
  ['prices_file = "prices.txt"', "", "prices.txt is not a configuration file; use .toml, .yaml, .json or .jsonc"],
  [
    'prices_file = "prices.toml"',
    "[a]\ninput = -1\noutput = 2",
    "prices.toml: a.input must be a number from 0 to 1000000, got -1",
  ],
  ['prices_file = "prices.toml"', "[a]\ninput = 1", "prices.toml: a.output must be a number from 0 to 1000000, got"],
  [
    'prices_file = "prices.toml"',
    "[a]\ninput = 1\noutput = 1\ncache_raed = 1",
    "prices.toml: a.cache_raed is not a setting; did you mean a.cache_read?",
  ],
  [
    'prices_file = "prices.toml"',
    "[a]\ninput = 1\noutput = 1\n[a.above.9]\ninput = 1",
    "prices.toml: a.above.9.output must be a number from 0 to 1000000, got",
  ],
  [
    'prices_file = "prices.toml"',
    "[a]\ninput = 1\noutput = 1\n[a.above.9]\ninput = 1\noutput = 1\ncache_raed = 1",
    "prices.toml: a.above.9.cache_raed is not a setting; did you mean a.above.9.cache_read?",
  ],
  ['prices_file = "prices.toml"', "a = 1", "prices.toml: a must be a table of settings, got 1"],
])("%s with %j is refused", async (config, prices, problem) => {
  const told = await problems(config, prices);
  expect(told).toEqual([expect.stringContaining(problem)]);
  expect(told[0]).toStartWith(`prices_file: ${folder}/`);
});
