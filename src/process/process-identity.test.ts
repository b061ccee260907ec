import { expect, test } from "bun:test";

import { identifyProcess, isRunning } from "./process-identity.ts";

const onPosix = test.skipIf(process.platform === "win32");

onPosix("a process is itself, and nobody else with its id at another time or in another place", () => {
  const self = identifyProcess(process.pid);
  if (self === undefined) throw new Error("this process was not found");
  expect(isRunning(self)).toBe(true);
  expect(isRunning({ ...self, startTime: `${self.startTime}0` })).toBe(false);
  expect(isRunning({ ...self, realm: "elsewhere" })).toBe(false);
  expect(identifyProcess(2 ** 30)).toBeUndefined();
});

onPosix("a process that has ended and waits for its parent to notice is gone", async () => {
  // The parent becomes a program that never asks after the child it has.
  const parent = Bun.spawn({ cmd: ["sh", "-c", "sleep 0.1 & echo $!; exec sleep 60"], stdout: "pipe" });
  const { value } = await parent.stdout.getReader().read();
  const pid = Number(new TextDecoder().decode(value));
  for (let attempt = 0; attempt < 200 && identifyProcess(pid) !== undefined; attempt += 1) await Bun.sleep(5);
  const stillThere = process.kill(pid, 0);
  const identity = identifyProcess(pid);
  parent.kill();
  await parent.exited;
  expect({ stillThere, identity }).toEqual({ stillThere: true, identity: undefined });
});
