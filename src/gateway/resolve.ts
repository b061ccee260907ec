import type { Mode, ModelInfo, RunSetup, ToolOwner } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { ModelRequest } from "#core/request.ts";
import type { Verbosity } from "#core/verbosity.ts";

/** A configured name for a model, and how it is to be run. */
export interface ModelAlias {
  readonly model?: string | undefined;
  readonly mode?: Mode | undefined;
  readonly tools?: ToolOwner | undefined;
  readonly verbosity?: Verbosity | undefined;
}

export interface ResolveSettings {
  readonly aliases: ReadonlyMap<string, ModelAlias>;
  readonly defaultMode: Mode;
  readonly defaultVerbosity: Verbosity;
}

/** What the client's headers say of how to run it. */
export interface AskedSetup {
  readonly mode: Mode | undefined;
  readonly tools: ToolOwner | undefined;
  readonly verbosity: Verbosity | undefined;
}

export interface Resolved extends RunSetup {
  readonly request: ModelRequest;
  readonly verbosity: Verbosity;
}

/**
 * What to run. Mode: the client's header, then the alias, then what the tools ask for, then the configured default.
 * Tools: the client's header, then the alias, then the client's own where it brings some, beside the agent's if it
 * asked for the agent.
 * Verbosity: the client's header, then the alias, then the configured default.
 * Model: the alias's, then the client's own name, then (in the backend) the configured or the CLI's default.
 * Throws GatewayError `invalid-request` for a bare model with an agent's tools, or an agent without.
 */
export function resolveRun(request: ModelRequest, headers: AskedSetup, settings: ResolveSettings): Resolved {
  const alias = request.model === undefined ? undefined : settings.aliases.get(request.model);
  const asked = { mode: headers.mode ?? alias?.mode, tools: headers.tools ?? alias?.tools };
  return {
    request: alias === undefined ? request : { ...request, model: alias.model },
    ...resolveSetup(asked, bringsTools(request), settings.defaultMode),
    verbosity: mustBeJson(request) ? "text-only" : (headers.verbosity ?? alias?.verbosity ?? settings.defaultVerbosity),
  };
}

/** Then no other word may stand in the answer. */
function mustBeJson({ features: { responseFormat } }: ModelRequest): boolean {
  return responseFormat !== undefined && responseFormat.type !== "text";
}

/** A bare model has none but the client's tools; who has these alone is the agent itself. */
function resolveSetup(
  { mode, tools }: Pick<AskedSetup, "mode" | "tools">,
  isEquipped: boolean,
  defaultMode: Mode,
): RunSetup {
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

/** Configured names, so that a client can offer them. */
export function aliasModels(aliases: ReadonlyMap<string, ModelAlias>): readonly ModelInfo[] {
  return Array.from(aliases, ([name, { model, mode }]) => ({
    id: name,
    displayName: name,
    aliases: [],
    description: `Stands for ${model ?? "the default model"}${mode === undefined ? "" : ` in ${mode} mode`}.`,
  }));
}
