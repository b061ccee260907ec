/**
 * The `claude` programs of the development dependencies. The packages' own `claude` command is a
 * Node wrapper that a skipped install script leaves unfinished; the native program lies in an
 * optional package per system, hoisted or nested beside it.
 */
import { existsSync, readFileSync } from "node:fs";

import { testedVersions } from "#backends/claude-cli/tested-versions.ts";

import { root } from "./run.ts";

export interface ClaudeBinary {
  readonly version: string;
  readonly path: string;
}

export interface System {
  readonly platform: string;
  readonly arch: string;
  readonly musl: boolean;
}

/** Newest first, as package.json pins them. `folder` is the package's name in node_modules. */
export const pinned = testedVersions.map((version, index) => ({
  version,
  folder: index === 0 ? "@anthropic-ai/claude-code" : `claude-code-${version}`,
}));

/** The pinned versions that are installed for a system, newest first. */
export function installedClaudes(modules = `${root}/node_modules`, system = thisSystem()): readonly ClaudeBinary[] {
  const name = nativePackage(system);
  const program = system.platform === "win32" ? "claude.exe" : "claude";
  return pinned.flatMap(({ folder, version }) => {
    // Both versions share the native package's name, so the hoisted one may be either.
    const places = [`${modules}/${folder}/node_modules/${name}`, `${modules}/${name}`];
    const place = places.find((candidate) => versionOf(candidate) === version && existsSync(`${candidate}/${program}`));
    return place === undefined ? [] : [{ version, path: `${place}/${program}` }];
  });
}

/** The newest pinned `claude`. Throws with what to do when there is none. */
export function newestClaude(): ClaudeBinary {
  const [newest] = installedClaudes();
  if (newest === undefined)
    throw new Error("No pinned claude is installed for this system: run `bun install --frozen-lockfile`.");
  return newest;
}

function nativePackage({ platform, arch, musl }: System): string {
  return `@anthropic-ai/claude-code-${platform}-${arch}${musl ? "-musl" : ""}`;
}

function thisSystem(): System {
  const loader = `/lib/ld-musl-${process.arch === "x64" ? "x86_64" : "aarch64"}.so.1`;
  return {
    platform: process.platform,
    arch: process.arch,
    musl: process.platform === "linux" && existsSync(loader) && !existsSync("/etc/debian_version"),
  };
}

function versionOf(folder: string): string | undefined {
  const file = `${folder}/package.json`;
  if (!existsSync(file)) return undefined;
  const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : undefined;
}
