/** What was measured, against what was promised. */
import { cpus, loadavg, totalmem } from "node:os";

import { round, type Spread } from "./stats.ts";

export interface Measure {
  readonly name: string;
  readonly unit: "ms" | "MB" | "MB/s" | "kB" | "×";
  readonly spread: Spread;
}

export interface Goal {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** `at most` or `at least` this. */
  readonly bound: "≤" | "≥";
  readonly target: number;
}

export interface Report {
  readonly measuredAt: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGb: number };
  /** Load average of one minute, before and after. */
  readonly load: readonly [number, number];
  readonly versions: Readonly<Record<string, string>>;
  readonly measures: readonly Measure[];
  readonly goals: readonly Goal[];
}

export function describeMachine(): Report["machine"] {
  const all = cpus();
  return { cpu: all[0]?.model.trim() ?? "unknown", cores: all.length, memoryGb: round(totalmem() / 1e9, 0) };
}

export function currentLoad(): number {
  return round(loadavg()[0] ?? 0, 2);
}

export function isMet({ value, bound, target }: Goal): boolean {
  return bound === "≤" ? value <= target : value >= target;
}

export function renderReport({ machine, load, versions, measures, goals }: Report): string {
  const width = Math.max(...measures.map(({ name }) => name.length), ...goals.map(({ name }) => name.length));
  const row = ({ name, unit, spread }: Measure): string =>
    `${name.padEnd(width)} ${cell(spread.median)} ${cell(spread.p99)} ${unit.padEnd(4)} ${String(spread.samples).padStart(4)}`;
  const verdict = (goal: Goal): string =>
    `${isMet(goal) ? "pass" : "FAIL"}  ${goal.name.padEnd(width)} ${cell(goal.value)} ${goal.unit}  (goal ${goal.bound} ${goal.target})`;
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB; load ${load.join(" → ")}`,
    Object.entries(versions)
      .map((pair) => pair.join(" "))
      .join(", "),
    "",
    `${"".padEnd(width)} ${"median".padStart(8)} ${"p99".padStart(8)} unit    n`,
    ...measures.map(row),
    "",
    ...goals.map(verdict),
  ].join("\n");
}

function cell(value: number): string {
  return value.toFixed(1).padStart(8);
}
