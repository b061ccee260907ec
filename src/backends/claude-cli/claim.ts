import type { RunSetup } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { ModelRequest, ToolDefinition } from "#core/request.ts";
import type { WireBlock, WireMessage } from "#wire/anthropic-messages/upstream/messages.ts";

import { cliSchema } from "./cli-schema.ts";
import { answerSchema, offeredTools, toolNames } from "./client-tools.ts";
import type { LineFeed } from "./line-feed.ts";
import { guardCommand, historyOf, withoutThinking } from "./messages.ts";
import type { ClaudeCliOptions } from "./options.ts";
import { flagSettings } from "./parameters.ts";
import {
  historyAssistantLine,
  historyUserLine,
  queryLine,
  type ControlRequest,
  type FlagSettings,
} from "./protocol.ts";
import type { CliSession } from "./session.ts";
import { TOOL_SERVER } from "./tool-host.ts";
import { STRUCTURED_OUTPUT } from "./tool-names.ts";

/** All a process has to be told to answer one request. */
export interface TurnPlan {
  /**
   * For a process that serves its first request: later ones do not change the system prompt. undefined where there is
   * nothing to say, which saves 6 (2.1.197) to 40 ms (2.1.329).
   */
  readonly initialize: ControlRequest | undefined;
  readonly settings: FlagSettings;
  /** What was said before; written into the CLI's history. */
  readonly history: readonly WireMessage[];
  readonly query: readonly WireBlock[];
  /** Tools of the client's that our MCP server offers. */
  readonly hostedTools: readonly ToolDefinition[];
  /** The answer may not be long enough for thinking nobody asked for. */
  readonly tooShortToThink: boolean;
}

/** The smallest thinking budget the API takes; it must be less than the answer's limit. */
const MIN_THINKING_TOKENS = 1024;

interface PlanOptions extends Pick<ClaudeCliOptions, "model" | "appendSystemPrompt"> {
  readonly setup: RunSetup;
  readonly canForce?: boolean;
  /** The conversation goes into the request body whole, instead of into the CLI's history. */
  readonly replacesMessages: boolean;
}

/**
 * What the CLI believes to be asked where the messages of its request body are replaced. Should a version send it to
 * the model after all, the answer tells.
 */
const STAND_IN: readonly WireBlock[] = [
  { type: "text", text: "The conversation was lost on its way here. Answer only: CONVERSATION LOST." },
];

/** Throws `invalid-request`. */
export function planTurn(request: ModelRequest, options: PlanOptions): TurnPlan {
  const { features } = request;
  const { setup, canForce = true } = options;
  const messages = historyOf(request, toolNames(features, setup).toWire);
  const model = modelSetting(request.model, options.model);
  const initialize = initializeRequest(request, options);
  if (options.replacesMessages)
    return {
      initialize,
      settings: flagSettings({ setup, model, features, canForce, messages: withCacheBreakpoint(messages) }),
      hostedTools: [],
      history: [],
      query: STAND_IN,
      // A bare model does not think unasked: it was started so.
      tooShortToThink: false,
    };
  if (setup.mode === "chat" && offeredTools(features, setup).length > 0) throw bodyNeeded();
  const spoken = withoutThinking(messages);
  return {
    initialize,
    settings: flagSettings({ setup, model, features, canForce, messages: undefined }),
    hostedTools: offeredTools(features, setup),
    history: spoken.slice(0, -1),
    query: guardCommand(spoken.at(-1)?.content ?? []),
    tooShortToThink:
      setup.mode === "agent" &&
      features.reasoning === undefined &&
      (features.maxOutputTokens ?? Number.POSITIVE_INFINITY) <= MIN_THINKING_TOKENS,
  };
}

/** The whole request as history, for a process that is only asked about it. */
export function planHistory(
  request: ModelRequest,
  options: Omit<PlanOptions, "replacesMessages">,
): Pick<TurnPlan, "initialize" | "settings" | "history"> {
  const model = modelSetting(request.model, options.model);
  const { setup } = options;
  return {
    initialize: initializeRequest({ ...request, features: {} }, options),
    settings: flagSettings({ setup, model, features: {}, messages: undefined }),
    history: withoutThinking(historyOf(request, toolNames(request.features, setup).toWire)),
  };
}

/** A version whose request body we may not touch offers a bare model nothing. */
function bodyNeeded(): GatewayError {
  return new GatewayError(
    "invalid-request",
    "This version of Claude Code cannot offer a client's tools to a bare model.",
    {
      param: "tools",
      hint: "Send X-CCProxy-Tools: both to have them offered beside Claude Code's own, or install a version that `ccproxy doctor` passes.",
    },
  );
}

