import { describe, expect, test } from "bun:test";

import { MARK_VARIABLE } from "./marked-processes.ts";
import { identifyProcess } from "./process-identity.ts";
import { startWatchdog } from "./watchdog.ts";

const onPosix = test.skipIf(process.platform === "win32");
const onLinux = test.skipIf(process.platform !== "linux");

function sleeper(mark?: string) {
  const env = { PATH: "/usr/bin:/bin", ...(mark !== undefined && { [MARK_VARIABLE]: mark }) };
  return Bun.spawn({ cmd: ["sleep", "60"], env, detached: true });
}

describe("watchdog", () => {
  onPosix("kills the groups it was told of, but not those that were gone by then", async () => {
    const watchdog = startWatchdog("nobody/");
    const [first, second, third] = [sleeper(), sleeper(), sleeper()];
    for (const { pid } of [first, second, third]) watchdog?.started(pid);
    watchdog?.exited(second.pid);
    await watchdog?.close();
    await Promise.all([first.exited, third.exited]);
    expect([first.signalCode, second.signalCode, third.signalCode]).toEqual(["SIGKILL", null, "SIGKILL"]);
    second.kill();
    await second.exited;
  });

  onLinux("kills whoever carries the mark, and nobody whose mark is merely alike", async () => {
    const watchdog = startWatchdog("0f1e/");
    const [own, other] = [sleeper("0f1e/7"), sleeper("0f1e2/7")];
    await watchdog?.close();
    await own.exited;
    expect(own.signalCode).toBe("SIGKILL");
    expect(identifyProcess(other.pid)?.pid).toBe(other.pid);
    other.kill();
    await other.exited;
  });
});
