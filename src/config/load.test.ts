import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import fc from "fast-check";

import { ConfigError } from "./config-error.ts";
import { modes } from "./schema-parts.ts";
import { type Config, logFormats, logLevels } from "./schema.ts";
import { configFolders } from "./testing/config-folders.ts";

const { scratch, project, userFolder, write, inProject, inUser, load, problems } = configFolders();

describe('precedence; proves("config-precedence")', () => {
  test("is flag, environment, env file, project, user, default", async () => {
    inUser(
      "ccproxy.toml",
      "server.port = 1\nclaude.model = 'user'\nlog.level = 'warn'\npool.size = 1\nlimits.max_running = 1",
    );
    inProject(
      "ccproxy.yaml",
      "server: { port: 2 }\nclaude: { model: project }\nlog: { level: error }\npool: { size: 2 }",
    );
    const envFile = inProject(
      "settings.env",
      "CCPROXY__SERVER__PORT=3\nCCPROXY__CLAUDE__MODEL=file\nCCPROXY__LOG__LEVEL=debug",
    );
    const { config, sources, files } = await load({
      envFile,
      environment: { CCPROXY__SERVER__PORT: "4", CCPROXY__CLAUDE__MODEL: "environment" },
      flags: [{ flag: "--port", key: "server.port", value: "5" }],
    });
    expect(config.server.port).toBe(5);
    expect(config.claude.model).toBe("environment");
    expect(config.log.level).toBe("debug");
    expect(config.pool.size).toBe(2);
    expect(config.limits.max_running).toBe(1);
    expect(config.limits.max_waiting).toBe(32);
    const kinds = ["server.port", "claude.model", "log.level", "pool.size", "limits.max_running", "limits.max_waiting"];
    expect(kinds.map((key) => sources.get(key)?.kind)).toEqual([
      "flag",
      "environment",
      "env-file",
      "project",
      "user",
      "default",
    ]);
    expect(sources.get("server.port")?.name).toBe("--port");
    expect(files).toEqual([envFile, join(project, "ccproxy.yaml"), join(userFolder, "ccproxy.toml")]);
  });

  test("lists are replaced, tables are merged", async () => {
    inUser("ccproxy.toml", "claude.allowed_tools = ['Read', 'Grep']\n[aliases.a]\nmodel = 'x'\nmode = 'chat'");
    const { config } = await load({
      environment: {
        CCPROXY__CLAUDE__ALLOWED_TOOLS: "Edit",
        CCPROXY__ALIASES__A__MODEL: "y",
        CCPROXY__ALIASES__B__MODE: "agent",
      },
    });
    expect(config.claude.allowed_tools).toEqual(["Edit"]);
    expect(config.aliases).toEqual({ a: { model: "y", mode: "chat" }, b: { mode: "agent" } });
  });

  test("--config takes the place of both files", async () => {
    inUser("ccproxy.toml", "server.port = 1");
    inProject("ccproxy.toml", "server.port = 2");
    const named = write(join(scratch, "named", "mine.jsonc"), '{ "claude": { "path": "./bin/claude" } /* ok */ }');
    const { config, files } = await load({ configFile: "../named/mine.jsonc" });
    expect(config.server.port).toBe(8000);
    expect(config.claude.path).toBe(join(scratch, "named", "bin", "claude"));
    expect(files).toEqual([named]);
  });

  test("the variables of the env file are under those of the environment", async () => {
    const envFile = inProject("settings.env", "ANTHROPIC_API_KEY='from file'\nHOME=/elsewhere\n# no\nexport OTHER=x");
    const { environment } = await load({ envFile });
    expect(environment).toMatchObject({ ANTHROPIC_API_KEY: "from file", HOME: scratch, OTHER: "x" });
  });

  test(".env is not read unless it is named", async () => {
    inProject(".env", "CCPROXY__SERVER__PORT=9");
    expect((await load()).config.server.port).toBe(8000);
    expect((await load({ envFile: ".env" })).config.server.port).toBe(9);
  });
});

