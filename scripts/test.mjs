/**
 * `npm test`: installs, then runs every check and every suite on the built binary, on a machine with
 * only Node (or only bun). `npm test -- chat cancel` runs the end-to-end suites whose names contain these.
 */
import { build, createProgress, exitWith, findBun, install, root, runInForeground } from "./lib/bootstrap.mjs";

async function main() {
  const step = createProgress(3);
  const { path: bun } = await step("bun, the pinned version", findBun);
  await step("packages, exactly those of bun.lock", () => install(bun));
  await step("dist/ccproxy, one executable", () => build(bun));
  return runInForeground(bun, [`${root}/scripts/run-suites.ts`, ...process.argv.slice(2)]);
}

exitWith(main());
