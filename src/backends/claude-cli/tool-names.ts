/** What the API takes for the name of a tool. */
const VALID = /^[a-zA-Z0-9_-]{1,128}$/;
/** Of the longest name that leaves room for what makes it unique. */
const LONGEST_STEM = 100;

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
  if (VALID.test(name) && !(beside === "built-in" ? BUILT_IN.has(name) : name === STRUCTURED_OUTPUT)) return name;
  const digest = new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, LONGEST_STEM).replaceAll(/[^a-zA-Z0-9_-]/g, "_")}_${digest}`;
}

/** The tool through which the CLI has a schema honoured. */
export const STRUCTURED_OUTPUT = "StructuredOutput";