describe("files", () => {
  test.each([
    ["ccproxy.toml", "[server]\nport = 81\n"],
    ["ccproxy.yaml", "server:\n  port: 81\n"],
    ["ccproxy.json", '{"$schema": "./x.json", "server": {"port": 81}}'],
    ["ccproxy.jsonc", '// c\n{"server": {"port": 81,},}'],
  ])("%s is read", async (name, text) => {
    inProject(name, text);
    expect((await load()).config.server.port).toBe(81);
  });

  test.each(["ccproxy.toml", "ccproxy.yaml"])("an empty %s, or one of comments, says nothing", async (name) => {
    inProject(name, "# nothing yet\n\n");
    expect((await load()).config.server.port).toBe(8000);
  });

  test("scripts, rc files and package.json are not configuration", async () => {
    inProject("ccproxy.config.ts", "throw new Error('ran')");
    inProject("ccproxy.ts", "throw new Error('ran')");
    inProject(".ccproxyrc", "server.port=1");
    inProject("package.json", '{"ccproxy": {"server": {"port": 1}}}');
    const { config, files } = await load();
    expect({ port: config.server.port, files }).toEqual({ port: 8000, files: [] });
    expect(await problems({ configFile: "ccproxy.config.ts" })).toEqual([
      `${join(project, "ccproxy.config.ts")} is not a configuration file; use .toml, .yaml, .json or .jsonc`,
    ]);
  });

  test("extends fetches nothing and is refused as an unknown setting", async () => {
    inProject("ccproxy.toml", 'extends = "gh:somebody/something"');
    expect((await problems()).join()).toContain("extends is not a setting");
  });

  test("two files in one place are refused by name", async () => {
    const files = [inProject("ccproxy.toml", ""), inProject("ccproxy.json", "{}")];
    expect(await problems()).toEqual([`${files[0]} and ${files[1]} both exist; keep one of them`]);
  });

  test.each([
    ["ccproxy.toml", "[server]\n[log\n", ":2:2"],
    ["ccproxy.yaml", "server:\n  port: 1\n bad: x", ":3:2"],
    ["ccproxy.json", '{\n  "a": }', ":2:8"],
    // Its parser does not say where.
    ["ccproxy.jsonc", '{"server": {"port": 1}', ""],
  ])("a broken %s is refused by name, line and column", async (name, text, place) => {
    const file = inProject(name, text);
    const [problem, ...more] = await problems();
    expect(problem).toStartWith(`${file}${place} cannot be read: `);
    expect(problem).not.toMatch(/\(\d+:\d+\)$/);
    expect(more).toEqual([]);
  });

  test.each([
    ["ccproxy.yaml", "- 1"],
    ["ccproxy.json", "[1]"],
    ["ccproxy.jsonc", "3"],
  ])("a %s that is no table is refused", async (name, text) => {
    const file = inProject(name, text);
    expect(await problems()).toEqual([`${file} must be a table of settings`]);
  });

  test.each([
    ["ccproxy.toml", "[__proto__]\npolluted = 1"],
    ["ccproxy.yaml", "__proto__: { polluted: 1 }"],
    ["ccproxy.json", '{"__proto__": {"polluted": 1}}'],
    ["ccproxy.jsonc", '{"__proto__": {"polluted": 1},}'],
    ["ccproxy.json", '{"aliases": {"constructor": {"model": "x"}}}'],
    ["ccproxy.json", '{"server": {"prototype": {}}}'],
  ])("%s with %p is refused and pollutes nothing", async (name, text) => {
    inProject(name, text);
    expect((await problems()).join()).toContain("is not a name a setting can have");
    expect("polluted" in {}).toBe(false);
  });

  test("a missing file that was named is refused", async () => {
    expect((await problems({ configFile: "nowhere.toml" })).join()).toContain("nowhere.toml cannot be read: ENOENT");
    expect((await problems({ envFile: "nowhere.env" })).join()).toContain("nowhere.env cannot be read: ENOENT");
  });
});

describe("a wrong setting", () => {
  test.each([
    ["server.prot = 1", "server.prot is not a setting; did you mean server.port?"],
    ["srver.port = 1", "srver is not a setting; did you mean server?"],
    ["auth_token = 'xxxxxxxx'", "auth_token is not a setting; did you mean server.auth_token?"],
    ["zzz = 1", "zzz is not a setting; `ccproxy config schema` lists them"],
    ["server.port = 'x'", 'server.port must be a whole number from 0 to 65535, got "x"'],
    ["server.port = 1.5", "server.port must be a whole number from 0 to 65535, got 1.5"],
    ["server.port = 70000", "server.port must be a whole number from 0 to 65535, got 70000"],
    ["server = 1", "server must be a table of settings, got 1"],
    ["claude.mode = 'talk'", 'claude.mode must be one of agent, chat, got "talk"'],
    [
      "claude.allowed_tools = 'Read'",
      'claude.allowed_tools must be a list; each item must be a text that is not empty, got "Read"',
    ],
    [
      "claude.allowed_tools = [1]",
      "claude.allowed_tools must be a list; each item must be a text that is not empty, got 1",
    ],
    ["pool.size = 'many'", 'pool.size must be "auto" or a whole number from 0 to 64, got "many"'],
    ["demo = 2020-01-01", "demo must be true or false, got a date"],
    ["aliases.1.modle = 'x'", "aliases.1.modle is not a setting; did you mean aliases.1.model?"],
    [
      "server.auth_token = 'short'",
      "server.auth_token must be a text of 8 or more printable characters without spaces, got a value that is not shown",
    ],
  ])("%s names file, key, what was expected and what was got", async (line, problem) => {
    const file = inUser("ccproxy.toml", line);
    const [first = ""] = await problems();
    expect(first).toBe(`${file}: ${problem}`);
  });

  test("is told with every other one of its file, whatever is wrong with each", async () => {
    const lines = [
      "server.prot = 1",
      "server.port = 'x'",
      "pool = [1]",
      "log = []",
      "aliases.a.mode = 'b'",
      "demo = true",
    ];
    const file = inProject("ccproxy.toml", lines.join("\n"));
    expect(await problems()).toEqual([
      `${file}: server.prot is not a setting; did you mean server.port?`,
      `${file}: pool must be a table of settings, got a list`,
      `${file}: log must be a table of settings, got a list`,
      `${file}: server.port must be a whole number from 0 to 65535, got "x"`,
      `${file}: aliases.a.mode must be one of agent, chat, got "b"`,
      expect.stringMatching(/: demo may not be set by a project file/),
    ]);
  });

  test("in the environment is named by its variable", async () => {
    expect(await problems({ environment: { CCPROXY__SERVER__PROT: "1" } })).toEqual([
      "CCPROXY__SERVER__PROT is not a setting; did you mean CCPROXY__SERVER__PORT?",
    ]);
    expect(await problems({ environment: { SERVER__PORT: "x" } })).toEqual([
      'SERVER__PORT must be a whole number from 0 to 65535, got "x"',
    ]);
  });

  test("in a flag is named by the flag", async () => {
    expect(await problems({ flags: [{ flag: "--max-turns", key: "claude.max_turns", value: "0" }] })).toEqual([
      "--max-turns must be a whole number from 1 to 10000, got 0",
    ]);
  });

  test("is found though a stronger source overrides it, and all of them are told", async () => {
    inUser("ccproxy.toml", "server.port = 'x'\nlog.level = 'loud'");
    const found = await problems({ environment: { CCPROXY__SERVER__PORT: "1" } });
    expect(found).toHaveLength(2);
    expect(new ConfigError(found).message).toContain("(and 1 more;");
  });
});

