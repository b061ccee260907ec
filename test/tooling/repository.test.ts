/** What must hold of the repository as a whole, so that a clone installs and builds anywhere. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import { root, run } from "../../scripts/lib/run.ts";

describe("the packages", () => {
  test("are locked without a URL, so that any registry serves them", async () => {
    const lock = await Bun.file(`${root}/bun.lock`).text();
    expect(lock.length).toBeGreaterThan(1000);
    expect(lock.match(/https?:\/\/[^"]*/g) ?? []).toEqual([]);
  });

  test("have exact versions", async () => {
    const manifest: unknown = await Bun.file(`${root}/package.json`).json();
    const versions = ["dependencies", "devDependencies", "optionalDependencies"].flatMap((key) =>
      entriesOf(manifest, key),
    );
    expect(versions.length).toBeGreaterThan(20);
    expect(
      versions.filter(([, version]) => !/^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)),
    ).toEqual([]);
  });

  test("are run by the bun that package.json names", async () => {
    const manifest: unknown = await Bun.file(`${root}/package.json`).json();
    expect(manifest).toMatchObject({ packageManager: `bun@${Bun.version}`, engines: { bun: Bun.version } });
  });
});

const tracked = await run(["git", "ls-files", "-z"]);

describe.skipIf(tracked.code !== 0)("the files", () => {
  const names = tracked.output.split("\0").filter((name) => name !== "" && existsSync(`${root}/${name}`));

  test("name no folder of one machine and no package registry", async () => {
    const found: string[] = [];
    for (const name of names) {
      const text = await Bun.file(`${root}/${name}`).text();
      for (const { index } of text.matchAll(/(?<![\w.-])\/work\/|registry\.|npmjs\.|npmmirror\.|nexus\./g))
        found.push(
          `${name}: ${text
            .slice(index, index + 100)
            .split("\n", 1)
            .join("")}`,
        );
    }
    expect(names.length).toBeGreaterThan(10);
    expect(found).toEqual([]);
  });

  test("named or linked in the documents are there", async () => {
    const missing: string[] = [];
    let named = 0;
    for (const document of names.filter((name) => name.endsWith(".md"))) {
      const text = await Bun.file(`${root}/${document}`).text();
      const paths = text
        .matchAll(/`((?:src|test|scripts|docs)\/[^`<>*{} ]+)`/g)
        .map(([, path = ""]) => `${root}/${path}`);
      const links = text
        .matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)
        .map(([, link = ""]) => join(root, dirname(document), link));
      for (const path of [...paths, ...links]) {
        named += 1;
        if (!existsSync(path)) missing.push(`${document}: ${path}`);
      }
    }
    expect(named).toBeGreaterThan(20);
    expect(missing).toEqual([]);
  });

  test("contain nothing that was built or installed", () => {
    expect(names.filter((name) => /^(dist|node_modules)\/|\.map$|(^|\/)package-lock\.json$/.test(name))).toEqual([]);
  });

  test("in the root are the known few", () => {
    const documents = names.filter((name) => /^[^/]+\.md$/.test(name));
    const known = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "REVIEW.md"];
    expect(documents.filter((name) => !known.includes(name))).toEqual([]);
  });
});

function entriesOf(manifest: unknown, key: string): [string, string][] {
  const packages = typeof manifest === "object" && manifest !== null ? Object.entries(manifest) : [];
  const found: unknown = packages.find(([name]) => name === key)?.[1];
  return typeof found === "object" && found !== null
    ? Object.entries(found).map(([name, version]) => [name, String(version)])
    : [];
}
