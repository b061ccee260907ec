/** The real Codex CLI as a client of a proxy: its home, its state and where it works lie in a temporary directory. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { installedCodex } from "../../../scripts/lib/codex-binary.ts";
import { root } from "../../../scripts/lib/run.ts";
import { childrenOf } from "./children.ts";
import type { Proxy } from "./proxy.ts";

export const codexProgram = installedCodex();

/** One line of `codex exec --json`. */
export interface CodexEvent {
  readonly type: string;
  readonly thread_id?: string;
  readonly message?: string;
  readonly error?: { readonly message: string };
  readonly item?: CodexItem;
}

export interface CodexItem {
  readonly type: string;
  readonly text?: string;
  readonly message?: string;
  readonly command?: string;
  readonly aggregated_output?: string;
  readonly exit_code?: number | null;
  readonly changes?: readonly { readonly path: string; readonly kind: string }[];
}

export interface CodexRun {
  readonly code: number;
  readonly thread: string;
  readonly events: readonly CodexEvent[];
  /** Of the items that were completed, in their order; Codex's own warnings are left out. */
  readonly items: readonly CodexItem[];
  /** What the agent said, the last alone. */
  readonly answer: string | undefined;
  /** Why the turn failed. */
  readonly failure: string | undefined;
  readonly stderr: string;
}

export interface CodexOptions {
  readonly args?: readonly string[];
  /** The thread to go on with. */
  readonly resume?: string;
  /** As a model that Codex knows, and has other tools for. */
  readonly model?: string;
  /** Its own provider, which tries WebSocket first, in place of the one that is configured. */
  readonly builtIn?: boolean;
  /** Interrupted when this settles, as by Ctrl-C. */
  readonly until?: Promise<unknown>;
}

export interface Codex {
  /** Where it works. */
  readonly directory: string;
  run(prompt: string, options?: CodexOptions): Promise<CodexRun>;
  /** Any command line, in a shell that finds `codex`. */
  shell(commandLine: string): Promise<{ readonly code: number; readonly stdout: string }>;
  /** Process ids of what it has left running. */
  left(): readonly number[];
}

interface Home {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly program: string;
}

/** Whether it can keep what the model runs to the directory it works in. */
export async function sandboxWorks(): Promise<boolean> {
  if (codexProgram === undefined) return false;
  return (
    (await Bun.spawn([codexProgram, "sandbox", "--", "/bin/true"], { stdout: "ignore", stderr: "ignore" }).exited) === 0
  );
}

/** `config` is its config.toml; a sandbox that does not work here is left out. */
export function createCodex(proxy: Proxy, config: string, sandboxed: boolean, program = codexProgram): Codex {
  if (program === undefined) throw new Error("There is no codex for this system.");
  const home = join(proxy.home, "codex");
  const directory = join(home, "work");
  mkdirSync(directory, { recursive: true });
  mkdirSync(join(home, ".codex"), { recursive: true });
  writeFileSync(join(home, ".codex/config.toml"), config);
  const env = {
    PATH: `${join(program, "..")}:${process.env["PATH"] ?? ""}`,
    HOME: home,
    CODEX_HOME: join(home, ".codex"),
    TMPDIR: home,
    // Whatever it would ask its vendor finds nobody.
    HTTPS_PROXY: "http://127.0.0.1:9",
  };
  const where: Home = { directory, env, program };
  return {
    directory,
    run: (prompt, options = {}) => runCodex(where, prompt, options, { url: proxy.url, sandboxed }),
    async shell(commandLine) {
      const child = Bun.spawn(["/bin/sh", "-c", commandLine], {
        cwd: directory,
        env,
        stdin: "ignore",
        stdout: "pipe",
        stderr: "ignore",
      });
      const stdout = await new Response(child.stdout).text();
      return { code: await child.exited, stdout };
    },
    left: () => childrenOf(`CODEX_HOME=${home}`, proxy.pid),
  };
}

/** Neither `/tmp` nor TMPDIR, where these tests live, is free to be written to. */
const confined = [
  'sandbox_mode="workspace-write"',
  "sandbox_workspace_write.exclude_slash_tmp=true",
  "sandbox_workspace_write.exclude_tmpdir_env_var=true",
];

async function runCodex(
  { directory, env, program }: Home,
  prompt: string,
  { args = [], resume, model, builtIn = false, until }: CodexOptions,
  { url, sandboxed }: { readonly url: string; readonly sandboxed: boolean },
): Promise<CodexRun> {
  const settings = [
    ...(sandboxed ? confined : ['sandbox_mode="danger-full-access"']),
    "check_for_update_on_startup=false",
    ...(builtIn ? ['model_provider="openai"', `openai_base_url="${url}/v1"`] : []),
  ].flatMap((setting) => ["-c", setting]);
  const child = Bun.spawn(
    [
      program,
      "exec",
      ...(resume === undefined ? [] : ["resume", resume]),
      "--json",
      "--skip-git-repo-check",
      ...settings,
      ...(model === undefined ? [] : ["-m", model]),
      ...args,
      "-",
    ],
    {
      cwd: directory,
      env: { ...env, ...(builtIn && { CODEX_API_KEY: "any" }) },
      stdin: new Blob([prompt]),
      stdout: "pipe",
      stderr: "pipe",
      timeout: 50_000,
      killSignal: "SIGKILL",
    },
  );
  const interrupt = () => child.kill("SIGINT");
  void until?.then(interrupt, interrupt);
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stderr, ...readEvents(stdout) };
}

function readEvents(stdout: string): Omit<CodexRun, "code" | "stderr"> {
  const events = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as CodexEvent); // As `codex exec --json` documents it.
  const items = events
    .flatMap(({ type, item }) => (type === "item.completed" && item !== undefined ? [item] : []))
    .filter(({ type }) => type !== "error");
  return {
    thread: events.find(({ type }) => type === "thread.started")?.thread_id ?? "",
    events,
    items,
    answer: items.findLast(({ type }) => type === "agent_message")?.text,
    failure: events.find(({ type }) => type === "turn.failed")?.error?.message,
  };
}

/** What docs/clients.md has to paste for Codex: the first block of that language, pointed at this proxy. */
export async function documented(language: "toml" | "sh", { url }: Proxy): Promise<string> {
  const text = await Bun.file(join(root, "docs/clients.md")).text();
  const section = /^## Codex[^]*?(?=^## )/m.exec(text)?.[0] ?? "";
  const block = new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "m").exec(section)?.[1];
  if (block === undefined) throw new Error(`docs/clients.md has no ${language} for Codex.`);
  return block.replaceAll("http://127.0.0.1:8000", url);
}
