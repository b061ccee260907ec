/** Codex by the proxy beside `codex exec` by itself: the first word of a turn, and the memory it takes. */
import { writeFileSync } from "node:fs";

import type { Mode } from "#core/backend.ts";

import { run } from "../lib/run.ts";
import { benchModel, eachLine } from "./direct-cli.ts";
import { type Programs, residentBytes } from "./programs.ts";
import { type Proxy, startConversation, startProxy, startSession } from "./proxy.ts";
import type { Measure } from "./report.ts";
import { spreadOf } from "./stats.ts";
import { startToolConversation } from "./tool-results.ts";

export interface CodexBench {
  readonly programs: Programs;
  readonly binary: string;
  readonly upstream: string;
  readonly claude: string;
  readonly codex: string;
}

export interface CodexFindings {
  readonly measures: readonly Measure[];
  /** How many times longer `codex exec` takes than the proxy with Codex running. */
  readonly execOverWarm: number;
}

type Kind =
  | `first word, ${"by codex exec" | `${"cold" | "warm" | "next turn" | "second turn of a session" | "tool's result"}, proxy`}`
  | `resident memory, ${"codex exec" | "codex behind the proxy"}`;

export async function measureCodex(bench: CodexBench, mode: Mode, rounds: number): Promise<CodexFindings> {
  const home = homeOf(bench);
  const env = { CCPROXY__CODEX__ENABLED: "true", CCPROXY__CODEX__PATH: bench.codex, CCPROXY__CODEX__HOME: home };
  const samples = new Map<Kind, number[]>();
  const note = (kind: Kind, value: number): void => void samples.set(kind, [...(samples.get(kind) ?? []), value]);

  const steps = [
    async (prompt: string) => {
      const { firstWordMs, residentMb } = await askExec(bench, home, prompt);
      note("first word, by codex exec", firstWordMs);
      note("resident memory, codex exec", residentMb);
    },
    async (prompt: string) => {
      const proxy = await startProxy({ ...bench, flags: ["--pool-size", "0"], env });
      const url = `${proxy.url}/codex`;
      note("first word, cold, proxy", await startConversation(url, mode).ask(prompt));
      const conversation = startConversation(url, mode);
      note("first word, warm, proxy", await conversation.ask(prompt));
      note("first word, next turn, proxy", await conversation.ask(`${prompt} more`));
      const session = startSession(url, mode);
      await session.ask(prompt);
      note("first word, second turn of a session, proxy", await session.ask(`${prompt} more`));
      const called = `[[demo tool look]] [[demo then]] ${prompt}`;
      note("first word, tool's result, proxy", await startToolConversation(url, mode).ask(called));
      note("resident memory, codex behind the proxy", await residentOfCodex(proxy));
      await proxy.end();
    },
  ];
  // One round more than counted: the first pays for caches nobody pays for again.
  for (let round = 0; round <= rounds; round += 1) {
    if (round === 1) samples.clear();
    for (const step of round % 2 === 0 ? steps : steps.toReversed()) await step(`[[demo say pong]] ${mode} ${round}`);
  }
  const spread = (kind: Kind) => spreadOf(samples.get(kind) ?? []);
  return {
    measures: [...samples.keys()].toSorted().map((kind) => ({
      name: kind.replace(",", `, codex ${mode}:`),
      unit: kind.startsWith("resident") ? "MB" : "ms",
      spread: spread(kind),
    })),
    execOverWarm: spread("first word, by codex exec").median / spread("first word, warm, proxy").median,
  };
}

/** A CODEX_HOME with the demo upstream for its provider, which asks for a key. */
function homeOf({ programs, upstream }: CodexBench): string {
  const home = programs.home("codex");
  const provider = `base_url = "${upstream}/v1"\nwire_api = "responses"\nexperimental_bearer_token = "demo"`;
  writeFileSync(`${home}/config.toml`, `model_provider = "demo"\n[model_providers.demo]\nname = "demo"\n${provider}\n`);
  return home;
}

/** A process for one question. It tells whole items alone, but this answer is a word. */
async function askExec({ programs, codex }: CodexBench, home: string, prompt: string) {
  const env = { PATH: process.env["PATH"] ?? "", HOME: programs.home("home"), CODEX_HOME: home };
  const args = ["exec", "--json", "--ephemeral", "--skip-git-repo-check", "-m", benchModel, "-"];
  const startedAt = performance.now();
  const program = programs.start([codex, ...args], env);
  void program.stdin.write(prompt);
  await program.stdin.end();
  let firstWordMs: number | undefined;
  let said = "";
  await eachLine(program.stdout, (line, at) => {
    said += `${line}\n`;
    if (line.includes('"agent_message"')) firstWordMs ??= at - startedAt;
  });
  await program.exited;
  if (firstWordMs === undefined) throw new Error(`codex exec did not answer:\n${said}`);
  return { firstWordMs, residentMb: (program.resourceUsage()?.maxRSS ?? 0) / 1e6 };
}

/** In MB, of the one process that all conversations share. */
async function residentOfCodex({ program }: Proxy): Promise<number> {
  const rows = (await run(["ps", "-eo", "pid=,ppid=,comm="])).output.split("\n").map((row) => row.trim().split(/\s+/));
  const below = (parent: string): readonly string[] =>
    rows.flatMap(([pid = "", ppid, name = ""]) =>
      ppid === parent ? [...(name.endsWith("codex") ? [pid] : []), ...below(pid)] : [],
    );
  const resident = await Promise.all(below(String(program.pid)).map((pid) => residentBytes(Number(pid))));
  return resident.reduce((sum, bytes) => sum + bytes, 0) / 1e6;
}
