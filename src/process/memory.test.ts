import { expect, test } from "bun:test";

import { availableMemoryBytes, residentBytes } from "./memory.ts";

const GIB = 1024 ** 3;
const machine = { "/proc/meminfo": "MemTotal: 16777216 kB\nMemAvailable:    8388608 kB\n" };

function available(files: Readonly<Record<string, string>>): number {
  const all: Readonly<Record<string, string>> = { ...machine, ...files };
  return availableMemoryBytes((path) => all[path]);
}

test("without a limit it is what the machine has", () => {
  expect(available({})).toBe(8 * GIB);
  expect(available({ "/proc/self/cgroup": "0::/a\n", "/sys/fs/cgroup/a/memory.max": "max\n" })).toBe(8 * GIB);
});

test("a control group's limit counts, less what it uses, page cache not counted as used", () => {
  const files = {
    "/proc/self/cgroup": "0::/app\n",
    "/sys/fs/cgroup/app/memory.max": `${2 * GIB}\n`,
    "/sys/fs/cgroup/app/memory.current": `${1.5 * GIB}\n`,
    "/sys/fs/cgroup/app/memory.stat": `anon 1\ninactive_file ${0.25 * GIB}\n`,
  };
  expect(available(files)).toBe(0.75 * GIB);
});

test("the tightest group on the way up decides", () => {
  const files = {
    "/proc/self/cgroup": "0::/outer/inner\n",
    "/sys/fs/cgroup/outer/inner/memory.max": `${4 * GIB}\n`,
    "/sys/fs/cgroup/outer/inner/memory.current": "0\n",
    "/sys/fs/cgroup/outer/memory.max": `${GIB}\n`,
    "/sys/fs/cgroup/outer/memory.current": "0\n",
  };
  expect(available(files)).toBe(GIB);
});

test("an old control group, mounted at its root inside a container, counts too", () => {
  const files = {
    "/proc/self/cgroup": "4:cpu:/docker/x\n3:memory:/docker/x\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${GIB}\n`,
    "/sys/fs/cgroup/memory/memory.usage_in_bytes": `${0.75 * GIB}\n`,
    "/sys/fs/cgroup/memory/memory.stat": `total_inactive_file ${0.25 * GIB}\n`,
  };
  expect(available(files)).toBe(0.5 * GIB);
});

test("this machine has some, and says what this process holds", () => {
  expect(availableMemoryBytes()).toBeGreaterThan(0);
  if (process.platform === "linux") expect(residentBytes(process.pid)).toBeGreaterThan(1024 * 1024);
  expect(residentBytes(2 ** 30)).toBeUndefined();
});
