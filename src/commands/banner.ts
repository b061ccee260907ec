import type { App } from "#app/app.ts";
import type { Login } from "#app/claude-facts.ts";

import type { Style } from "./terminal.ts";

interface Start {
  readonly url: string;
  readonly version: string;
}

/** The first line, as soon as the port answers. */
export function renderStart({ url, version }: Start, { bold, cyan }: Style): string {
  return `${bold("ccproxy")} ${version} listens on ${bold(cyan(url))}`;
}

interface Who extends Pick<App, "url" | "workspace" | "claude" | "codex" | "keyless" | "demo"> {
  /** Undefined when the CLI was not asked or did not say. */
  readonly login: Login | undefined;
  readonly mode: "agent" | "chat";
  readonly hasToken: boolean;
  readonly hasApprovals: boolean;
  /** APIs that answer beside it, by name; the one that answers what nothing is said of comes first where it is one. */
  readonly providers: readonly string[];
  readonly answersFirst: string;
}

/** The rest of the banner: who answers and where, and what to do next. */
export function renderWho(who: Who, { dim, yellow }: Style): string {
  const { url, hasToken, hasApprovals } = who;
  const answers = answersLine(who);
  const isFine = canAnswer(who, answers.fine);
  const key = hasToken ? "with your access token as the key" : "any key will do";
  const rows: readonly (readonly [string, string])[] = [
    ["claude", answers.fine ? answers.text : yellow(answers.text)],
    ...(who.claude.problem === undefined ? [["works", worksLine(who)] as const] : []),
    ...codexRows(who, answers.fine, yellow),
    ...providerRows(who, answers.fine),
    ["docs", `${url}/swagger`],
    ["openai", `base URL ${url}/v1, ${key}`],
    ["anthropic", `base URL ${url}, ${key}`],
    ...(hasApprovals ? [["approvals", approvalsLine(url)] as const] : []),
  ];
  const authorization = hasToken ? " -H 'authorization: Bearer YOUR_TOKEN'" : "";
  const model = who.answersFirst === "claude-cli" ? "default" : "MODEL";
  const body = `{"model":"${model}","stream":true,"messages":[{"role":"user","content":"Hello"}]}`;
  const curl = `curl -N ${url}/v1/chat/completions${authorization} -H 'content-type: application/json' -d '${body}'`;
  return [
    ...rows.map(([name, text]) => `  ${dim(name.padEnd(9))} ${text}`),
    "",
    // Nothing to try before what is wrong has been put right.
    isFine ? `  ${dim("try")}       ${curl}` : `  ${dim("next")}      ccproxy doctor`,
    `  ${dim("stop")}      Ctrl-C`,
  ].join("\n");
}

function worksLine({ mode, workspace }: Who): string {
  return mode === "agent"
    ? `in ${workspace ?? "a directory made for each request"}, with its tools`
    : "as a bare model, without tools";
}

/** Whether what nothing is said of is answered, as far as that is seen. */
function canAnswer({ answersFirst, codex, keyless }: Who, hasClaude: boolean): boolean {
  if (answersFirst === "claude-cli") return hasClaude;
  return answersFirst === "codex-cli" ? codex?.problem === undefined : !keyless.includes(answersFirst);
}

function codexRows(
  { codex, answersFirst }: Who,
  hasClaude: boolean,
  warning: (text: string) => string,
): readonly (readonly [string, string])[] {
  if (codex === undefined) return [];
  if (codex.problem !== undefined) return [["codex", warning(codex.problem)]];
  const instead = hasClaude ? "" : "; ask for codex-cli/MODEL, or set routing.default to codex-cli";
  const more = answersFirst === "codex-cli" ? "; it answers what names nobody" : instead;
  return [["codex", `${codex.path ?? ""}${more}`]];
}

function providerRows(who: Who, hasClaude: boolean): readonly (readonly [string, string])[] {
  const { demo, providers, keyless, answersFirst } = who;
  if (providers.length === 0) return [];
  const names = providers.map((name) => (keyless.includes(name) ? `${name} (no key)` : name));
  const able = providers.find((name) => !keyless.includes(name));
  const instead =
    able === undefined || hasClaude ? "" : `; ask for ${able}/MODEL, or set routing.default to what answers the rest`;
  const first = answersFirst === "claude-cli" ? instead : `; ${answersFirst} answers what names nobody`;
  const real = demo && able !== undefined ? ", no demo: they are asked, and take their price" : "";
  return [["providers", `${names.join(", ")}${real}${first} (\`ccproxy auth status\`)`]];
}

function approvalsLine(url: string): string {
  const handlers = `${url}/permissions/ui, or \`ccproxy permission-handler --url ${url}\``;
  return `${handlers}; while neither is open, what would be asked is denied`;
}

function answersLine({ demo, claude, login }: Who): { readonly text: string; readonly fine: boolean } {
  if (claude.problem !== undefined) return { text: claude.problem, fine: false };
  if (demo)
    return { text: `${claude.path} against the built-in demo upstream: no login, no cost, no real model`, fine: true };
  if (login === undefined) return { text: `${claude.path}; whether it is logged in is not known`, fine: true };
  return login.loggedIn
    ? { text: `${claude.path}, ${login.detail}`, fine: true }
    : { text: `${claude.path}, not logged in; run \`claude\` and /login, or set ANTHROPIC_API_KEY`, fine: false };
}
