import { readFileSync } from "node:fs";
import { freemem } from "node:os";
import { dirname } from "node:path";

const CGROUP_ROOT = "/sys/fs/cgroup";

/** Content of a small system file; undefined when there is none. */
export type ReadText = (path: string) => string | undefined;

/** Bytes that can still be had before the system swaps or kills: the machine's, or the control group's if that is less. */
export function availableMemoryBytes(readText: ReadText = readFile): number {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readText("/proc/meminfo") ?? "")?.[1];
  const machine = kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
  return Math.min(machine, ...groupRooms(readText));
}

/** Resident bytes of a process; undefined where the system does not say cheaply (no /proc) or it is gone. */
export function residentBytes(pid: number, readText: ReadText = readFile): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/status`) ?? "")?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

interface GroupFiles {
  readonly limit: string;
  readonly usage: string;
  /** Page cache that is dropped under pressure, so it is counted as room. */
  readonly reclaimable: RegExp;
}

const V2: GroupFiles = { limit: "memory.max", usage: "memory.current", reclaimable: /^inactive_file (\d+)$/m };
const V1: GroupFiles = {
  limit: "memory.limit_in_bytes",
  usage: "memory.usage_in_bytes",
  reclaimable: /^total_inactive_file (\d+)$/m,
};

/** Room in this process's control group and in each group above it that sets a limit. */
function groupRooms(readText: ReadText): readonly number[] {
  const membership = readText("/proc/self/cgroup") ?? "";
  const v2 = /^0::(\/.*)$/m.exec(membership)?.[1];
  const v1 = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m.exec(membership)?.[1];
  return [
    ...(v2 === undefined ? [] : roomsUpwards(CGROUP_ROOT, v2, V2, readText)),
    ...(v1 === undefined ? [] : roomsUpwards(`${CGROUP_ROOT}/memory`, v1, V1, readText)),
  ];
}

function roomsUpwards(mount: string, group: string, files: GroupFiles, readText: ReadText): readonly number[] {
  const rooms: number[] = [];
  for (let path = group; ; path = dirname(path)) {
    const base = path === "/" ? mount : `${mount}${path}`;
    const limit = Number(readText(`${base}/${files.limit}`)?.trim());
    const usage = Number(readText(`${base}/${files.usage}`)?.trim());
    // "max" and a missing file are NaN: no limit here.
    if (Number.isFinite(limit) && Number.isFinite(usage)) {
      const reclaimable = Number(files.reclaimable.exec(readText(`${base}/memory.stat`) ?? "")?.[1] ?? 0);
      rooms.push(Math.max(0, limit - usage + reclaimable));
    }
    if (path === "/" || path === ".") return rooms;
  }
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
