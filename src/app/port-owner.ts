/** Which process listens on a port, as far as the system tells an ordinary user. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

import { runProgram } from "./run-program.ts";

const listening = "0A";

/** `python3 (pid 4711)`; undefined when it cannot be known, as for another user's process. */
export async function findPortOwner(port: number): Promise<string | undefined> {
  if (process.platform === "linux") return ownerFromProc(port);
  return process.platform === "darwin" ? await ownerFromLsof(port) : undefined;
}

async function ownerFromLsof(port: number): Promise<string | undefined> {
  const args = ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"];
  try {
    const { stdout } = await runProgram({ command: "/usr/sbin/lsof", args, cwd: "/", env: {}, timeoutMs: 3000 });
    return parseLsof(stdout);
  } catch {
    return undefined;
  }
}

/** `-F` prints one field a line behind its letter: `p4711`, then `cpython3` (lsof(8)). */
export function parseLsof(output: string): string | undefined {
  const [, pid, name] = /^p(\d+)\nc(.+)$/m.exec(output) ?? [];
  return pid === undefined ? undefined : `${name} (pid ${pid})`;
}

function ownerFromProc(port: number): string | undefined {
  const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(read(table), port)));
  if (inodes.size === 0) return undefined;
  const links = new Set([...inodes].map((inode) => `socket:[${inode}]`));
  const pid = list("/proc").find((entry) => /^\d+$/.test(entry) && holdsAny(entry, links));
  if (pid === undefined) return undefined;
  const name = read(`/proc/${pid}/comm`).trim();
  return `${name === "" ? "a process" : name} (pid ${pid})`;
}

/** Columns of /proc/net/tcp: slot, local address, remote address, state, …, inode in the tenth (proc(5)). */
function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table.split("\n").flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const [, local = "", , state] = columns;
    const inode = columns[9];
    return state === listening && local.endsWith(suffix) && inode !== undefined && inode !== "0" ? [inode] : [];
  });
}

function holdsAny(pid: string, links: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  return list(folder).some((descriptor) => {
    try {
      return links.has(readlinkSync(`${folder}/${descriptor}`));
    } catch {
      return false;
    }
  });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
