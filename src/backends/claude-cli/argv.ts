import type { Launch } from "./launch.ts";
import type { ClaudeCliOptions } from "./options.ts";
import { TOOL_SERVER } from "./tool-host.ts";

const PROTOCOL = [
  "-p",
  "--input-format",
  "stream-json",
  "--output-format",
  "stream-json",
  "--verbose",
  "--include-partial-messages",
  "--strict-mcp-config",
] as const;

/**
 * Not `--bare`: it never reads an OAuth login. The empty `--system-prompt` takes the place of the agent's own; what
 * the client gives comes later, over stdin. One turn for each question: the conversation in the request body stands
 * before every call to the model, so after a tool call 2.1.x would ask the same question again without an end.
 */
const CHAT = ["--tools=", "--setting-sources=", "--system-prompt=", "--max-turns=1"] as const;

/** With a host to ask, the CLI also offers its tools that talk to a person; whether to allow is all we can be asked. */
const ASKING = [
  "--permission-prompt-tool=stdio",
  "--disallowed-tools=AskUserQuestion,EnterPlanMode,ExitPlanMode",
] as const;

type ArgumentOptions = Pick<
  ClaudeCliOptions,
  "model" | "allowedTools" | "disallowedTools" | "permissionMode" | "approvals" | "maxTurns"
>;

/** All that is fixed at spawn. `--flag=value` throughout: the list flags would eat whatever comes behind a space. */
export function spawnArguments(
  { site, ...persistence }: Pick<Launch, "site" | "kept" | "resumed">,
  options: ArgumentOptions,
): readonly string[] {
  const protocol = [...PROTOCOL, ...persistenceOf(persistence)];
  const model = options.model === undefined ? [] : [`--model=${options.model}`];
  if (site === "chat") return [...protocol, ...CHAT, ...model];
  return [
    ...protocol,
    ...model,
    `--setting-sources=${site.settingSources.join(",")}`,
    `--permission-mode=${options.permissionMode}`,
    ...(options.approvals === true ? ASKING : []),
    // What our own server offers the client runs itself, and may refuse there.
    ...repeated("--allowed-tools", [`mcp__${TOOL_SERVER}`, ...options.allowedTools]),
    ...repeated("--disallowed-tools", options.disallowedTools),
    ...repeated("--add-dir", site.addDirs),
    ...repeated("--mcp-config", site.mcpConfig),
    ...(options.maxTurns === undefined ? [] : [`--max-turns=${options.maxTurns}`]),
  ];
}

function persistenceOf({ kept, resumed }: Pick<Launch, "kept" | "resumed">): readonly string[] {
  if (resumed !== undefined) return [`--resume=${resumed.sessionId}`, `--resume-session-at=${resumed.answerId}`];
  return kept === true ? [] : ["--no-session-persistence"];
}

function repeated(flag: string, values: readonly string[]): readonly string[] {
  return values.map((value) => `${flag}=${value}`);
}
