import { describe, expect, test } from "bun:test";

import { childEnvironment } from "./environment.ts";

const options = { environment: {}, temporaryDirectory: "/state/tmp/1-1", selfUrls: () => ["http://127.0.0.1:8000"] };

const keptOf = (environment: Readonly<Record<string, string>>): readonly string[] => {
  const own = childEnvironment("agent", options);
  return Object.keys(childEnvironment("agent", { ...options, environment })).filter((name) => !(name in own));
};

describe("the child's environment", () => {
  test('keeps what makes the CLI work as in the user\'s terminal; proves("cli-environment")', () => {
    const kept = {
      ...{ HOME: "/h", PATH: "/bin", LANG: "C", LC_ALL: "C", TZ: "UTC", XDG_CONFIG_HOME: "/c", IS_SANDBOX: "1" },
      ...{ ANTHROPIC_API_KEY: "k", ANTHROPIC_AUTH_TOKEN: "t", CLAUDE_CODE_OAUTH_TOKEN: "o", CLAUDE_CONFIG_DIR: "/d" },
      ...{
        CLAUDE_CODE_USE_BEDROCK: "1",
        AWS_REGION: "eu",
        CLAUDE_CODE_USE_VERTEX: "1",
        ANTHROPIC_VERTEX_PROJECT_ID: "p",
      },
      ...{ GOOGLE_APPLICATION_CREDENTIALS: "/g", CLAUDE_CODE_USE_FOUNDRY: "1", ANTHROPIC_FOUNDRY_RESOURCE: "r" },
      ...{ HTTPS_PROXY: "http://p", no_proxy: "x", NODE_EXTRA_CA_CERTS: "/ca", SSL_CERT_FILE: "/ssl", Path: "C:\\" },
    };
    expect(keptOf(kept)).toEqual(Object.keys(kept));
  });

  test("leaves behind what would change what runs, or is none of its business", () => {
    const dropped = {
      ...{ BUN_OPTIONS: "--preload x", BUN_BE_BUN: "1", NODE_OPTIONS: "--require x", CLAUDECODE: "1" },
      ...{ LD_PRELOAD: "x.so", CCPROXY__SERVER__AUTH_TOKEN: "secret", OPENAI_API_KEY: "sk", GITHUB_TOKEN: "gh" },
      ...{ CLAUDE_CODE_ENTRYPOINT: "cli", CLAUDE_CODE_SSE_PORT: "1", CLAUDE_CODE_EXTRA_BODY: "{}", npm_config_x: "y" },
    };
    expect(keptOf(dropped)).toEqual([]);
  });

  test.each([
    ["http://127.0.0.1:8000", undefined],
    ["http://localhost:8000/claude", undefined],
    ["http://[::1]:8000/", undefined],
    ["http://localhost:8001", "http://localhost:8001"],
    ["https://gateway.example.com", "https://gateway.example.com"],
    ["not a url", "not a url"],
  ])("with the base URL %s gets %p", (url, expected) => {
    const environment = childEnvironment("chat", { ...options, environment: { ANTHROPIC_BASE_URL: url } });
    expect(environment["ANTHROPIC_BASE_URL"]).toBe(expected);
  });

  test("has the cures over anything inherited, and what it is told over the cures", () => {
    const environment = childEnvironment("chat", {
      ...options,
      environment: { CLAUDE_CODE_MAX_RETRIES: "10", CLAUDE_CODE_TMPDIR: "/tmp" },
      extraEnvironment: { ANTHROPIC_BASE_URL: "http://127.0.0.1:8000" },
    });
    expect(environment).toMatchObject({
      CLAUDE_CODE_DISABLE_ATTACHMENTS: "1",
      CLAUDE_CODE_MAX_RETRIES: "2",
      CLAUDE_CODE_TMPDIR: "/state/tmp/1-1",
      BUN_FEATURE_FLAG_NO_ORPHANS: "1",
      ANTHROPIC_BASE_URL: "http://127.0.0.1:8000",
    });
  });

  test("leaves the end of the children to a watchdog where there is one, so that an agent's own programs live on", () => {
    const journal = { mark: "m", guarded: true, started: () => undefined, exited: () => undefined };
    expect(childEnvironment("agent", { ...options, journal })).not.toHaveProperty("BUN_FEATURE_FLAG_NO_ORPHANS");
  });

  test("lets an agent think and compact as it is used to", () => {
    expect(childEnvironment("agent", options)).not.toHaveProperty("MAX_THINKING_TOKENS");
    expect(childEnvironment("agent", options)).not.toHaveProperty("DISABLE_COMPACT");
  });
});
