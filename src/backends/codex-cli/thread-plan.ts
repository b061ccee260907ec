/** How Codex is to be set up for a conversation. */
import type { RunContext } from "#core/backend.ts";
import type { ModelRequest } from "#core/request.ts";
import type { Workspace } from "#core/workspace.ts";

import { dynamicTools, offeredTools } from "./client-tools.ts";
import type { Params } from "./messages.ts";
import type { CodexCliOptions } from "./options.ts";
import type { UserConfig } from "./start-server.ts";
import { modelOf } from "./turn-plan.ts";

export type PlanOptions = Pick<CodexCliOptions, "model" | "sandbox" | "approvalPolicy">;

/** Of `thread/start`. */
export function planThread(
  request: ModelRequest,
  context: RunContext,
  options: PlanOptions,
  { config, directory }: { readonly config: UserConfig; readonly directory: string },
): Params {
  const model = modelOf(request, options);
  const tools = offeredTools(request.features, context);
  const system = request.system.filter((text) => text !== "");
  const rules = context.mode === "chat" ? bareModel(system, config) : agent(system, context, options, config);
  return {
    cwd: directory,
    // The conversation is the client's to keep, but for a session that it named.
    ephemeral: !isWrittenDown(context),
    // Only these say when an answer of the model is whole while its calls wait, and what is sealed of its reasoning.
    experimentalRawEvents: true,
    ...(model !== undefined && { model }),
    ...(tools.length > 0 && { dynamicTools: dynamicTools(tools) }),
    ...rules,
    config: { ...rules.config, ...trustIn(directory, context.workspace) },
  };
}

/** What an agent did in a named session is to outlive its process, but not the directory it was done in. */
export function isWrittenDown({ mode, session, workspace }: RunContext): boolean {
  return mode === "agent" && session?.named === true && workspace?.directory !== undefined;
}

interface Rules extends Params {
  readonly config: Params;
}

/** Codex without its prompt, its tools, its surroundings and the user's servers, programs and skills. */
function bareModel(system: readonly string[], { mcpServers }: UserConfig): Rules {
  return {
    baseInstructions: system.join("\n\n"),
    sandbox: "read-only",
    approvalPolicy: "never",
    environments: [],
    config: {
      ...everyThread,
      features: off([...notForAnybody, ...notForABareModel]),
      web_search: "disabled",
      tools: { experimental_request_user_input: { enabled: false }, update_plan: { enabled: false } },
      include_environment_context: false,
      include_permissions_instructions: false,
      include_apps_instructions: false,
      include_collaboration_mode_instructions: false,
      developer_instructions: "",
      project_doc_max_bytes: 0,
      skills: { include_instructions: false, bundled: { enabled: false } },
      notify: [],
      // The client's conversation is not summed up behind its back; where Codex begins to all the same (at nine tenths of
      // the model's window), the turn ends: see decode.ts.
      model_auto_compact_token_limit: Number.MAX_SAFE_INTEGER,
      mcp_servers: Object.fromEntries(mcpServers.map((name) => [name, { enabled: false }])),
    },
  };
}

const notForABareModel = [
  "shell_tool unified_exec shell_snapshot view_image image_generation sleep_tool goals multi_agent",
  "apps plugins hooks browser_use computer_use skill_search tool_suggest",
].flatMap((names) => names.split(" "));

const everyThread = {
  // What others that it started spend and ask for would be told to nobody.
  agents: { enabled: false },
};

/** Without a network it would wait for one for ever. Said for each thread: whose features are said has no others' (0.169). */
const notForAnybody = ["unbounded_connection_retries"];

/** With a goal Codex goes on by itself, in turns that nobody asked for. */
const notForAnAgent = ["goals"];

function off(features: readonly string[]): Params {
  return Object.fromEntries(features.map((feature) => [feature, false]));
}

function agent(
  system: readonly string[],
  { workspace, permissionMode }: RunContext,
  { sandbox, approvalPolicy }: PlanOptions,
  { developerInstructions }: UserConfig,
): Rules {
  const instructions = [developerInstructions ?? "", ...system].filter((text) => text !== "").join("\n\n");
  return {
    ...(instructions !== "" && { developerInstructions: instructions }),
    sandbox: permissionMode === "plan" ? "read-only" : sandbox,
    approvalPolicy,
    config: {
      ...everyThread,
      features: off([...notForAnybody, ...notForAnAgent]),
      // Nobody sits at it.
      tools: { experimental_request_user_input: { enabled: false } },
      ...workspaceRules(workspace),
    },
  };
}

/** A project's AGENTS.md is loaded where the project's settings are. */
function workspaceRules(workspace: Workspace | undefined): Params {
  const { addDirs = [] } = workspace ?? {};
  return {
    ...(!isTrusted(workspace) && { project_doc_max_bytes: 0 }),
    ...(addDirs.length > 0 && { sandbox_workspace_write: { writable_roots: addDirs } }),
  };
}

/**
 * Said for each thread. Measured (0.169): where nothing is said of a directory and the sandbox lets an agent write, Codex
 * notes in the user's `config.toml` that it is trusted, and then obeys its `.codex/config.toml`, starting the MCP servers
 * that stand there. Without markers of its root a project is its directory alone, whatever stands above it.
 */
function trustIn(directory: string, workspace: Workspace | undefined): Params {
  return isTrusted(workspace)
    ? { projects: { [directory]: { trust_level: "trusted" } } }
    : { projects: { [directory]: { trust_level: "untrusted" } }, project_root_markers: [] };
}

function isTrusted(workspace: Workspace | undefined): boolean {
  return workspace?.settingSources.includes("project") === true;
}
