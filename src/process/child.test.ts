import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startChild, type Child, type ChildOptions } from "./child.ts";
import { ChildFault } from "./fault.ts";
import { identifyProcess } from "./process-identity.ts";

const cwd = mkdtempSync(join(tmpdir(), "ccproxy-child-"));
const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
const onPosix = test.skipIf(process.platform === "win32");
const onLinux = test.skipIf(process.platform !== "linux");
const onLinuxTogether = test.concurrent.skipIf(process.platform !== "linux");

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

function run(command: string, args: readonly string[], more: Partial<ChildOptions> = {}): Child {
  return startChild({ command, args, cwd, env, ...more });
}

function shell(script: string, more: Partial<ChildOptions> = {}): Child {
  return run("sh", ["-c", script], more);
}

async function allLines(child: Child): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const batch of child.lines) lines.push(...batch);
  return lines;
}

async function firstLine(child: Child): Promise<string> {
  for await (const [line] of child.lines) return line ?? "";
  return "";
}

function faultCode(task: () => unknown): string {
  try {
    task();
    return "none";
  } catch (thrown) {
    return thrown instanceof ChildFault ? thrown.code : "another error";
  }
}

async function faultCodeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "none",
    (thrown: unknown) => (thrown instanceof ChildFault ? thrown.code : "another error"),
  );
}

/** The kernel takes a moment to tear a killed process down. */
async function isGone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (identifyProcess(pid) === undefined) return true;
    await Bun.sleep(10);
  }
  return false;
}

describe("starting", () => {
  test("a missing program, one that may not run, and a missing directory are told apart", () => {
    const script = join(cwd, "not-executable");
    writeFileSync(script, "echo hello\n", { mode: 0o600 });
    expect(() => run("/nowhere/claude", [])).toThrow("/nowhere/claude could not be started: there is no such program.");
    expect(() => run(script, [])).toThrow("it may not be executed");
    expect(() => run("sh", [], { cwd: "/nowhere" })).toThrow("The working directory /nowhere does not exist.");
    for (const options of [{ command: "/nowhere/claude" }, { command: script }, { command: "sh", cwd: "/nowhere" }])
      expect(faultCode(() => startChild({ args: [], cwd, env, ...options }))).toBe("spawn-failed");
  });

  test("the child sees the given environment and directory and nothing of ours", async () => {
    const child = run("/usr/bin/env", [], { env: { ONLY: "this" } });
    const names = (await allLines(child)).map((line) => line.split("=", 1)[0]);
    expect(new Set(names)).toEqual(new Set(["CCPROXY_CHILD", "ONLY"]));
  });

  test("tells its journal of the start and, once gone, of the exit", async () => {
    const seen: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const journal = {
      mark: "test",
      guarded: false,
      started: () => void seen.push("started"),
      exited: () => {
        seen.push("exited");
        resolve();
      },
    };
    shell("exit 3", { journal });
    await promise;
    expect(seen).toEqual(["started", "exited"]);
  });
});

describe("output", () => {
  test("lines come in order, whole, and end with the output", async () => {
    const lines = await allLines(run("seq", ["1", "50000"]));
    expect(lines.length).toBe(50_000);
    expect(lines.at(-1)).toBe("50000");
  });

  test("a line of 10 MB comes through whole", async () => {
    const [line] = await allLines(shell("head -c 10000000 /dev/zero | tr '\\0' 'x'; echo"));
    expect(line?.length).toBe(10_000_000);
  });

  test("an over-long line is a fault, after the lines before it", async () => {
    const child = shell("echo first; head -c 5000 /dev/zero | tr '\\0' 'x'; sleep 60", { maxLineBytes: 1000 });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const batch of child.lines) seen.push(...batch);
    })();
    expect(await faultCodeOf(reading)).toBe("line-too-long");
    expect(seen).toEqual(["first"]);
    await child.stop({ termMs: 1000 });
  });

  test.concurrent("what was written before the exit is not lost on a slow reader", async () => {
    const child = shell("seq 1 5");
    await child.exited;
    await Bun.sleep(300);
    expect(await allLines(child)).toEqual(["1", "2", "3", "4", "5"]);
  });

  onLinuxTogether("ends soon after the exit even if a process that left the group holds stdout", async () => {
    const child = shell("setsid sleep 5 & sleep 0.05; echo done");
    expect(await allLines(child)).toEqual(["done"]);
  });

  onLinux("a child nobody reads blocks instead of filling our memory", async () => {
    const child = run("yes", ["x".repeat(1000)]);
    // On busy cores Bun's first read goes on for as long as the pipe is never found empty.
    const written = async () => /wchar: \d+/.exec(await Bun.file(`/proc/${child.pid}/io`).text())?.[0];
    await Bun.sleep(150);
    const before = await written();
    await Bun.sleep(100);
    expect(await written()).toBe(before);
    child.kill();
    await child.exited;
  });
});