/** What the CLI itself says of it, once an answer came without the call, is lost where its messages are replaced. */
const CALL_FOR_ANSWER = `Give your final answer by a call of the tool ${STRUCTURED_OUTPUT}, as its input, and in no other way.`;

/** An agent keeps its own instructions in front; a bare model, started with none, has the client's alone. */
function initializeRequest(
  { system, features, featureFields }: ModelRequest,
  { setup, canForce, appendSystemPrompt = "" }: Pick<PlanOptions, "setup" | "canForce" | "appendSystemPrompt">,
): ControlRequest | undefined {
  const asksForCall = setup.mode === "chat" && canForce === false && answerSchema(features) !== undefined;
  const said = [...system, asksForCall ? CALL_FOR_ANSWER : ""].filter((text) => text !== "");
  const appended = [appendSystemPrompt, ...said].filter((text) => text !== "").join("\n\n");
  const jsonSchema = answerSchema(features);
  const hosts = setup.mode === "agent" && offeredTools(features, setup).length > 0;
  const told = {
    ...(setup.mode === "chat" && said.length > 0 && { systemPrompt: said }),
    ...(setup.mode === "agent" && appended !== "" && { appendSystemPrompt: appended }),
    ...(jsonSchema !== undefined && {
      jsonSchema: cliSchema(jsonSchema, [featureFields.responseFormat ?? []].flat()[0]),
    }),
    ...(hosts && { sdkMcpServers: [TOOL_SERVER] }),
  };
  return Object.keys(told).length === 0 ? undefined : { subtype: "initialize", ...told };
}

/** What the process was started with needs no setting; 2.1.197 leaves a note in the history for each one made. */
function modelSetting(asked: string | undefined, started: string | undefined): string | undefined {
  return asked === started || asked === "default" ? undefined : asked;
}

/** The CLI marks its own last message; replaced messages need the mark to be cached at all. */
function withCacheBreakpoint(messages: readonly WireMessage[]): readonly WireMessage[] {
  if (messages.some(({ content }) => content.some((block) => "cache_control" in block))) return messages;
  const last = messages.at(-1);
  const block = last?.content.at(-1);
  if (last === undefined || block === undefined) return messages;
  const marked: WireBlock = { ...block, cache_control: { type: "ephemeral" } };
  return [...messages.slice(0, -1), { ...last, content: [...last.content.slice(0, -1), marked] }];
}

export interface ClaimHandlers {
  /** The answer to `initialize`, when it comes. */
  readonly initialized: (response: unknown) => void;
  readonly refused: (error: GatewayError) => void;
}

/**
 * Tells the process everything, in one write where there is no history (the CLI keeps the order; waiting for each
 * answer costs 30 ms more). False when the feed closed before the history was in.
 */
export async function claim(
  session: CliSession,
  feed: LineFeed,
  plan: TurnPlan,
  handlers: ClaimHandlers,
): Promise<boolean> {
  if (plan.hostedTools.length > 0) session.hostTools(plan.hostedTools);
  if (plan.initialize !== undefined) session.control(plan.initialize).then(handlers.initialized, handlers.refused);
  return await proceed(session, feed, plan, handlers);
}

/** The same for a process that already has the conversation. */
export async function proceed(
  session: CliSession,
  feed: LineFeed,
  plan: TurnPlan,
  handlers: Pick<ClaimHandlers, "refused">,
): Promise<boolean> {
  applySettings(session, plan.settings, handlers);
  if (plan.tooShortToThink !== session.thinkingOff) {
    const limit = plan.tooShortToThink ? 0 : null;
    session
      .control({ subtype: "set_max_thinking_tokens", max_thinking_tokens: limit })
      .then(undefined, handlers.refused);
    session.thinkingOff = plan.tooShortToThink;
  }
  for (const message of plan.history) if (!(await inject(session, feed, message))) return false;
  session.post(queryLine(plan.query));
  return true;
}

export function applySettings(
  session: CliSession,
  settings: FlagSettings,
  { refused }: Pick<ClaimHandlers, "refused">,
): void {
  const told = JSON.stringify(settings);
  if (told === session.settings) return;
  session.control({ subtype: "apply_flag_settings", settings }).then(undefined, refused);
  session.settings = told;
}

/** User messages queue up in the CLI while answers apply at once: waiting for each keeps their order. */
export async function inject(session: CliSession, feed: LineFeed, message: WireMessage): Promise<boolean> {
  if (message.role === "assistant") {
    session.post(historyAssistantLine(message.content, `msg_${crypto.randomUUID()}`));
    return true;
  }
  session.post(historyUserLine(guardCommand(message.content)));
  for (;;) {
    const lines = await feed.take();
    if (lines === undefined) return false;
    if (lines.some(({ type }) => type === "result")) return true;
  }
}
