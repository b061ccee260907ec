/**
 * Every check and every end-to-end suite, with a table at the end that also says what this machine could
 * not test. Arguments choose suites by parts of their names. Two run at once, and one that waits for clocks beside them,
 * but for those that measure memory or end what others would miss.
 */
import { Glob } from "bun";

import { absentHelpers } from "./lib/absent.ts";
import { root, run } from "./lib/run.ts";

interface Suite {
  readonly name: string;
  readonly command: readonly string[];
}

interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  /** As in `12 pass, 1 skip`. */
  readonly counts: string;
  readonly ms: number;
  /** What the suite itself said it could not test: its lines that begin with `ABSENT `. */
  readonly absent: readonly string[];
}

/** A suite that hangs is ended, with everything it printed shown. */
const longestSuiteMs = (process.env["CCPROXY_TEST_LONG"] === "1" ? 40 : 8) * 60_000;
const wholeBudgetMs = 18 * 60_000;
const lanes = 2;
/** They look at memory, at every process there is, or keep both cores busy by themselves. */
const alone: ReadonlySet<string> = new Set([
  "check",
  "e2e/disconnects",
  "e2e/floods",
  "e2e/many-sessions",
  "e2e/ownership",
]);

/** They wait for clocks: half a minute of silence, a second before a kill, another try. */
const idle: ReadonlySet<string> = new Set([
  "e2e/faults",
  "e2e/providers/credentials",
  "e2e/providers/faults",
  "e2e/sockets",
  "e2e/store-crash",
  "e2e/unruly-children",
]);

async function main(wanted: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const suites = (await findSuites()).filter(
    ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
  );
  const { alone: single = [], waits = [], works = [] } = Object.groupBy(suites, kindOf);
  console.log(`\n${suites.length} suites; a line for each when it is over`);
  let over = 0;
  const report = ({ name, passed, counts, ms }: Outcome): void => {
    over += 1;
    const verdict = `${passed ? "ok" : "FAILED"} ${counts} (${(ms / 1000).toFixed(1)} s)`;
    console.log(`[${over}/${suites.length}] ${name}: ${verdict}`);
  };
  const outcomes = [
    ...(await runAll(single, 1, report)),
    ...(await Promise.all([runAll(works, lanes, report), runAll(waits, 1, report)])).flat(),
  ];
  printTable(outcomes, performance.now() - startedAt);
  printAbsent(outcomes);
  return outcomes.length > 0 && outcomes.every(({ passed }) => passed) ? 0 : 1;
}

function kindOf({ name }: Suite): "alone" | "waits" | "works" {
  if (alone.has(name)) return "alone";
  return idle.has(name) ? "waits" : "works";
}

async function runAll(
  suites: readonly Suite[],
  width: number,
  report: (outcome: Outcome) => void,
): Promise<readonly Outcome[]> {
  const waiting = [...suites];
  const outcomes: Outcome[] = [];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const outcome = await runSuite(next);
      report(outcome);
      outcomes.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return outcomes;
}

async function findSuites(): Promise<readonly Suite[]> {
  const files = await Array.fromAsync(new Glob("e2e/**/*.test.ts").scan(`${root}/test`));
  return [
    { name: "check", command: [process.execPath, "scripts/check.ts"] },
    ...files.toSorted().map((file) => ({
      name: file.replace(/\.test\.ts$/, ""),
      command: [process.execPath, "test", `./test/${file}`],
    })),
  ];
}

async function runSuite({ name, command }: Suite): Promise<Outcome> {
  const { code, output, ms } = await run(command, { timeoutMs: longestSuiteMs });
  const counts = ["pass", "fail", "skip", "todo"]
    .map((word) => ({ word, count: Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(output)?.[1] ?? 0) }))
    .filter(({ count }) => count > 0)
    .map(({ word, count }) => `${count} ${word}`)
    .join(", ");
  const absent = [...output.matchAll(/^ABSENT (.+)$/gm)].map(([, what = ""]) => what);
  if (code !== 0) console.log(output);
  if (code !== 0 && ms >= longestSuiteMs) console.log(`${name} was ended after ${minutes(ms)}.`);
  return { name, passed: code === 0, counts, ms, absent };
}

function printTable(outcomes: readonly Outcome[], totalMs: number): void {
  const width = Math.max(...outcomes.map(({ name }) => name.length), 5);
  console.log("\n──── Summary ────");
  for (const { name, passed, counts, ms } of outcomes)
    console.log(`${passed ? "✓" : "✗"} ${name.padEnd(width)} ${(ms / 1000).toFixed(1).padStart(7)} s  ${counts}`);
  console.log(`  ${"total".padEnd(width)} ${(totalMs / 1000).toFixed(1).padStart(7)} s`);
  if (totalMs > wholeBudgetMs) console.log(`  longer than the ${minutes(wholeBudgetMs)} it may take`);
}

function printAbsent(outcomes: readonly Outcome[]): void {
  const lines = new Set([...absentHelpers(), ...outcomes.flatMap(({ absent }) => absent)]);
  if (lines.size === 0) return;
  console.log("\n!!!! NOT TESTED ON THIS MACHINE !!!!");
  for (const line of lines) console.log(`!!!! ${line}`);
}

function minutes(ms: number): string {
  return `${Math.round(ms / 60_000)} minutes`;
}

// Without a handler a signal ends this process alone, and what it runs goes on.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));
process.exit(await main(process.argv.slice(2)));
