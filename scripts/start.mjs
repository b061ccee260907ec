/**
 * `npm start`: installs, builds and serves, on a machine with only Node (or only bun). Arguments go
 * to `ccproxy serve`: `npm start -- --port 9000`.
 */
import {
  build,
  createProgress,
  exitWith,
  findBun,
  install,
  root,
  run,
  runInForeground,
  userEnvironment,
} from "./lib/bootstrap.mjs";

async function main() {
  const given = process.argv.slice(2);
  const step = createProgress(4);
  const { path: bun } = await step("bun, the pinned version", findBun);
  await step("packages, exactly those of bun.lock", () => install(bun));
  const { binary } = await step("dist/ccproxy, one executable", () => build(bun));
  const { args } = await step("which claude, and is it logged in", () => planServe(bun, given));
  console.log("");
  return runInForeground(binary, ["serve", ...args], userEnvironment());
}

/** Whose CLI and login to serve with; see serve-plan.ts. */
async function planServe(bun, given) {
  const { code, stdout, all } = await run(bun, [`${root}/scripts/serve-plan.ts`, ...given], userEnvironment());
  if (code !== 0) throw new Error(all);
  return JSON.parse(stdout);
}

exitWith(main());