describe("paths", () => {
  test("are seen from where they were written", async () => {
    inUser("ccproxy.toml", "claude.cwd = 'work'\nlog.file = '~/cc.log'\nclaude.mcp_config = ['m.json', '{\"a\":1}']");
    const { config } = await load({ flags: [{ flag: "--add-dir", key: "claude.add_dirs", value: ["../x", "/abs"] }] });
    expect(config.claude.cwd).toBe(join(userFolder, "work"));
    expect(config.log.file).toBe(join(scratch, "cc.log"));
    expect(config.claude.mcp_config).toEqual([join(userFolder, "m.json"), '{"a":1}']);
    expect(config.claude.add_dirs).toEqual([join(scratch, "x"), "/abs"]);
  });

  test("claude without a slash stays a name to look up", async () => {
    expect((await load({ environment: { CCPROXY__CLAUDE__PATH: "claude" } })).config.claude.path).toBe("claude");
  });
});

describe("properties", () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9 .:/-]{0,12}[a-z0-9]$/);
  const settings = fc.record({
    server: fc.record({
      port: fc.integer({ min: 0, max: 65_535 }),
      heartbeat_seconds: fc.integer({ min: 1, max: 120 }),
    }),
    claude: fc.record({
      mode: fc.constantFrom(...modes),
      model: word,
      allowed_tools: fc.array(word, { maxLength: 3 }),
    }),
    pool: fc.record({ size: fc.oneof(fc.constant("auto"), fc.integer({ min: 0, max: 64 })) }),
    log: fc.record({ level: fc.constantFrom(...logLevels), format: fc.constantFrom(...logFormats) }),
    demo: fc.boolean(),
  });
  const pick = ({ server, claude, pool, log, demo }: Config) => ({
    server: { port: server.port, heartbeat_seconds: server.heartbeat_seconds },
    claude: { mode: claude.mode, model: claude.model, allowed_tools: claude.allowed_tools },
    pool: { size: pool.size },
    log: { level: log.level, format: log.format },
    demo,
  });

  test("what is written in the environment is read back", async () => {
    await fc.assert(
      fc.asyncProperty(settings, fc.boolean(), async (wanted, asJson) => {
        const environment = Object.fromEntries(
          Object.entries(wanted).flatMap(([section, table]) =>
            typeof table === "boolean"
              ? [[`CCPROXY__${section.toUpperCase()}`, table ? "1" : "0"]]
              : Object.entries(table).map(([key, value]) => [
                  `CCPROXY__${section.toUpperCase()}__${key.toUpperCase()}`,
                  Array.isArray(value) ? (asJson ? JSON.stringify(value) : value.join(",")) : String(value),
                ]),
          ),
        );
        expect(pick((await load({ environment })).config)).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });

  test("what is written in a file is read back, whatever its format", async () => {
    await fc.assert(
      fc.asyncProperty(settings, fc.constantFrom("json", "jsonc", "yaml"), async (wanted, extension) => {
        const file = write(join(scratch, "round", `trip.${extension}`), JSON.stringify(wanted));
        expect(pick((await load({ configFile: file })).config)).toEqual(wanted);
      }),
      { numRuns: 40 },
    );
  });

  test("no variable name makes it fail in any other way than by a ConfigError, or pollutes a prototype", async () => {
    const part = fc.oneof(
      fc.constantFrom("__proto__", "constructor", "prototype", "SERVER", "PORT", "ALIASES", "toString", "", "_"),
      fc.stringMatching(/^[A-Za-z_]{0,8}$/),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), fc.string(), async (parts, value) => {
        const failure = await load({ environment: { [`CCPROXY__${parts.join("__")}`]: value } }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (failure !== undefined) expect(failure).toBeInstanceOf(ConfigError);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
