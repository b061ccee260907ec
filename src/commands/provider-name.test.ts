import { expect, test } from "bun:test";

import * as v from "valibot";

import { configSchema } from "#config/schema.ts";

import { parseArguments } from "./arguments.ts";
import { providerFlag, providerName } from "./provider-name.ts";

const named = (words: readonly string[], providers: object) =>
  providerName(parseArguments({ provider: providerFlag }, words), {
    config: v.parse(configSchema, { providers }),
    userFile: "/c.toml",
  });

test("a provider that is not given is asked for by the names there are", () => {
  expect(named(["openai"], {})).toBe("openai");
  expect(() => named([], { openai: {}, gemini: {} })).toThrow("provider is missing: openai, gemini");
  expect(() => named([], {})).toThrow("there are none; [providers.openai] in /c.toml makes one");
});
