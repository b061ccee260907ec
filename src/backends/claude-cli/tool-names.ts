import { isToolName, replaceToolName } from "#wire/anthropic-messages/upstream/tool-names.ts";

/** Claude Code's own tools, of 2.1.197 and 2.1.329: two of one name would be refused. */
const BUILT_IN: ReadonlySet<string> = new Set(
  [
    "Agent Artifact ArtifactComments ArtifactData AskUserQuestion Bash CronCreate CronDelete CronList Edit",
    "EnterPlanMode EnterWorktree ExitPlanMode ExitWorktree Glob Grep ListAgents LSP Monitor NotebookEdit Read",
    "ReportFindings ScheduleWakeup SendMessage Skill StructuredOutput Task TaskCreate TaskGet TaskList TaskOutput",
    "TaskStop TaskUpdate TodoWrite ToolSearch WebFetch WebSearch Workflow Write",
  ].flatMap((names) => names.split(" ")),
);

/**
 * The name a client's tool has towards the model: its own, unless the API would refuse it or, `beside` Claude Code's
 * tools, one of those has it. Equal for equal names, so that histories agree with it.
 */
export function wireToolName(name: string, beside: "none" | "built-in"): string {
  const isTaken = beside === "built-in" ? BUILT_IN.has(name) : name === STRUCTURED_OUTPUT;
  return isToolName(name) && !isTaken ? name : replaceToolName(name);
}

/** The tool through which the CLI has a schema honoured. */
export const STRUCTURED_OUTPUT = "StructuredOutput";
