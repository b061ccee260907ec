import type { Mode, RunSetup, ToolOwner } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { Effort, ModelRequest } from "#core/request.ts";
import type { Verbosity } from "#core/verbosity.ts";

import { type ModelAlias, modelBehind, type ModelNames } from "./model-names.ts";
import { type RunOptions, withRule } from "./rule-options.ts";
import type { AskedBetas } from "./types.ts";

export interface ResolveSettings extends ModelNames {
  /** The ways the backend can run it. */
  readonly modes: readonly Mode[];
  readonly defaultMode: Mode;
  readonly defaultVerbosity: Verbosity;
  /** What the rule says that chose the backend. */
  readonly rule?: RunOptions;
}

/** What the client's headers say of how to run it. */
export interface AskedSetup {
  readonly model: string | undefined;
  readonly effort: Effort | undefined;
  /** The header that says so, as the client called it. */
  readonly effortField?: string | undefined;
  readonly betas?: AskedBetas | undefined;
  readonly mode: Mode | undefined;
  readonly tools: ToolOwner | undefined;
  readonly verbosity: Verbosity | undefined;
}

export interface Resolved extends RunSetup {
  readonly request: ModelRequest;
  readonly verbosity: Verbosity;
  /** What the client called the model, where no configuration stands for it. */
  readonly freeName: string | undefined;
  /** The workspace the alias is bound to. */
  readonly boundWorkspace: string | undefined;
}

/**
 * What to run. Mode: the client's header, then the alias, then the routing rule, then what the tools ask for, then the
 * configured default.
 * Tools: the client's header, then the alias, then the client's own where it brings some, beside the agent's if it
 * asked for the agent.
 * Verbosity: the client's header, then the alias, then the configured default.
 * Model: the client's header, then the alias's, then the client's own name, then (in the backend) the configured or the
 * CLI's default; names of OpenAI's and family names stand for what the configuration says.
 * Effort: the client's header, then its body, then the alias, then the routing rule; so other settings of the rule's, but for
 * its limit of tokens and its system prompt, which hold beside the client's. Permission mode: the alias; no client can widen it.
 * Throws GatewayError `invalid-request` for a bare model with an agent's tools, or an agent without, and for an agent
 * where the backend has none.
 */
export function resolveRun(request: ModelRequest, headers: AskedSetup, settings: ResolveSettings): Resolved {
  const alias = request.model === undefined ? undefined : settings.aliases.get(request.model);
  const asked = { mode: headers.mode ?? alias?.mode ?? settings.rule?.mode, tools: headers.tools ?? alias?.tools };
  const named = withModel(request, headers.model, alias, settings);
  return {
    request: withRule(withAlias(withHeaders(named.request, headers), alias), settings.rule),
    freeName: named.freeName,
    permissionMode: alias?.permissionMode,
    boundWorkspace: alias?.workspace,
    ...resolveSetup(asked, bringsTools(request), settings),
    verbosity: mustBeJson(request) ? "text-only" : (headers.verbosity ?? alias?.verbosity ?? settings.defaultVerbosity),
  };
}

/** The model that would be asked, whatever answers. */
export function modelAsked(
  model: string | undefined,
  header: string | undefined,
  names: ModelNames,
): string | undefined {
  const alias = model === undefined ? undefined : names.aliases.get(model);
  return modelBehind(header ?? (alias === undefined ? model : alias.model), names);
}

function withModel(
  request: ModelRequest,
  header: string | undefined,
  alias: ModelAlias | undefined,
  settings: ModelNames,
): Pick<Resolved, "request" | "freeName"> {
  const name = header ?? (alias === undefined ? request.model : alias.model);
  return {
    request: { ...request, model: modelBehind(name, settings) },
    freeName: header === undefined && alias !== undefined ? undefined : freeNameOf(name, settings),
  };
}

/** The name, where no configuration stands for it. */
export function freeNameOf(name: string | undefined, names: ModelNames): string | undefined {
  return isNamed(name, names) ? undefined : name;
}

function isNamed(name: string | undefined, { openaiNames, versions }: ModelNames): boolean {
  return name !== undefined && (openaiNames.has(name) || versions.has(name));
}

function withHeaders(
  request: ModelRequest,
  { effort, effortField = "X-CCProxy-Effort", betas }: AskedSetup,
): ModelRequest {
  const wanted = betas === undefined ? request : withBetas(request, betas);
  return effort === undefined ? wanted : withEffort(wanted, effort, effortField);
}

function withBetas(request: ModelRequest, { names, fields }: AskedBetas): ModelRequest {
  return {
    ...request,
    features: { ...request.features, betas: names },
    featureFields: { ...request.featureFields, betas: fields },
  };
}

function withAlias(request: ModelRequest, alias: ModelAlias | undefined): ModelRequest {
  if (alias === undefined) return request;
  const { effort, systemPrompt } = alias;
  const told = systemPrompt === undefined ? request : { ...request, system: [systemPrompt, ...request.system] };
  // The request's own, where it asks for one.
  const keeps = effort === undefined || request.features.effort !== undefined;
  return keeps ? told : withEffort(told, effort, "aliases.effort");
}

function withEffort(request: ModelRequest, effort: Effort, field: string): ModelRequest {
  return {
    ...request,
    features: { ...request.features, effort },
    featureFields: { ...request.featureFields, effort: field },
  };
}

/** Then no other word may stand in the answer. */
function mustBeJson({ features: { responseFormat } }: ModelRequest): boolean {
  return responseFormat !== undefined && responseFormat.type !== "text";
}

function bareModel({ mode, tools }: Pick<AskedSetup, "mode" | "tools">): RunSetup {
  if (mode !== "agent" && (tools === undefined || tools === "client")) return { mode: "chat", tools: "client" };
  throw new GatewayError("invalid-request", "What answers this model is a bare model, and no agent.", {
    param: mode === "agent" ? "X-CCProxy-Mode" : "X-CCProxy-Tools",
    hint: "Leave the header out, or ask for a model of Claude Code's.",
  });
}

/** A bare model has none but the client's tools; who has these alone is the agent itself. */
function resolveSetup(
  asked: Pick<AskedSetup, "mode" | "tools">,
  isEquipped: boolean,
  { modes, defaultMode }: ResolveSettings,
): RunSetup {
  if (!modes.includes("agent")) return bareModel(asked);
  const { mode, tools } = asked;
  if (mode === "chat" && (tools === "agent" || tools === "both"))
    throw contradiction("Chat mode is a bare model, which has no tools of its own.", "agent");
  if (mode === "agent" && tools === "client") throw contradiction("Agent mode has Claude Code's tools.", "chat");
  if (mode === "chat" || tools === "client") return { mode: "chat", tools: "client" };
  if (tools !== undefined) return { mode: "agent", tools };
  if (mode === "agent") return { mode, tools: isEquipped ? "both" : "agent" };
  if (isEquipped) return { mode: "chat", tools: "client" };
  return defaultMode === "chat" ? { mode: "chat", tools: "client" } : { mode: "agent", tools: "agent" };
}

function bringsTools({ features: { tools, vendorTools } }: ModelRequest): boolean {
  return tools !== undefined || vendorTools !== undefined;
}

function contradiction(message: string, mode: Mode): GatewayError {
  return new GatewayError("invalid-request", message, {
    param: "X-CCProxy-Tools",
    hint: `Leave X-CCProxy-Tools out, or ask for X-CCProxy-Mode: ${mode}.`,
  });
}
