import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { startChild } from "./child.ts";
import { openJournal } from "./journal.ts";
import { sweepOrphans } from "./orphans.ts";
import { identifyProcess } from "./process-identity.ts";

const dir = mkdtempSync(join(tmpdir(), "ccproxy-journal-"));
const env = { PATH: "/usr/bin:/bin" };
const fixture = fileURLToPath(new URL("fixtures/abandon-children.ts", import.meta.url));
const onPosix = test.skipIf(process.platform === "win32");
const onLinux = test.skipIf(process.platform !== "linux");

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function freshDir(): string {
  return mkdtempSync(join(dir, "case-"));
}

async function isGone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (identifyProcess(pid) === undefined) return true;
    await Bun.sleep(10);
  }
  return false;
}

/** Kills a proxy that has a child and a grandchild in another session, and says which those are. */
async function abandonChildren(journalDir: string, watchdog: "watched" | "unwatched"): Promise<readonly number[]> {
  const proxy = Bun.spawn({ cmd: [process.execPath, fixture, journalDir, watchdog], stdout: "pipe" });
  const { value } = await proxy.stdout.getReader().read();
  proxy.kill("SIGKILL");
  await proxy.exited;
  return new TextDecoder().decode(value).trim().split(" ").map(Number);
}

describe("journal", () => {
  onPosix("names the proxy and its running children in one private file, and goes on closing", async () => {
    const at = freshDir();
    const journal = openJournal(at);
    const child = startChild({ command: "cat", args: [], cwd: at, env, journal });
    const [name = ""] = readdirSync(at);
    const content = (): string => readFileSync(join(at, name), "utf8");
    expect(name).toStartWith(`${process.pid}-`);
    expect(statSync(join(at, name)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(content())).toMatchObject({
      proxy: identifyProcess(process.pid),
      children: [identifyProcess(child.pid)],
    });
    await child.stop({ eofMs: 1000, termMs: 1000 });
    expect(JSON.parse(content())).toMatchObject({ children: [] });
    await journal.close();
    expect(readdirSync(at)).toEqual([]);
  });

  onPosix("closing kills what was not stopped", async () => {
    const journal = openJournal(freshDir());
    const child = startChild({ command: "sleep", args: ["60"], cwd: dir, env, journal });
    expect(journal.guarded).toBe(true);
    await journal.close();
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  });
});

describe("after a crash", () => {
  onLinux("the watchdog kills the children and what they started in other sessions", async () => {
    const orphans = await abandonChildren(freshDir(), "watched");
    expect(orphans.length).toBe(2);
    expect(await Promise.all(orphans.map(isGone))).toEqual([true, true]);
  });

  onLinux("the next start sweeps what no watchdog killed, and reports it", async () => {
    const at = freshDir();
    const orphans = await abandonChildren(at, "unwatched");
    expect(orphans.map((pid) => identifyProcess(pid)?.pid)).toEqual([...orphans]);
    const sweep = await sweepOrphans(at);
    expect(sweep.deadProxies).toBe(1);
    expect(new Set(sweep.killed)).toEqual(new Set(orphans));
    expect(await Promise.all(orphans.map(isGone))).toEqual([true, true]);
    expect(readdirSync(at)).toEqual([]);
  });
});

describe("the sweep never touches", () => {
  onPosix("a proxy that lives", async () => {
    const at = freshDir();
    const journal = openJournal(at);
    const child = startChild({ command: "cat", args: [], cwd: at, env, journal });
    expect(await sweepOrphans(at)).toEqual({ deadProxies: 0, killed: [] });
    expect(child.alive).toBe(true);
    expect(readdirSync(at).length).toBe(1);
    await journal.close();
    await child.exited;
  });

  onPosix("a process that got a recorded id later", async () => {
    const at = freshDir();
    const child = startChild({ command: "cat", args: [], cwd: at, env });
    const stranger = identifyProcess(child.pid);
    const dead = { ...stranger, startTime: "1" };
    const record = { version: 1, mark: "a mark that nobody carries", proxy: dead, children: [dead] };
    writeFileSync(join(at, "old.json"), JSON.stringify(record));
    expect(await sweepOrphans(at)).toEqual({ deadProxies: 1, killed: [] });
    expect(child.alive).toBe(true);
    await child.stop({ eofMs: 1000, termMs: 1000 });
  });

  onLinux("what another container's proxy recorded, until the machine has been restarted", async () => {
    const at = freshDir();
    const own = identifyProcess(process.pid);
    const boot = own?.realm.split("/", 1).join() ?? "";
    const recordOf = (realm: string): string =>
      JSON.stringify({ version: 1, mark: "a mark that nobody carries", proxy: { ...own, realm }, children: [] });
    writeFileSync(join(at, "neighbour.json"), recordOf(`${boot}/pid:[1]`));
    writeFileSync(join(at, "last-boot.json"), recordOf("another-boot/pid:[1]"));
    expect(await sweepOrphans(at)).toEqual({ deadProxies: 1, killed: [] });
    expect(readdirSync(at)).toEqual(["neighbour.json"]);
  });

  test("files it cannot read as a journal", async () => {
    const at = freshDir();
    writeFileSync(join(at, "torn.json"), '{"version":1,"mark":"');
    writeFileSync(join(at, "short-mark.json"), '{"version":1,"mark":"","proxy":{},"children":[]}');
    expect(await sweepOrphans(at)).toEqual({ deadProxies: 0, killed: [] });
    expect(existsSync(join(at, "torn.json"))).toBe(true);
    expect(await sweepOrphans(join(at, "missing"))).toEqual({ deadProxies: 0, killed: [] });
  });
});
