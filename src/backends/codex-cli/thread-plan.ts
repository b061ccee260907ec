/** What Codex is to be told for one request: a thread, what was said in it, a turn. */
import type { RunContext } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import { effortFor } from "#core/model-limits.ts";
import type { ModelRequest, Part, RequestFeatures } from "#core/request.ts";
import { pathOf } from "#core/settled-messages.ts";
import type { Workspace } from "#core/workspace.ts";
import { encodeItems } from "#wire/openai-responses/upstream/messages.ts";

import { dynamicTools, offeredTools, wireToolName } from "./client-tools.ts";
import type { Params } from "./messages.ts";
import type { CodexCliOptions } from "./options.ts";
import { opened } from "./seals.ts";
import type { UserConfig } from "./start-server.ts";

export interface ThreadPlan {
  /** Of `thread/start`. */
  readonly thread: (directory: string) => Params;
  /** The whole conversation, as items of OpenAI Responses. */
  readonly items: readonly Params[];
  /** Of `turn/start`, but for the thread. */
  readonly turn: Params;
  readonly ignoredFields: readonly string[];
}

type PlanOptions = Pick<CodexCliOptions, "model" | "sandbox" | "approvalPolicy">;

/** Throws `invalid-request`. */
export function planThread(
  request: ModelRequest,
  context: RunContext,
  options: PlanOptions,
  config: UserConfig,
): ThreadPlan {
  const model = modelOf(request.model, options);
  const { items, ignoredFields } = itemsOf(request, model);
  const tools = offeredTools(request.features, context);
  const system = request.system.filter((text) => text !== "");
  const rules = context.mode === "chat" ? bareModel(system, config) : agent(system, context, options, config);
  const thread = (directory: string): Params => ({
    cwd: directory,
    // The conversation is the client's to keep.
    ephemeral: true,
    // Only these say when an answer of the model is whole while its calls wait, and what is sealed of its reasoning.
    experimentalRawEvents: true,
    ...(model !== undefined && { model }),
    ...(tools.length > 0 && { dynamicTools: dynamicTools(tools) }),
    ...rules,
    config: { ...rules.config, ...trustIn(directory, context.workspace) },
  });
  return { thread, items, turn: turnOf(request.features, context, model), ignoredFields };
}

function modelOf(asked: string | undefined, { model }: Pick<CodexCliOptions, "model">): string | undefined {
  return asked === undefined || asked === "default" ? model : asked;
}

/** Everything is told as history, the last message too: there images stand where they stood. */
function itemsOf(request: ModelRequest, model: string | undefined) {
  for (const { content } of request.messages) for (const part of content) checkPart(request, part);
  const { input, ignoredFields } = encodeItems({
    ...request,
    messages: opened(request.messages).map(({ role, content }) => ({ role, content: content.map(withWireName) })),
    // Instructions that come late are instructions to all of Codex's own models.
    model: model ?? "codex-default",
    features: {},
  });
  return { items: input, ignoredFields };
}

function withWireName(part: Part): Part {
  return part.type === "tool-call" ? { ...part, toolName: wireToolName(part.toolName) } : part;
}

/** 0.169 has no item for a document, refuses an image that is elsewhere, and knows no files of its vendor's. */
function checkPart(request: ModelRequest, part: Part): void {
  if (part.type === "tool-result") for (const inner of part.content) checkPart(request, inner);
  const isLink = part.type === "image" && part.source.type !== "base64";
  if (!isLink && (part.type !== "document" || part.source.type === "text")) return;
  const message = isLink ? "Codex takes images only where they are in the request." : "Codex takes no documents.";
  throw new GatewayError("invalid-request", message, {
    param: pathOf(request.messages, part),
    hint: isLink ? "Send the image as base64." : "Send it as text, or let an agent read it in its workspace.",
  });
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
      features: Object.fromEntries(notForABareModel.map((feature) => [feature, false])),
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

function turnOf(features: RequestFeatures, { mode }: RunContext, model: string | undefined): Params {
  const { reasoning, responseFormat } = features;
  const effort = effortFor(model ?? "", features);
  const isShown = effort !== "none" && reasoning?.display !== "omitted" && (effort ?? reasoning) !== undefined;
  return {
    input: [],
    ...(effort !== undefined && { effort }),
    ...(isShown ? { summary: "auto" } : mode === "chat" && { summary: "none" }),
    ...(responseFormat?.type === "json-schema" && { outputSchema: responseFormat.schema }),
  };
}
