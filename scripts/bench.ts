/**
 * `bun run bench`: the built binary and the real CLI against the demo upstream, interleaved, as a table
 * and as bench/results.json. `--rounds N` for more or fewer samples, `--newest` for the newest CLI only,
 * `--part start|first-word|turns|tools|relay|codex` for one part, which is only printed.
 */
import { freemem } from "node:os";
import { parseArgs } from "node:util";

import type { Mode } from "#core/backend.ts";

import { type CodexBench, measureCodex } from "./bench/codex.ts";
import { type Bench, measureFirstWord } from "./bench/first-word.ts";
import { manyStreams, measureFootprint } from "./bench/footprint.ts";
import { measureOverhead } from "./bench/overhead.ts";
import { createPrograms, freePort, type Programs } from "./bench/programs.ts";
import { measureRelay, relayedStreams } from "./bench/relay.ts";
import {
  currentLoad,
  describeMachine,
  type Goal,
  isMet,
  type Measure,
  renderReport,
  type Report,
} from "./bench/report.ts";
import { round, type Spread } from "./bench/stats.ts";
import { measureToolResults } from "./bench/tool-results.ts";
import { installedClaudes } from "./lib/claude-binaries.ts";
import { installedCodex } from "./lib/codex-binary.ts";
import { root, run } from "./lib/run.ts";
import { hostFile } from "./lib/targets.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "6" },
    newest: { type: "boolean", default: false },
    part: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const wants = (part: "start" | "first-word" | "turns" | "tools" | "relay" | "codex"): boolean =>
  values.part === undefined || values.part === part;
const binary = `${root}/dist/${hostFile}`;

async function measure(programs: Programs): Promise<Report> {
  const measuredAt = new Date().toISOString();
  const loadBefore = currentLoad();
  const claudes = installedClaudes().slice(0, values.newest ? 1 : undefined);
  const upstream = await startUpstream(programs);
  const measures: Measure[] = [];
  const goals: Goal[] = [];
  for (const [index, claude] of claudes.entries()) {
    const bench: Bench = { programs, binary, upstream, claude };
    const found: Findings = { measures, goals };
    if (index === 0 && wants("start")) await addFootprint(bench, found);
    for (const mode of ["chat", "agent"] as const) if (wants("first-word")) await addFirstWord(bench, mode, found);
    for (const mode of ["chat", "agent"] as const) if (wants("turns")) await addTurns(bench, mode, found);
    for (const mode of ["chat", "agent"] as const) if (wants("tools")) await addToolResults(bench, mode, measures);
  }
  if (wants("relay")) await addRelay(programs, { measures, goals });
  const [newest] = claudes;
  if (wants("codex") && newest !== undefined)
    await addCodex({ programs, binary, upstream, claude: newest.path }, measures);
  const versions = { ccproxy: await versionOf([binary, "--version"]), bun: Bun.version };
  return {
    measuredAt,
    machine: describeMachine(),
    load: [loadBefore, currentLoad()],
    versions: { ...versions, claude: claudes.map(({ version }) => version).join(" and ") },
    measures,
    goals,
  };
}

interface Findings {
  readonly measures: Measure[];
  readonly goals: Goal[];
}

async function addFootprint(bench: Bench, { measures, goals }: Findings): Promise<void> {
  const found = await step("start and memory", () => measureFootprint(bench, rounds));
  const add = (name: string, unit: Measure["unit"], spread: Spread, target: number): void => {
    measures.push({ name, unit, spread });
    goals.push(atMost(name, spread.median, unit, target));
  };
  add("--version", "ms", found.version, 15);
  add("serve to a ready /health", "ms", found.ready, 80);
  add("resident memory at rest", "MB", found.idleMb, 90);
  add("resident memory of an open stream", "kB", found.perStreamKb, 100);
  measures.push({ name: `resident memory with ${manyStreams} open streams`, unit: "MB", spread: found.loadedMb });
}

async function addFirstWord(bench: Bench, mode: Mode, { measures, goals }: Findings): Promise<void> {
  const name = `${bench.claude.version} ${mode}`;
  const found = await step(`first word, ${name}`, () => measureFirstWord(bench, mode, rounds));
  measures.push(...found.measures);
  console.log(`      ${round(found.hitRate * 100)} % of new conversations found a warm child`);
  goals.push(atLeast(`warm over cold, ${name}`, round(found.warmOverCold), "×", 6));
  goals.push(
    atMost(`second turn of a session beyond the upstream, ${name}`, round(found.sessionBeyondUpstream), "ms", 25),
  );
}

