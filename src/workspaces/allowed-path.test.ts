import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve, sep } from "node:path";

import fc from "fast-check";

import { toGatewayError } from "#core/errors.ts";

import { openAllowedPath } from "./allowed-path.ts";

let top: string;
let allowed: string;

beforeAll(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), "ccproxy-paths-")));
  allowed = join(top, "allowed");
  for (const path of ["allowed/a/b", "allowedtoo/a", "outside/a/b", "links"])
    mkdirSync(join(top, path), { recursive: true });
  writeFileSync(join(allowed, "file"), "");
  const link = (path: string, target: string) => symlinkSync(target, join(top, path));
  link("allowed/in", "a/b");
  link("allowed/out", "../outside");
  link("allowed/a/up", "..");
  link("allowed/a/b/far", "../../../outside/a");
  link("allowed/gone", "../outside/not-there");
  link("allowed/loop", "loop");
  link("links/back", allowed);
  link("root", "allowed");
});
afterAll(() => rmSync(top, { recursive: true }));

async function outcomeOf(path: string, roots: readonly string[] = [allowed]): Promise<string> {
  try {
    return (await openAllowedPath(path, roots)).path;
  } catch (thrown) {
    const { kind, explanation } = toGatewayError(thrown);
    return `${kind}: ${explanation}`;
  }
}

const refused = expect.stringMatching(/^permission: .*allow_paths/);
const missing = "not-found: There is no such directory. Create it, or name another.";

describe("a path below an allowed root", () => {
  test.each([
    ["allowed", "allowed"],
    ["allowed/a", "allowed/a"],
    ["allowed/a/", "allowed/a"],
    ["allowed//a/./b///", "allowed/a/b"],
    ["allowed/a/../a/b", "allowed/a/b"],
    ["outside/../allowed/a", "allowed/a"],
    ["allowed/in", "allowed/a/b"],
    ["allowed/a/up/a/up", "allowed"],
    ["links/back/a", "allowed/a"],
  ])("%s is opened as %s", async (path, real) => {
    expect(await outcomeOf(`${top}/${path}`)).toBe(join(top, real));
  });

  test("is said to be missing where it is, and where it is no directory", async () => {
    for (const path of ["none", "none/", "a/none/of/it", "file", "a/../none", "out/../none"])
      expect(await outcomeOf(`${allowed}/${path}`)).toBe(missing);
  });

  test("may be below any root, one that is a link too, and roots that are missing do no harm", async () => {
    expect(await outcomeOf(join(allowed, "a"), ["/nowhere", join(top, "root")])).toBe(join(allowed, "a"));
    expect(await outcomeOf(join(allowed, "a"), ["/"])).toBe(join(allowed, "a"));
  });

  test("is told from another directory that takes its place", async () => {
    const path = join(allowed, "swapped");
    mkdirSync(path);
    const before = await openAllowedPath(path, [allowed]);
    mkdirSync(`${path}-2`);
    rmSync(path, { recursive: true });
    symlinkSync(`${path}-2`, path);
    expect((await openAllowedPath(path, [allowed])).identity).not.toBe(before.identity);
  });
});

describe("any other path", () => {
  test.each([
    ["beside the root", "outside"],
    ["that begins like the root", "allowedtoo/a"],
    ["in other letters", "ALLOWED/a"],
    ["above it", "."],
    ["out by dots", "allowed/../outside"],
    ["out by a link", "allowed/out"],
    ["out by a link far below", "allowed/a/b/far"],
    ["out by a link whose target is missing", "allowed/gone"],
    ["below such a link", "allowed/gone/a"],
    ["out by a link to something missing", "allowed/out/none"],
    ["around in a circle", "allowed/loop"],
    ["missing outside", "outside/none"],
    ["below a file", "allowed/file/a"],
    ["cut by a zero byte", "allowed/a\0/../../outside"],
    ["far too long", `allowed/${"x/".repeat(5000)}`],
  ])("%s is refused in one and the same way", async (_what, path) => {
    expect(await outcomeOf(`${top}/${path}`)).toEqual(refused);
  });

  test("is refused where no root is allowed", async () => {
    expect(await outcomeOf(allowed, [])).toEqual(refused);
  });
});

test("whatever is opened is a real directory below the root, and what is one is opened", async () => {
  const segment = fc.constantFrom(
    "a",
    "b",
    "in",
    "out",
    "up",
    "far",
    "gone",
    "loop",
    "file",
    "none",
    "..",
    ".",
    "",
    "A",
  );
  const start = fc.constantFrom("allowed", "outside", "links/back", "root", "allowedtoo", "");
  const answers = new Set<string>();
  await fc.assert(
    fc.asyncProperty(start, fc.array(segment, { maxLength: 6 }), async (from, segments) => {
      const path = [top, from, ...segments].join("/");
      const outcome = await outcomeOf(path);
      const real = realOf(path);
      const isInside = real !== undefined && (real === allowed || real.startsWith(allowed + sep));
      if (isInside && statSync(real).isDirectory()) return expect(outcome).toBe(real);
      answers.add(outcome);
      expect(outcome).not.toStartWith("/");
      // Nothing that is there, but elsewhere, is told from what is not there at all.
      if (real !== undefined && !isInside) expect(outcome).toEqual(refused);
    }),
    { numRuns: 1500 },
  );
  expect(answers.size).toBeLessThanOrEqual(2);
});

function realOf(path: string): string | undefined {
  try {
    return realpathSync(resolve(path));
  } catch {
    return undefined;
  }
}
