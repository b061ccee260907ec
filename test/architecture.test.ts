/** The dependency rule, kept by a test; rules.ts holds the table, ARCHITECTURE.md the reasons. */
import { describe, expect, test } from "bun:test";

import { Glob } from "bun";

import { checkSource, isTestCode } from "./architecture/rules.ts";

const root = new URL("..", import.meta.url).pathname;

describe("the source tree", () => {
  test("keeps the dependency rule in every file", async () => {
    let imports = 0;
    const problems: string[] = [];
    for await (const file of new Glob("**/*.ts").scan(`${root}src`)) {
      if (isTestCode(file)) continue;
      const checked = checkSource(file, await Bun.file(`${root}src/${file}`).text());
      imports += checked.imports;
      problems.push(...checked.problems);
    }
    expect(imports).toBeGreaterThan(15);
    expect(problems.toSorted()).toEqual([]);
  });
});

describe("the check", () => {
  const planted: readonly [string, string, string, string][] = [
    ["a folder outside the table", "helpers/x.ts", 'import "./y.ts"', "no entry in the dependency table"],
    ["an import that points up", "core/x.ts", 'import { x } from "#server/x.ts"', "core may not import"],
    ["a type-only import that points up", "lib/x.ts", 'import type { X } from "#core/x.ts"', "lib may not import"],
    ["an inline import type", "lib/x.ts", 'let f = (x: import("#core/x.ts").X) => x', "lib may not import"],
    ["a re-export that points up", "wire/a/x.ts", 'export { x } from "#gateway/x.ts"', "wire may not import"],
    [
      "a lazy import that points up",
      "server/x.ts",
      'await import("#backends/claude-cli/x.ts")',
      "server may not import",
    ],
    ["a lazy import of a computed name", "app/x.ts", "await import(name)", "computed name"],
    ["app seeing commands", "app/x.ts", 'import "#commands/serve.ts"', "app may not import"],
    ["a path that climbs", "core/x.ts", 'import { y } from "../lib/y.ts"', "use #folder/"],
    ["a wire format seeing another", "wire/a/x.ts", 'import { y } from "#wire/b/y.ts"', "wire is islands"],
    ["a backend seeing another", "backends/a/x.ts", 'import { y } from "#backends/b/y.ts"', "backends is islands"],
    ["a vendor package away from home", "gateway/x.ts", 'import { Elysia } from "elysia"', "only server"],
    ["a vendor subpath away from home", "app/x.ts", 'import x from "consola/basic"', "only telemetry, commands"],
    ["a vendor scope away from home", "app/x.ts", 'import x from "@elysiajs/swagger"', "only server"],
    ["a database away from the store", "auth/x.ts", 'import { Database } from "bun:sqlite"', "only store"],
    ["Bun.spawn", "backends/a/x.ts", "const p = Bun.spawn(['x'])", "only process may start"],
    ["Bun.spawn taken apart", "app/x.ts", "const { spawnSync } = Bun", "only process may start"],
    ["spawn imported from bun", "app/x.ts", 'import { $ } from "bun"', "only process may start"],
    ["node:child_process", "app/x.ts", 'import { exec } from "node:child_process"', "only process"],
    ["state at the top of a module", "core/x.ts", "let count = 0", "mutable state"],
    ["exported state at the top of a module", "core/x.ts", "export let count = 0", "mutable state"],
    ["helpers of tests in the product", "server/x.ts", 'import { y } from "./testing/y.ts"', "only tests may import"],
    ["a cast without a reason", "core/x.ts", "const x = JSON.parse(y) as string;", "a cast without a reason"],
    ["a star export", "core/x.ts", 'export * from "./y.ts"', "export *"],
  ];

  test.each(planted)("catches %s", (_title, file, code, problem) => {
    const { problems } = checkSource(file, code);
    expect(problems.join("\n")).toContain(problem);
  });

  const allowed: readonly [string, string, string][] = [
    ["a neighbour", "core/x.ts", 'import { y } from "./y.ts"'],
    ["a lower folder", "server/x.ts", 'import { y } from "#gateway/y.ts"'],
    ["the island itself", "wire/a/deep/x.ts", 'import { y } from "#wire/a/y.ts"'],
    ["a vendor package at home", "server/routes/x.ts", 'import { Elysia, t } from "elysia"'],
    ["app seeing everyone below", "app/x.ts", 'import { y } from "#server/y.ts"'],
    ["Bun.spawn in process", "process/x.ts", "const p = Bun.spawn(['x'])"],
    [
      "a cast with a reason",
      "core/x.ts",
      "// The schema said so.\nconst x = y as string;\nconst z = y as number; // So did this.",
    ],
    ["as const", "core/x.ts", "const x = [1] as const;"],
    ["state inside a function", "core/x.ts", "export function f() { let n = 0; return ++n }"],
  ];

  test.each(allowed)("allows %s", (_title, file, code) => {
    expect(checkSource(file, code).problems).toEqual([]);
  });

  test("counts the imports it saw", () => {
    expect(checkSource("app/x.ts", 'import "./a.ts"; export type { B } from "./b.ts"; import("./c.ts")').imports).toBe(
      3,
    );
  });
});
