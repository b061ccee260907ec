import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runWords } from "./run-process.ts";
import { createStyle } from "./terminal.ts";

const scratch = mkdtempSync(join(tmpdir(), "ccproxy-commands-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function run(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const written = { out: "", err: "" };
  const terminal = {
    print: async (text: string) => void (written.out += `${text}\n`),
    printError: async (text: string) => void (written.err += `${text}\n`),
    style: createStyle(false),
    watched: false,
    columns: 100,
  };
  const context = { terminal, cwd: scratch, environment: { HOME: scratch, ...environment } };
  return { code: await runWords(words, context), ...written };
}

describe("a wrong command line ends with code 2 and one line", () => {
  test.each([
    [["srve"], 'error: unknown command "srve"; did you mean ccproxy serve?'],
    [
      ["zebra"],
      'error: unknown command "zebra"; ccproxy has serve, permission-handler, models, route, auth, doctor, openapi, config, completion, demo-upstream, version, help',
    ],
    [["config"], "error: ccproxy config needs a command: show, path, schema, validate"],
    [["config", "shw"], 'error: unknown command "shw"; did you mean ccproxy config show?'],
    [["constructor"], 'error: unknown command "constructor"; ccproxy has serve'],
    [["serve", "--prot", "1"], "error: unknown flag --prot; did you mean --port?"],
    [["--prot", "1"], "error: unknown flag --prot; did you mean --port?"],
    [["serve", "--port", "http"], 'error: --port must be a whole number from 0 to 65535, got "http"'],
    [["serve", "--max-turns", "0"], "error: --max-turns must be a whole number from 1 to 10000, got 0"],
    [["serve", "--permission-mode", "bypass"], 'error: --permission-mode cannot be "bypass"'],
    [["serve", "--config", "nowhere.toml"], "error: "],
    [["help", "srve"], 'error: unknown command "srve"; did you mean ccproxy serve?'],
    [["completion", "tcsh"], 'error: shell cannot be "tcsh"; it is one of bash, zsh, fish, powershell'],
    [["version", "--json"], "error: unknown flag --json; see --help"],
  ])("%p", async (words, start) => {
    const { code, out, err } = await run(words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toStartWith(start);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });

  test("listening beyond loopback without an access token, with the command that makes one", async () => {
    const { code, err } = await run(["serve", "--host", "0.0.0.0", "--port", "0"]);
    expect(code).toBe(2);
    expect(err).toMatch(/CCPROXY__SERVER__AUTH_TOKEN=ccp_[\w-]{32} ccproxy serve --host 0\.0\.0\.0 --port 0\n$/);
  });
});

describe("help", () => {
  test.each([[["--help"]], [["-h"]], [["help"]]])("%p lists the commands", async (words) => {
    const { code, out } = await run(words);
    expect(code).toBe(0);
    for (const name of [
      "serve",
      "models",
      "route",
      "doctor",
      "openapi",
      "config",
      "completion",
      "demo-upstream",
      "version",
    ])
      expect(out).toContain(`\n  ${name} `);
  });

  test.each([[["serve", "--help"]], [["serve", "--port", "1", "-h"]], [["help", "serve"]]])(
    "%p has every flag",
    async (words) => {
      const { code, out } = await run(words);
      expect(code).toBe(0);
      const wanted =
        "host port cwd model allowed-tools disallowed-tools permission-mode max-turns append-system-prompt";
      const more =
        "add-dir mcp-config claude-path auth-token config log-level log-format log-file pool-size max-sessions";
      for (const name of `${wanted} ${more} queue-timeout demo env-file mode`.split(" "))
        expect(out).toContain(`--${name} `);
    },
  );

  test("is as wide as the terminal", async () => {
    const { out } = await run(["serve", "--help"]);
    const prose = out.split("\n").filter((line) => !line.startsWith("  ccproxy"));
    expect(Math.max(...prose.map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe("config", () => {
  test("show says where each value came from and keeps secrets", async () => {
    writeFileSync(join(scratch, "ccproxy.toml"), "server.port = 81\n");
    const { out } = await run(["config", "show"], { SECURITY__AUTH_TOKEN: "ccp_do-not-show-me" });
    rmSync(join(scratch, "ccproxy.toml"));
    expect(out).toMatch(new RegExp(`^server\\.port +81 +${join(scratch, "ccproxy.toml")}$`, "m"));
    expect(out).toMatch(/^server\.auth_token +"\[set, not shown\]" +SECURITY__AUTH_TOKEN$/m);
    expect(out).toMatch(/^claude\.mode +"agent" +default$/m);
    expect(out).not.toContain("do-not-show-me");
  });

  test("show --json is JSON", async () => {
    const shown: unknown = JSON.parse((await run(["config", "show", "--json"])).out);
    expect(shown).toMatchObject({ "server.port": { value: 8000, from: "default" } });
  });

  test("path names what is read and where one's own file belongs", async () => {
    const { out } = await run(["config", "path"], { XDG_STATE_HOME: "/s" });
    expect(out).toBe(`read   none\nyours  ${scratch}/.config/ccproxy/ccproxy.toml (not there)\nstate  /s/ccproxy\n`);
  });

  test("schema is JSON Schema", async () => {
    const schema: unknown = JSON.parse((await run(["config", "schema"])).out);
    expect(schema).toMatchObject({ $schema: "http://json-schema.org/draft-07/schema#", type: "object" });
  });

  test("validate lists everything that is wrong", async () => {
    writeFileSync(join(scratch, "wrong.yaml"), "server: { port: x, max_body_mb: 0 }\n");
    const { code, err } = await run(["config", "validate", "wrong.yaml"]);
    expect(code).toBe(2);
    expect(err.trimEnd().split("\n")).toHaveLength(2);
    writeFileSync(join(scratch, "right.yaml"), "server: { port: 1 }\n");
    expect(await run(["config", "validate", "right.yaml"])).toMatchObject({
      code: 0,
      out: `ok: ${scratch}/right.yaml\n`,
    });
  });
});

test("auth status says what each provider lacks, and what is to be done about it", async () => {
  const providers = {
    openai: {},
    ollama: {},
    local: { base_url: "https://a.example" },
    deepseek: { credentials: { a: { env: "A" } } },
  };
  writeFileSync(join(scratch, "status.json"), JSON.stringify({ providers }));
  const { code, out } = await run(["auth", "status", "--config", "status.json"]);
  expect(code).toBe(1);
  expect(out).toMatch(/^openai .* give the key to `ccproxy auth login openai`\.$/m);
  expect(out).toMatch(/^ollama +no key +needs none$/m);
  expect(out).toMatch(/^local +no key +is asked without one$/m);
  expect(out).toMatch(/^deepseek .* or name another place in the configuration\.$/m);
});

test("a provider is completed to those of the configuration and those known by name", async () => {
  writeFileSync(join(scratch, "own.json"), JSON.stringify({ providers: { opal: { base_url: "https://a.example" } } }));
  const complete = (...words: string[]) =>
    run(["__complete", "fish", ...words], { CCPROXY_CONFIG: join(scratch, "own.json") });
  expect((await complete("=o", "auth", "login")).out).toBe("opal\nopenai\nopenrouter\nollama\n");
  expect((await complete("=zz", "auth", "login")).out).toBe("");
});

describe("auth login", () => {
  const home = join(scratch, "it's home");
  const login = (provider: string, ...flags: string[]) => run(["auth", "login", provider, ...flags], { HOME: home });

  // In a test nobody types: what asked for a key would say that there is none.
  test("says before it asks for anything that there is no such provider, with a command that makes one", async () => {
    const { code, err } = await login("openai");
    expect([code, err]).toEqual([1, expect.stringContaining('has no provider "openai". The line [providers.openai]')]);
    expect((await login("openai", "--oauth")).err).toBe(err);
    expect((await login("opnai")).err).toContain("Did you mean openai? The line [providers.openai]");
    expect((await login("acme")).err).toContain("[providers.acme] with a base_url in");
    const command = /mkdir.*$/m.exec(err)?.[0] ?? "";
    expect(Bun.spawnSync(["sh", "-ec", command]).exitCode).toBe(0);
    expect((await run(["auth", "providers"], { HOME: home })).out).toContain("OPENAI_API_KEY");
    expect((await login("opnai")).err.trim()).toEndWith("Did you mean openai?");
  });

  test("names the file that is named, and asks for no shell where it is no TOML", async () => {
    writeFileSync(
      join(scratch, "named.yaml"),
      "providers: { local: { base_url: 'https://a.example', credentials: { one: { env: ONE } } } }",
    );
    const named = ["--config", "named.yaml"];
    expect((await login("openai", ...named)).err).toContain(
      `empty table providers.openai in ${scratch}/named.yaml makes`,
    );
    expect((await login("local", ...named)).err).toContain("Put the key where providers.local.credentials.one says");
  });
});

test("version names the runtime and the system, --version the version alone", async () => {
  expect((await run(["version"])).out).toStartWith("ccproxy ");
  expect((await run(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
});