describe("standard error", () => {
  test("its end is kept", async () => {
    const child = shell("seq 1 20000 >&2; echo the cause >&2", { stderrTailBytes: 100 });
    await allLines(child);
    await child.exited;
    expect(child.stderrTail()).toEndWith("20000\nthe cause\n");
    expect(child.stderrTail().length).toBe(100);
  });

  onLinux(
    "a flood neither blocks the child nor costs memory",
    async () => {
      const before = process.memoryUsage.rss();
      const child = shell("head -c 250000000 /dev/zero >&2; echo done");
      expect(await allLines(child)).toEqual(["done"]);
      Bun.gc(true);
      expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 1024 * 1024);
      // Moving that much takes a busy machine longer than a test usually may.
    },
    30_000,
  );
});

describe("input", () => {
  test("writes keep their order without being awaited, and closing comes behind them", async () => {
    const child = run("cat", []);
    const sent = Array.from({ length: 1000 }, (_, index) => `line ${index}`);
    for (const line of sent) void child.write(line);
    child.closeInput();
    expect(await allLines(child)).toEqual(sent);
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  test("a write to a child that has exited, or whose input we closed, is a fault and nothing more", async () => {
    const child = shell("exit 0");
    await child.exited;
    expect(await faultCodeOf(child.write("late"))).toBe("stdin-closed");
    void child.write("nobody looks at this promise");

    const closed = run("cat", []);
    closed.closeInput();
    expect(await faultCodeOf(closed.write("late"))).toBe("stdin-closed");
    await closed.exited;
  });

  test("a child that closes its input or dies in the middle of large writes fails them all", async () => {
    const closing = shell("exec 0<&-; echo closed; sleep 60");
    expect(await firstLine(closing)).toBe("closed");
    expect(await faultCodeOf(closing.write("x"))).toBe("stdin-closed");
    closing.kill();

    const stuck = run("sleep", ["60"]);
    const writes = Array.from({ length: 5 }, () => stuck.write("x".repeat(3_000_000)));
    await Bun.sleep(20);
    stuck.kill();
    expect(new Set(await Promise.all(writes.map(faultCodeOf)))).toEqual(new Set(["stdin-closed"]));
    await Promise.all([closing.exited, stuck.exited]);
  });

  test("broken pipes never crash the process", async () => {
    const script = `
      import { startChild } from ${JSON.stringify(join(import.meta.dir, "child.ts"))};
      const child = startChild({ command: "true", args: [], cwd: "/", env: { PATH: "/usr/bin:/bin" } });
      for (let i = 0; i < 50; i++) { child.write("x".repeat(100000)); await Bun.sleep(1); }
      await child.exited;
      child.write("x");
      await Bun.sleep(20);
      process.exit(7);`;
    const subprocess = Bun.spawn({ cmd: [process.execPath, "-e", script], stderr: "pipe" });
    expect(await new Response(subprocess.stderr).text()).toBe("");
    expect(await subprocess.exited).toBe(7);
  });
});

describe("stopping", () => {
  test("a child that ends with its input needs no signal", async () => {
    const child = run("cat", []);
    await child.stop({ eofMs: 5000, termMs: 5000 });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.alive).toBe(false);
  });

  onPosix("one that stays on after that gets SIGTERM", async () => {
    const child = run("sleep", ["60"]);
    await child.stop({ eofMs: 20, termMs: 5000 });
    expect(await child.exited).toEqual({ code: null, signal: "SIGTERM" });
  });

  onPosix("one that ignores SIGTERM gets SIGKILL", async () => {
    const child = shell("trap '' TERM; echo ready; while :; do sleep 60; done");
    expect(await firstLine(child)).toBe("ready");
    await child.stop({ termMs: 50 });
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  onPosix("grandchildren in the group die with it, also when the leader exits by itself", async () => {
    const stopped = shell("sleep 60 & echo $!; wait");
    const left = shell("sleep 60 & echo $!; exit 0");
    const pids = [Number(await firstLine(stopped)), Number(await firstLine(left))];
    await stopped.stop({ termMs: 1000 });
    await left.exited;
    expect(await Promise.all(pids.map(isGone))).toEqual([true, true]);
  });

  onLinux("a grandchild in its own session dies when the child is killed or fails", async () => {
    const script = "setsid sh -c 'echo $$; exec sleep 60' & sleep 0.05; ";
    const killed = shell(`${script} exec sleep 60`);
    const failed = shell(`${script} read x; exit 1`);
    const pids = [Number(await firstLine(killed)), Number(await firstLine(failed))];
    await Promise.all([killed.stop({ termMs: 1000 }), failed.stop({ eofMs: 1000, termMs: 1000 })]);
    expect(await failed.exited).toEqual({ code: 1, signal: null });
    expect(await Promise.all(pids.map(isGone))).toEqual([true, true]);
  });

  onPosix("stopping twice, or killing what is gone, is harmless", async () => {
    const child = run("sleep", ["60"]);
    await Promise.all([child.stop({ eofMs: 60_000, termMs: 60_000 }), child.stop({ termMs: 1000 })]);
    await child.stop({ eofMs: 1000, termMs: 1000 });
    child.kill();
    expect(child.alive).toBe(false);
  });
});

onLinux("says how much memory a running child holds, and nothing of one that is gone", async () => {
  const child = run("cat", []);
  void child.write("running");
  expect(await firstLine(child)).toBe("running");
  expect(child.residentBytes()).toBeGreaterThan(100_000);
  await child.stop({ eofMs: 1000, termMs: 1000 });
  expect(child.residentBytes()).toBeUndefined();
});
