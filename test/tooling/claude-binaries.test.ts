import { afterAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";

import manifest from "../../package.json" with { type: "json" };
import { installedClaudes, pinned } from "../../scripts/lib/claude-binaries.ts";

const scratch = await mkdtemp(`${tmpdir()}/claude-binaries-`);
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function plant(modules: string, folder: string, version: string, program: string): Promise<string> {
  await mkdir(`${modules}/${folder}`, { recursive: true });
  await Bun.write(`${modules}/${folder}/package.json`, JSON.stringify({ version }));
  await Bun.write(`${modules}/${folder}/${program}`, "");
  return `${modules}/${folder}/${program}`;
}

test("the tested versions are those that package.json pins", () => {
  const dependencies: Readonly<Record<string, string>> = manifest.devDependencies;
  const versions = pinned.map(({ folder }) => dependencies[folder]?.replace(/^npm:.*@/, ""));
  expect(versions).toEqual(pinned.map(({ version }) => version));
});

describe("the pinned claude programs", () => {
  test("are found nested and hoisted, whichever version was hoisted", async () => {
    const native = "@anthropic-ai/claude-code-linux-arm64-musl";
    const system = { platform: "linux", arch: "arm64", musl: true };
    for (const [hoisted, nested, folder] of [
      ["2.1.329", "2.1.197", "claude-code-2.1.197"],
      ["2.1.197", "2.1.329", "@anthropic-ai/claude-code"],
    ] as const) {
      const modules = `${scratch}/${hoisted}`;
      const paths = {
        [hoisted]: await plant(modules, native, hoisted, "claude"),
        [nested]: await plant(modules, `${folder}/node_modules/${native}`, nested, "claude"),
      };
      expect(installedClaudes(modules, system)).toEqual([
        { version: "2.1.329", path: paths["2.1.329"] ?? "" },
        { version: "2.1.197", path: paths["2.1.197"] ?? "" },
      ]);
    }
  });

  test("are .exe files on Windows", async () => {
    const modules = `${scratch}/windows`;
    const path = await plant(modules, "@anthropic-ai/claude-code-win32-x64", "2.1.329", "claude.exe");
    expect(installedClaudes(modules, { platform: "win32", arch: "x64", musl: false })).toEqual([
      { version: "2.1.329", path },
    ]);
  });

  test("are not invented where none is installed", () => {
    expect(installedClaudes(`${scratch}/empty`, { platform: "linux", arch: "x64", musl: false })).toEqual([]);
  });
});
