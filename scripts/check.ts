/**
 * `bun run check`: format, lint, types, unused code, architecture and unit tests. Prints one line
 * for a step that passes and the whole output of one that does not.
 */
import { root, run, tool } from "./lib/run.ts";

const steps: Record<string, string[]> = {
  format: tool("oxfmt", "--check"),
  lint: tool("oxlint", "--type-aware"),
  types: tool("tsc", "--project", ".", "--incremental", "--tsBuildInfoFile", `${root}/node_modules/.cache/types`),
  unused: tool("knip", "--no-progress", "--cache"),
  tests: [
    process.execPath,
    "test",
    // One process alone is still at it when the other steps are done. A busy machine needs patience.
    "--parallel=2",
    "--no-isolate",
    "--timeout=30000",
    "./src",
    "./test/architecture.test.ts",
    "./test/requirements.test.ts",
    "./test/tooling",
  ],
};

/**
 * All of them are short. The linter and the compiler are Go programs: without collecting they take a third less time. bun's
 * last compiler takes a tenth of the tests' time, and they are over before that pays (1.4.5).
 */
const env = { GOGC: "off", GOMEMLIMIT: "2GiB", BUN_JSC_useFTLJIT: "0" };

const startedAt = performance.now();
const wanted = process.argv.slice(2);
const results = await Promise.all(
  Object.entries(steps)
    .filter(([name]) => wanted.length === 0 || wanted.includes(name))
    .map(async ([name, command]) => ({ name, ...(await run(command, { env })) })),
);

for (const { name, code, output } of results)
  if (code !== 0) console.log(`\n──── ${name} ────\n${name === "tests" ? failuresOf(output) : output.trim()}\n`);
for (const { name, code, ms } of results) console.log(`${code === 0 ? "✓" : "✗"} ${name.padEnd(8)} ${seconds(ms)}`);
console.log(`${"  total".padEnd(10)} ${seconds(performance.now() - startedAt)}`);
process.exit(results.every(({ code }) => code === 0) ? 0 : 1);

/** bun prints every file and passing test; what failed, and what it printed before it did, is enough. */
function failuresOf(output: string): string {
  const lines = output.split("\n").filter((line) => !/^\((pass|skip|todo)\)/.test(line));
  return lines
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .replaceAll(/^\S+\.test\.ts:\s+(?=\S+\.test\.ts:\s|\d+ (?:tests? failed|pass))/gm, "")
    .trim();
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(5)} s`;
}