async function addTurns(bench: Bench, mode: Mode, { measures, goals }: Findings): Promise<void> {
  for (const atOnce of [1, atOnceHere()]) {
    const name = `added to a turn, ${bench.claude.version} ${mode}, ${atOnce} at once`;
    const turns = atOnce === 1 ? rounds * 8 : Math.max(3, Math.ceil(rounds / 2));
    const { measures: found, ...added } = await step(name, () => measureOverhead(bench, { mode, atOnce, turns }));
    measures.push(...found);
    for (const [base, { medianMs, p99Ms }] of Object.entries(added))
      console.log(`      ${base}: ${medianMs} ms (median), ${p99Ms} ms (p99)`);
    if (atOnce === 1) goals.push(atMost(name, added.overPlain.medianMs, "ms", 5));
  }
}

async function addToolResults(bench: Bench, mode: Mode, measures: Measure[]): Promise<void> {
  const name = `added to a tool's result, ${bench.claude.version} ${mode}`;
  const { measures: found, addedMs } = await step(name, () => measureToolResults(bench, mode, rounds * 5));
  measures.push(...found);
  console.log(`      ${addedMs} ms (median)`);
}

async function addRelay(programs: Programs, { measures, goals }: Findings): Promise<void> {
  const { measures: found, ...said } = await step("relay", () => measureRelay({ programs, binary, rounds }));
  measures.push(...found);
  goals.push(
    ...(["at-once", "in-20-ms"] as const).flatMap((model) => [
      atMost(`relay, answered ${model}, 16 at once, added at the median`, said.added[model].median, "ms", 1),
      atMost(`relay, answered ${model}, 16 at once, added at p99`, said.added[model].p99, "ms", 3),
    ]),
    atLeast("relay, requests a second of a plain proxy's", said.share, "%", 60),
    atMost(`resident memory with ${relayedStreams} relayed streams`, said.streamsMb, "MB", 250),
  );
}

async function addCodex(bench: Omit<CodexBench, "codex">, measures: Measure[]): Promise<void> {
  const codex = installedCodex();
  if (codex === undefined) return console.log("codex is not installed for this system: it is not measured");
  for (const mode of ["chat", "agent"] as const) {
    const found = await step(`codex ${mode}`, () => measureCodex({ ...bench, codex }, mode, rounds));
    measures.push(...found.measures);
    console.log(`      codex exec takes ${round(found.execOverWarm)} times as long as Codex that runs`);
  }
}

function atMost(name: string, value: number, unit: string, target: number): Goal {
  return { name, value, unit, bound: "≤", target };
}

function atLeast(name: string, value: number, unit: string, target: number): Goal {
  return { name, value, unit, bound: "≥", target };
}

/** Three claude a conversation, two by hand and one by the proxy, at about 200 MB each. */
function atOnceHere(): number {
  return Math.max(2, Math.min(16, Math.floor(freemem() / 2 / 6e8)));
}

async function startUpstream(programs: Programs): Promise<string> {
  const port = freePort();
  programs.start([binary, "demo-upstream", "--port", String(port)], { PATH: "", HOME: programs.home("upstream") });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 500; tries += 1) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      return url;
    await Bun.sleep(10);
  }
  throw new Error("the demo upstream did not start");
}

async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  console.log(`${title} …`);
  const result = await work();
  console.log(`      ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  return result;
}

async function versionOf(command: readonly string[]): Promise<string> {
  return (await run(command)).output.trim();
}

async function main(): Promise<number> {
  const built = await run([process.execPath, "scripts/build.ts"]);
  if (built.code !== 0) throw new Error(built.output);
  const programs = await createPrograms();
  const stop = (): void => void programs.endAll().finally(() => process.exit(130));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const report = await measure(programs);
    console.log(`\n${renderReport(report)}`);
    if (values.part === undefined)
      await Bun.write(`${root}/bench/results.json`, `${JSON.stringify(report, null, 2)}\n`);
    return report.goals.every(isMet) ? 0 : 1;
  } finally {
    await programs.endAll();
  }
}

process.exit(await main());
