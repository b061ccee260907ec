/** A backend that is asked without a server: what the suites of both CLIs share. */
import type { Approve } from "#core/approval.ts";
import type { Backend, Mode, RunContext, RunFacts, RunSession, ToolOwner } from "#core/backend.ts";
import type { GatewayError } from "#core/errors.ts";
import type { FinishEvent, ModelEvent, StartEvent } from "#core/events.ts";
import type { Message, ModelRequest, Part } from "#core/request.ts";
import type { Workspace } from "#core/workspace.ts";
import { directoryIdentitySync } from "#lib/directory-identity.ts";

export interface AskOptions {
  readonly mode?: Mode;
  readonly tools?: ToolOwner;
  readonly principal?: string;
  readonly requestId?: string;
  readonly session?: RunSession;
  readonly workspace?: Workspace;
  readonly permissionMode?: string;
  readonly signal?: AbortSignal;
  readonly approve?: Approve;
  readonly onEvents?: (events: readonly ModelEvent[]) => void;
}

export interface Answer {
  readonly events: readonly ModelEvent[];
  readonly text: string;
  readonly start: StartEvent | undefined;
  readonly finish: FinishEvent | undefined;
  readonly error: GatewayError | undefined;
  readonly facts: RunFacts;
}

export async function askBackend(backend: Backend, request: ModelRequest, options: AskOptions = {}): Promise<Answer> {
  const events: ModelEvent[] = [];
  const facts: Record<string, unknown> = {};
  const { mode = "chat", onEvents, ...rest } = options;
  const context: RunContext = {
    requestId: "req_test",
    mode,
    tools: mode === "chat" ? "client" : "agent",
    principal: "tester",
    signal: new AbortController().signal,
    report: (learned) => Object.assign(facts, learned),
    ...rest,
  };
  for await (const batch of backend.run(request, context)) {
    events.push(...batch);
    onEvents?.(events);
  }
  const last = events.at(-1);
  return {
    events,
    facts,
    text: events.map((event) => (event.type === "text-delta" ? event.text : "")).join(""),
    start: events.find((event) => event.type === "start"),
    finish: last?.type === "finish" ? last : undefined,
    error: last?.type === "error" ? last.error : undefined,
  };
}

export interface Called {
  readonly callId: string;
  readonly toolName: string;
  readonly input: unknown;
}

/** The client's calls of an answer, as it would run them. */
export function callsIn(events: readonly ModelEvent[]): readonly Called[] {
  return events.flatMap((event) => {
    if (event.type !== "tool-input-start" || event.executedBy !== "client") return [];
    const json = events.map((each) => (each.type === "tool-input-delta" && each.id === event.id ? each.delta : ""));
    return [{ callId: event.id, toolName: event.toolName, input: JSON.parse(json.join("") || "{}") as unknown }]; // Any JSON.
  });
}

/** Streamed, and with nothing in it but the conversation. */
export function requestIn(
  wireFormat: ModelRequest["wireFormat"],
  messages: readonly Message[],
  overrides: Partial<ModelRequest> = {},
): ModelRequest {
  return {
    wireFormat,
    model: undefined,
    system: [],
    messages,
    stream: true,
    includeUsage: true,
    features: {},
    featureFields: {},
    ignoredFields: [],
    ...overrides,
  };
}

export const says = (text: string, ...more: readonly Part[]): Message => ({
  role: "user",
  content: [{ type: "text", text }, ...more],
});

export function workspaceAt(path: string, rules: Partial<Workspace> = {}): Workspace {
  const directory = { path, identity: directoryIdentitySync(path) ?? "none" };
  return { name: "test", directory, addDirs: [], mcpConfig: [], settingSources: ["user"], ...rules };
}
