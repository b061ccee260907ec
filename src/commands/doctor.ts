import type { Check } from "#app/check.ts";
import { ConfigError } from "#config/config-error.ts";
import type { LoadedConfig } from "#config/load.ts";
import { missingFiles } from "#config/missing-files.ts";
import { openFiles } from "#config/open-files.ts";

import type { Arguments } from "./arguments.ts";
import { type Context, createCommand } from "./command.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";
import { serveFlags } from "./serve-flags.ts";
import type { Style } from "./terminal.ts";

const nameWidth = 11;

export const doctor = createCommand({
  name: "doctor",
  description: "Check that serving would work here, by trying it.",
  flags: {
    json: { type: "boolean", description: "Print JSON." },
    "skip-live": { type: "boolean", description: "Do not ask the model; the question costs a few tokens." },
    host: serveFlags.host,
    port: serveFlags.port,
    cwd: serveFlags.cwd,
    "claude-path": serveFlags["claude-path"],
    demo: serveFlags.demo,
    ...configFlags,
    ...commonFlags,
  },
  examples: ["ccproxy doctor", "ccproxy doctor --json --skip-live"],
  async run(args, context) {
    const { terminal } = context;
    const json = args.isSet("json");
    const checks: Check[] = [];
    for await (const check of allChecks(args, context, !args.isSet("skip-live"))) {
      checks.push(check);
      if (!json) await terminal.print(renderCheck(check, terminal.style));
    }
    const worst = worstOf(checks);
    await terminal.print(
      json ? JSON.stringify({ status: worst, checks }, null, 2) : renderVerdict(checks, terminal.style),
    );
    return worst === "fail" ? 1 : 0;
  },
});

async function* allChecks(
  args: Arguments<"config" | "env-file">,
  context: Context,
  live: boolean,
): AsyncGenerator<Check> {
  const loaded = await loadSettings(args, context).catch((error: unknown) => {
    if (error instanceof ConfigError) return error;
    throw error;
  });
  const config = checkConfig(loaded);
  yield config;
  if (loaded instanceof ConfigError || config.status === "fail") return;
  const { runDoctor } = await import("#app/doctor.ts");
  const { environment } = loaded;
  yield* runDoctor({ config: loaded.config, cwd: context.cwd, environment, live });
}

function checkConfig(loaded: LoadedConfig | ConfigError): Check {
  const name = "config";
  const problems = loaded instanceof ConfigError ? loaded.problems : missingFiles(loaded);
  if (loaded instanceof ConfigError || problems.length > 0)
    return { name, status: "fail", detail: problems.join("; "), action: "correct it; the rest is checked then" };
  const { files, userFile } = loaded;
  const open = openFiles(loaded);
  if (open.length > 0) {
    const detail = `${open.join(", ")}: there are secrets in it, and others can read it`;
    return { name, status: "warn", detail, action: `chmod 600 ${open.join(" ")}` };
  }
  return {
    name,
    status: "pass",
    detail: files.length === 0 ? `no file (yours would be ${userFile})` : files.join(", "),
  };
}

function worstOf(checks: readonly Check[]): Check["status"] {
  const statuses = new Set(checks.map(({ status }) => status));
  if (statuses.has("fail")) return "fail";
  return statuses.has("warn") ? "warn" : "pass";
}

function renderCheck({ name, status, detail, action }: Check, style: Style): string {
  const mark = { pass: style.green("pass"), warn: style.yellow("warn"), fail: style.red("fail") }[status];
  const line = `${mark}  ${name.padEnd(nameWidth)}${detail}`;
  return action === undefined ? line : `${line}\n      ${" ".repeat(nameWidth)}${style.dim("→")} ${action}`;
}

function renderVerdict(checks: readonly Check[], { bold }: Style): string {
  const count = (wanted: Check["status"]) => checks.filter(({ status }) => status === wanted).length;
  const verdict = { pass: "all is well", warn: "it will work", fail: "it will not work yet" }[worstOf(checks)];
  return `\n${bold(verdict)}: ${count("pass")} passed, ${count("warn")} warned, ${count("fail")} failed`;
}
