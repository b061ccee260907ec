import { expect, test } from "bun:test";

import { codexEnvironment } from "./environment.ts";

test('Codex has what its login needs, what it was given by name, and none of our secrets; proves("cli-environment")', () => {
  const kept = {
    HOME: "/h",
    PATH: "/bin",
    CODEX_HOME: "/c",
    OPENAI_API_KEY: "sk",
    https_proxy: "http://p",
    MY_KEY: "k",
  };
  const dropped = {
    CCPROXY__SERVER__AUTH_TOKEN: "secret",
    ANTHROPIC_API_KEY: "sk-ant",
    NODE_OPTIONS: "-r x",
    OTHER: "o",
  };
  const environment = { ...kept, ...dropped };
  expect(codexEnvironment({ environment, passEnv: ["MY_KEY"] })).toEqual(kept);
  expect(codexEnvironment({ environment, extraEnvironment: { CODEX_HOME: "/d" } })["CODEX_HOME"]).toBe("/d");
});
