/** The command line of the executable: exit codes, what it prints, and that a hostile folder changes nothing. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { validate } from "@readme/openapi-parser";
import { Validator } from "@seriousme/openapi-schema-validator";

import { newestClaude } from "../../scripts/lib/claude-binaries.ts";
import { startDemoUpstream } from "../../src/demo/demo-upstream.ts";
import { childrenOf } from "./support/children.ts";
import { binary, waitFor } from "./support/proxy.ts";

const scratch = await mkdtemp(join(tmpdir(), "ccproxy-cli-"));
afterAll(() => rm(scratch, { recursive: true, force: true, maxRetries: 5 }));

const claude = newestClaude().path;

interface Place {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A home that nothing else uses; the environment is what is given and no more. */
async function spawn(words: readonly string[], { cwd, env }: Place = {}) {
  const home = await mkdtemp(join(scratch, "home-"));
  const child = Bun.spawn([binary, ...words], {
    cwd: cwd ?? home,
    env: { HOME: home, PATH: "/usr/bin:/bin", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = { out: "", err: "" };
  const read = async (stream: ReadableStream<Uint8Array>, name: "out" | "err") => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) output[name] += decoder.decode(chunk, { stream: true });
  };
  const done = Promise.all([read(child.stdout, "out"), read(child.stderr, "err"), child.exited]);
  const killer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const ended = done.then(([, , code]) => {
    clearTimeout(killer);
    return { code, ...output };
  });
  return { home, child, output, ended };
}

async function run(words: readonly string[], place: Place = {}) {
  return await (
    await spawn(words, place)
  ).ended;
}

/** Starts a server and waits until it says where. */
async function serve(words: readonly string[], place: Place = {}) {
  const running = await spawn(words, place);
  const url = await waitFor(
    () => /http:\/\/127\.0\.0\.1:\d+/.exec(running.output.out)?.[0],
    20_000,
    running.ended,
  ).catch((error: unknown) => {
    throw new Error(`no URL: ${String(error)} ${JSON.stringify(running.output)}`);
  });
  return { ...running, url };
}

describe('a wrong command line; proves("command-usage-errors")', () => {
  test.each([
    [["srve"], "did you mean ccproxy serve?"],
    [["--prot", "1"], "did you mean --port?"],
    [["serve", "--port"], "--port needs a value"],
    [["serve", "--port", "x"], '--port must be a whole number from 0 to 65535, got "x"'],
    [["serve", "--port", "1", "--port", "2"], "--port was given twice"],
    [["serve", "--log-level", "inof"], "did you mean info?"],
    [["serve", "extra"], 'nothing is expected at "extra"'],
    [["serve", "--add-dir", "/nope"], "--add-dir: there is no directory /nope"],
    [["serve", "--mcp-config", "/nope.json"], "--mcp-config: the file /nope.json cannot be read"],
    [["config", "show", "--config", "none.toml"], "cannot be read"],
    [["completion"], "shell is missing: bash, zsh, fish, powershell"],
  ])("%p ends with code 2 and one line on stderr", async (words, part) => {
    const { code, out, err } = await run(words);
    expect({ code, out, lines: err.trimEnd().split("\n").length }).toEqual({ code: 2, out: "", lines: 1 });
    expect(err).toStartWith("error: ");
    expect(err).toContain(part);
  });
});

describe("expected failures", () => {
  test('listening beyond loopback needs a token, and the printed command has one; proves("auth-loopback")', async () => {
    const { code, err } = await run(["serve", "--host", "0.0.0.0"]);
    expect(code).toBe(2);
    expect(err).toMatch(/CCPROXY__SERVER__AUTH_TOKEN=ccp_\S+ ccproxy serve --host 0\.0\.0\.0/);
  });

  test("a taken port is told with its owner and a free one", async () => {
    using listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { code, err } = await run(["serve", "--demo", "--claude-path", claude, "--port", String(listener.port)]);
    expect(code).toBe(1);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(err).toContain(`port ${listener.port} on 127.0.0.1 is taken`);
    if (process.platform === "linux") expect(err).toContain(`(pid ${process.pid})`);
    expect(err).toMatch(/--port \d+ is free/);
  });

  test("a workspace that does not exist", async () => {
    const { code, err } = await run(["serve", "--port", "0", "--cwd", "/nowhere/at/all"]);
    expect(code).toBe(1);
    expect(err).toMatch(/^error: .*\/nowhere\/at\/all.*--cwd/);
  });

  test("a reader that has seen enough is not an error", async () => {
    const command = 'set -o pipefail; "$0" openapi | head -c 20 >/dev/null; echo "${PIPESTATUS[0]}"';
    const child = Bun.spawn(["bash", "-c", command, binary], {
      env: { HOME: scratch, PATH: "/usr/bin:/bin" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await new Response(child.stdout).text()).toBe("0\n");
    expect(await new Response(child.stderr).text()).toBe("");
  });
});

describe('a hostile working directory; proves("config-data-only")', () => {
  async function hostileFolder(): Promise<string> {
    const cwd = await mkdtemp(join(scratch, "hostile-"));
    const ran = `require("node:fs").writeFileSync(${JSON.stringify(join(cwd, "RAN"))}, ""); process.exit(66);`;
    const files = {
      "bunfig.toml": 'preload = ["./evil.ts"]\n[run]\npreload = ["./evil.ts"]\n',
      ".env":
        "ANTHROPIC_BASE_URL=http://127.0.0.1:9/evil\nCCPROXY__SERVER__PORT=666\nNODE_OPTIONS=--require ./evil.ts\n",
      ".env.local": "CCPROXY__SERVER__PORT=666\n",
      ".env.production": "CCPROXY__SERVER__PORT=666\n",
      "evil.ts": ran,
      "ccproxy.config.ts": ran,
      "ccproxy.config.js": ran,
      "ccproxy.ts": ran,
      "ccproxy.js": ran,
      ".ccproxyrc": "server.port=666\n",
      "package.json": '{"type":"module","ccproxy":{"server":{"port":666}},"imports":{"#*":"./evil.ts"}}',
      "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./evil.ts"]}}}',
      "node_modules/c12/index.js": ran,
      "node_modules/c12/package.json": '{"name":"c12","main":"index.js"}',
      "node_modules/jiti/index.js": ran,
      ".config/ccproxy.toml": "server.port = 666\n",
      "ccproxy.toml": "log.level = 'warn'\n",
    };
    for (const [name, text] of Object.entries(files)) await Bun.write(join(cwd, name), text);
    // A `claude` in the working directory is not the one in PATH, even where PATH has an empty entry.
    await Bun.write(join(cwd, "claude"), `#!/bin/sh\ntouch ${join(cwd, "RAN")}\n`);
    await chmod(join(cwd, "claude"), 0o755);
    return cwd;
  }

  test.each([
    [["config", "show", "--json"]],
    [["version"]],
    [["openapi"]],
    [["completion", "bash"]],
    [["doctor", "--skip-live"]],
  ])("%p runs nothing in it and reads only its ccproxy.toml", async (words) => {
    const cwd = await hostileFolder();
    const { code, out, err } = await run(words, { cwd });
    expect(existsSync(join(cwd, "RAN"))).toBe(false);
    expect(code).toBe(words[0] === "doctor" ? 1 : 0);
    expect(out + err).not.toContain("666");
    if (words[0] === "config") expect(JSON.parse(out)).toMatchObject({ "log.level": { value: "warn" } });
  });

  test("serve answers from the upstream of the environment, not from the one in .env", async () => {
    const cwd = await hostileFolder();
    const upstream = startDemoUpstream();
    const env = { ANTHROPIC_BASE_URL: upstream.url, ANTHROPIC_API_KEY: "demo" };
    const server = await serve(["serve", "--port", "0", "--claude-path", claude, "--pool-size", "1"], { cwd, env });
    try {
      const response = await fetch(`${server.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "default", messages: [{ role: "user", content: "Hello" }] }),
      });
      expect(response.status).toBe(200);
      expect(upstream.requests().length).toBeGreaterThan(0);
      expect(existsSync(join(cwd, "RAN"))).toBe(false);
    } finally {
      server.child.kill("SIGTERM");
      const { code } = await server.ended;
      await upstream.stop();
      expect(code).toBe(0);
    }
  }, 60_000);

  test("its ccproxy file may not set what runs code, unless the user trusts the folder", async () => {
    const cwd = await mkdtemp(join(scratch, "project-"));
    await Bun.write(join(cwd, "ccproxy.json"), '{"claude": {"path": "./evil"}}');
    const { code, err } = await run(["serve", "--port", "0"], { cwd });
    expect(code).toBe(2);
    expect(err).toContain(`${join(cwd, "ccproxy.json")}: claude.path may not be set by a project file`);
    const trusting = await run(["config", "show", "--json"], { cwd, env: { CCPROXY__TRUST__FOLDERS: cwd } });
    expect(JSON.parse(trusting.out)).toMatchObject({ "claude.path": { value: join(cwd, "evil") } });
  });
});

describe('serve; proves("command-serve")', () => {
  test("is the default, prints its URL, who answers, and a curl that works as pasted; ends with 0 on SIGINT", async () => {
    const server = await serve(["--demo", "--claude-path", claude, "--port", "0", "--pool-size", "1"]);
    try {
      const curl = await waitFor(() => /^ +try +(curl .*)$/m.exec(server.output.out)?.[1], 10_000, server.ended);
      expect(server.output.out).toMatch(/^ +claude +.*demo upstream: no login, no cost, no real model$/m);
      expect(server.output.out).toContain(`${server.url}/swagger`);
      if (Bun.which("curl") === null) console.log("ABSENT curl: the banner's command was not run");
      else {
        const child = Bun.spawn(["bash", "-c", `${curl} -s`], { stdout: "pipe", stderr: "ignore" });
        expect(await new Response(child.stdout).text()).toContain("data: [DONE]");
      }
    } finally {
      server.child.kill("SIGINT");
    }
    expect((await server.ended).code).toBe(0);
  }, 60_000);

  test.skipIf(process.platform !== "linux")(
    'gives the CLI what its flags say; proves("cli-options")',
    async () => {
      const extra = await mkdtemp(join(scratch, "extra-"));
      const workspace = await mkdtemp(join(scratch, "workspace-"));
      await Bun.write(join(extra, "mcp.json"), '{"mcpServers":{}}');
      const flags = [
        ...["--allowed-tools", "Read,Bash(git log:*)", "--allowed-tools", "Grep", "--disallowed-tools", "WebFetch"],
        ...["--permission-mode", "plan", "--max-turns", "7", "--add-dir", extra],
        ...["--mcp-config", join(extra, "mcp.json"), "--append-system-prompt", "Be brief."],
      ];
      const words = ["serve", "--demo", "--claude-path", claude, "--port", "0", "--pool-size", "1", "--cwd", workspace];
      const server = await serve([...words, ...flags]);
      try {
        const pid = server.child.pid;
        const argv = await waitFor(
          () =>
            childrenOf(server.home, pid)
              .map((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").split("\0"))
              .find((line) => line[0] === claude && line.some((word) => word.startsWith("--permission-mode"))),
          20_000,
          server.ended,
        );
        const line = argv.join(" ");
        for (const part of ["Bash(git log:*)", "Grep", "WebFetch", "plan", extra, join(extra, "mcp.json")])
          expect(line).toContain(part);
        expect(line).toMatch(/--max-turns[ =]7/);
      } finally {
        server.child.kill("SIGTERM");
      }
      expect((await server.ended).code).toBe(0);
    },
    60_000,
  );
});

describe('doctor; proves("command-doctor")', () => {
  test("passes with a CLI that answers, live round trip included", async () => {
    const { code, out } = await run(["doctor", "--demo", "--claude-path", claude, "--port", "0", "--json"]);
    const report: unknown = JSON.parse(out);
    expect(code).toBe(0);
    const names = ["config", "workspace", "state", "port", "memory", "claude", "version", "login", "live"];
    expect(report).toMatchObject({
      checks: names.map((name) => ({ name, status: expect.stringMatching(/pass|warn/) })),
    });
  }, 60_000);

  test("says that no CLI was found and what to do", async () => {
    const { code, out } = await run(["doctor"], { env: { PATH: "/nonexistent" } });
    expect(code).toBe(1);
    expect(out).toMatch(/^fail +claude +not found[\s\S]*→ install it/m);
  });

  test("says that nobody is logged in, and shows no key where one is set", async () => {
    const without = await run(["doctor", "--claude-path", claude, "--skip-live"]);
    expect(without.code).toBe(1);
    expect(without.out).toMatch(/^fail +login +not logged in \(claude auth status\)\n +→ run `claude`/m);
    const env = { ANTHROPIC_API_KEY: "sk-ant-do-not-show" };
    const withKey = await run(["doctor", "--claude-path", claude, "--skip-live"], { env });
    expect(withKey.out).toMatch(/^pass +login +API key of ANTHROPIC_API_KEY/m);
    expect(withKey.out).not.toContain("do-not-show");
  }, 60_000);

  test("says that a refused credential is refused", async () => {
    const upstream = startDemoUpstream();
    await upstream.stop();
    const env = { ANTHROPIC_API_KEY: "x", ANTHROPIC_BASE_URL: upstream.url };
    const { code, out } = await run(["doctor", "--claude-path", claude, "--port", "0"], { env });
    expect(code).toBe(1);
    expect(out).toMatch(/^fail +live +/m);
  }, 90_000);
});

describe("the other commands", () => {
  test("models lists what the CLI offers", async () => {
    const { code, out } = await run(["models", "--demo", "--claude-path", claude, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: expect.stringContaining("claude") })]),
    );
  }, 60_000);

  test("models without a CLI is one line", async () => {
    const { code, err } = await run(["models"], { env: { PATH: "/nonexistent" } });
    expect([code, err.trimEnd().split("\n").length]).toEqual([1, 1]);
  }, 60_000);

  // proves("api-openapi")
  test("two independent validators accept what openapi prints", async () => {
    const { out } = await run(["openapi"]);
    expect(await new Validator().validate(JSON.parse(out))).toMatchObject({ valid: true });
    expect(await validate(JSON.parse(out))).toMatchObject({ valid: true, warnings: [] });
  });

  test("openapi --out writes what openapi prints", async () => {
    const file = join(scratch, "openapi.json");
    expect(await run(["openapi", "--out", file])).toEqual({ code: 0, out: "", err: "" });
    expect((await run(["openapi"])).out).toBe(await Bun.file(file).text());
    expect((await run(["openapi", "--out", join(scratch, "no", "where.json")])).code).toBe(1);
  });

  test("demo-upstream says what it speaks, answers as the APIs do, and stops on SIGTERM", async () => {
    const upstream = await serve(["demo-upstream", "--port", "0"]);
    const response = await fetch(`${upstream.url}/v1/models`, { headers: { "x-api-key": "demo" } });
    expect(response.status).toBe(200);
    expect(upstream.output.out).toContain("POST /v1/messages, /v1/chat/completions and /v1/responses");
    upstream.child.kill("SIGTERM");
    expect((await upstream.ended).code).toBe(0);
  });

  test("route explain says who would answer, by a model in place of the body's", async () => {
    const words = ["route", "explain", "-m", "codex-cli/gpt-6", "-d", '{"model": "haiku"}'];
    const out = expect.stringMatching(
      /^answers +codex-cli\nbecause .+\nmodel +gpt-6 \(asked for as codex-cli\/gpt-6\)\n/,
    );
    expect(await run(words, { env: { CCPROXY__CODEX__ENABLED: "1" } })).toMatchObject({ code: 0, out });
  });

  test('config show, path, validate and schema; proves("config-validate-schema")', async () => {
    const cwd = await mkdtemp(join(scratch, "config-"));
    await Bun.write(join(cwd, "ccproxy.yaml"), "server: { port: 81 }\n");
    const env = { SERVER__PORT: "82", CCPROXY__LOG__LEVEL: "debug" };
    const shown = await run(["config", "show", "--json"], { cwd, env });
    expect(JSON.parse(shown.out)).toMatchObject({
      "server.port": { value: 82, from: "SERVER__PORT" },
      "log.level": { value: "debug", from: "CCPROXY__LOG__LEVEL" },
    });
    expect((await run(["config", "path"], { cwd })).out).toContain(`read   ${join(cwd, "ccproxy.yaml")}\n`);
    expect(JSON.parse((await run(["config", "schema"])).out)).toMatchObject({ type: "object" });
    await Bun.write(join(cwd, "ccproxy.yaml"), "server: { prot: 81 }\n");
    expect(await run(["config", "validate"], { cwd })).toMatchObject({
      code: 2,
      err: `error: ${join(cwd, "ccproxy.yaml")}: server.prot is not a setting; did you mean server.port?\n`,
    });
  });
});

describe('completion in the real shell; proves("command-completion")', () => {
  /** A folder for PATH with the executable under its own name, and one with files to complete. */
  async function places() {
    const bin = await mkdtemp(join(scratch, "bin-"));
    await Bun.$`ln -s ${binary} ${join(bin, "ccproxy")}`.quiet();
    const cwd = await mkdtemp(join(scratch, "words-"));
    await Bun.write(join(cwd, "mine file.toml"), "");
    await mkdir(join(cwd, "folder"));
    return { cwd, env: { HOME: scratch, PATH: `${bin}:/usr/bin:/bin`, TERM: "dumb" } };
  }

  async function ask(shell: string, args: readonly string[]): Promise<string> {
    const child = Bun.spawn([shell, ...args], { ...(await places()), stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const killer = setTimeout(() => child.kill("SIGKILL"), 30_000);
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    clearTimeout(killer);
    return out + err;
  }

  function without(shell: string): boolean {
    if (Bun.which(shell) !== null) return false;
    console.log(`ABSENT ${shell}: its completion was not run`);
    return true;
  }

  const cases = [
    ["ser", "serve"],
    ["serve --log-l", "--log-level"],
    ["serve --log-level inf", "info"],
    ["serve --log-level=inf", "info"],
    ["serve --config min", "mine file.toml"],
    ["serve --cwd fol", "folder"],
    ["config va", "validate"],
  ] as const;

  test.skipIf(without("bash"))("bash, without its completion package", async () => {
    const script = `
      source <(ccproxy completion bash)
      declare -F _get_comp_words_by_ref && echo "the package is loaded"
      complete_words() {
        COMP_WORDS=(ccproxy "$@"); COMP_CWORD=$#; COMPREPLY=()
        _ccproxy; printf '<%s>' "\${COMPREPLY[@]}"; echo
      }
      ${cases.map(([line]) => `complete_words ${line.replace("=", " = ")}`).join("\n")}`;
    expect(await ask("bash", ["--norc", "--noprofile", "-c", script])).toBe(
      cases.map(([, word]) => `<${word}>\n`).join(""),
    );
  });

  test.skipIf(without("fish"))("fish", async () => {
    const lines = cases.map(([line]) => `complete -C "ccproxy ${line}" | string split -f1 \\t; echo .`).join("\n");
    const out = await ask("fish", ["--no-config", "-c", `ccproxy completion fish | source\n${lines}`]);
    expect(
      out
        .split(".\n")
        .map((part) => part.trim().replace(/^--\w[\w-]*=|\/$/g, ""))
        .slice(0, -1),
    ).toEqual(cases.map(([, word]) => word));
  });

  test.skipIf(without("zsh"))(
    "zsh",
    async () => {
      // Completion works in the line editor alone: keys are typed into a terminal, Ctrl-T notes the line they made.
      const lines = join(await mkdtemp(join(scratch, "zsh-")), "lines");
      const script = `
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell 'autoload -Uz compinit; compinit -D -u; source <(ccproxy completion zsh); unsetopt beep'
        zpty -w shell 'note() { print -r -- "$BUFFER" >> ${lines}; BUFFER=; }; zle -N note; bindkey "^T" note; echo RE""ADY'
        zpty -r -m shell reply '*READY*'
        ${cases.map(([line]) => `zpty -n -w shell 'ccproxy ${line}'$'\\t\\x14'`).join("\n")}
        zpty -w shell exit
        while zpty -r shell reply; do :; done`;
      await ask("zsh", ["-f", "-c", script]);
      const wanted = cases.map(([line, word]) => {
        const before = line.slice(0, Math.max(line.lastIndexOf(" "), line.lastIndexOf("=")) + 1);
        return `ccproxy ${before}${word.replace(" ", String.raw`\ `)}`;
      });
      const typed = (await Bun.file(lines).text()).trimEnd().split("\n");
      expect(typed.map((line) => line.replace(/[ /]+$/, ""))).toEqual(wanted);
    },
    40_000,
  );
});
