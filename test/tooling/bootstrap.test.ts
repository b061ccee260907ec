import { afterEach, describe, expect, test } from "bun:test";
import { delimiter } from "node:path";

import { run, runInForeground, userEnvironment } from "../../scripts/lib/bootstrap.mjs";

describe("the environment that npm start serves with", () => {
  const before = { ...process.env };
  afterEach(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  });

  test("has the user's PATH, without the folders that a runner puts before it", () => {
    const added = ["/clone/node_modules/.bin", "/npm/node-gyp-bin", "/tmp/bun-node-0d9b296af"];
    process.env["PATH"] = [...added, "/home/user/bin", "/usr/bin"].join(delimiter);
    expect(userEnvironment()["PATH"]).toBe(["/home/user/bin", "/usr/bin"].join(delimiter));
  });

  test("has what the user set and nothing of the runner", () => {
    process.env["npm_lifecycle_event"] = "start";
    process.env["ANTHROPIC_API_KEY"] = "key";
    expect(userEnvironment()).toMatchObject({ ANTHROPIC_API_KEY: "key" });
    expect(Object.keys(userEnvironment()).filter((name) => name.startsWith("npm_"))).toEqual([]);
  });
});

describe("a program that is run", () => {
  test("to the end gives its output and its code", async () => {
    expect(await run("sh", ["-c", "echo out; echo err >&2; exit 3"])).toMatchObject({ code: 3, stdout: "out\n" });
  });

  test("and does not exist has code 127, without an exception", async () => {
    expect(await run("/nonexistent/program", [])).toMatchObject({ code: 127 });
  });

  test("in the foreground gives its exit code, and that of its signal", async () => {
    expect(await runInForeground("sh", ["-c", "exit 7"])).toBe(7);
    expect(await runInForeground("sh", ["-c", "kill -TERM $$"])).toBe(143);
  });
});
