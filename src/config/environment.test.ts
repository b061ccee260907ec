import { describe, expect, test } from "bun:test";

import { compatibleNames } from "./compatibility.ts";
import { environmentLayer, type Variables } from "./environment.ts";
import { flatten } from "./merge.ts";
import { allSettings } from "./setting.ts";

const settingsOf = (variables: Variables) =>
  Object.fromEntries(flatten(environmentLayer(variables, "environment").values));

describe("our own variables", () => {
  test.each([
    ["CCPROXY__SERVER__PORT", " 80 ", "server.port", 80],
    ["ccproxy__server__port", "80", "server.port", 80],
    ["CCPROXY__SERVER__PORT", "http", "server.port", "http"],
    ["CCPROXY__DEMO", "0", "demo", false],
    ["CCPROXY__DEMO", "False", "demo", false],
    ["CCPROXY__DEMO", "yes", "demo", true],
    ["CCPROXY__DEMO", "", "demo", false],
    ["CCPROXY__DEMO", "maybe", "demo", "maybe"],
    ["CCPROXY__POOL__SIZE", "auto", "pool.size", "auto"],
    ["CCPROXY__POOL__SIZE", "3", "pool.size", 3],
    ["CCPROXY__CLAUDE__MODEL", "80", "claude.model", "80"],
    ["CCPROXY__CLAUDE__ALLOWED_TOOLS", "Read, Bash(a, b)", "claude.allowed_tools", ["Read", "Bash(a, b)"]],
    ["CCPROXY__CLAUDE__ALLOWED_TOOLS", '["a,b"]', "claude.allowed_tools", ["a,b"]],
    ["CCPROXY__CLAUDE__ALLOWED_TOOLS", "", "claude.allowed_tools", []],
    ["CCPROXY__ALIASES", '{"fast": {"model": "haiku"}}', "aliases.fast.model", "haiku"],
    ["CCPROXY__ALIASES__FAST__MODEL", "haiku", "aliases.fast.model", "haiku"],
  ])("%s=%p sets %s to %p", (name, text, key, value) => {
    expect(settingsOf({ [name]: text })).toEqual({ [key]: value });
  });

  test("the upper-case spelling wins", () => {
    const variables = { ccproxy__server__port: "1", CCPROXY__SERVER__PORT: "2", Ccproxy__Server__Port: "3" };
    expect(settingsOf(variables)).toEqual({ "server.port": 2 });
  });

  test("names with nothing between the underscores are kept whole, to be refused", () => {
    expect(Object.keys(environmentLayer({ CCPROXY____PROTO____X: "1" }, "environment").values)).toEqual([
      "__proto____x",
    ]);
  });
});

describe('variables of other Claude proxies; proves("config-env-names")', () => {
  test.each([
    ["SERVER__PORT", "8080", "server.port", 8080],
    ["SERVER__HOST", "127.0.0.1", "server.host", "127.0.0.1"],
    ["SERVER__LOG_LEVEL", "WARNING", "log.level", "warn"],
    ["LOGGING__FORMAT", "rich", "log.format", "pretty"],
    ["CCPROXY_LOG_FORMAT", "text", "log.format", "pretty"],
    ["SECURITY__AUTH_TOKEN", "secret-token", "server.auth_token", "secret-token"],
    ["CLAUDE__CODE_OPTIONS__CWD", "/w", "claude.cwd", "/w"],
    ["CLAUDE_PATH", "/bin/claude", "claude.path", "/bin/claude"],
    ["CLAUDE_TIMEOUT_MS", "300000", "claude.request_timeout_seconds", 300],
    ["CCPROXY_STATE", "/var/lib/ccproxy", "state_dir", "/var/lib/ccproxy"],
  ])("%s=%s sets %s", (name, text, key, value) => {
    expect(settingsOf({ [name]: text })).toEqual({ [key]: value });
  });

  test("an address to listen on is a host and a port, or a port alone", () => {
    expect(settingsOf({ CCPROXY_LISTEN: "127.0.0.2:4141" })).toEqual({
      "server.host": "127.0.0.2",
      "server.port": 4141,
    });
    expect(settingsOf({ CCPROXY_LISTEN: "[::1]:4141" })).toEqual({ "server.host": "::1", "server.port": 4141 });
    expect(settingsOf({ CCPROXY_LISTEN: ":4141" })).toEqual({ "server.port": 4141 });
  });

  test("ours win, and an empty one is not set", () => {
    expect(settingsOf({ SERVER__PORT: "1", CCPROXY__SERVER__PORT: "2" })).toEqual({ "server.port": 2 });
    expect(settingsOf({ SERVER__PORT: "" })).toEqual({});
  });

  test("names that mean nothing in particular are left alone", () => {
    expect(settingsOf({ PORT: "1", HOST: "x", API_KEY: "y", LOG_LEVEL: "loud", CONFIG_FILE: "z" })).toEqual({});
  });
});

test("the manual names every setting and every variable", async () => {
  const manual = await Bun.file(new URL("../../docs/configuration.md", import.meta.url)).text();
  const wanted = [...allSettings(), ...compatibleNames.map(({ name }) => name)];
  expect(wanted.filter((name) => !manual.includes(`\`${name}\``))).toEqual([]);
});
