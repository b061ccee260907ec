/** A gateway in front of a scripted backend, for the tests of this folder. */
import type { Backend } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { FinishEvent, ModelEvent } from "#core/events.ts";
import type { ModelRequest } from "#core/request.ts";
import { noUsage } from "#core/usage.ts";
import { createAdmission } from "#gateway/admission.ts";
import { createGateway, type GatewayDeps } from "#gateway/gateway.ts";
import type { Call } from "#gateway/types.ts";
import { createTestSessions } from "#sessions/testing/test-sessions.ts";
import { createRequestRecord } from "#telemetry/request-record.ts";

import { onlyTo, plainRoute } from "./plain-route.ts";

export const start: ModelEvent = { type: "start", responseId: "msg_1", model: "claude-x", usage: noUsage };
export const finish: FinishEvent = {
  type: "finish",
  reason: "stop",
  usage: { ...noUsage, inputTokens: 7, outputTokens: 3 },
  costUsd: 0.5,
  steps: 1,
};
export const overloaded: ModelEvent = { type: "error", error: new GatewayError("overloaded", "Too busy.") };

export const request: ModelRequest = {
  wireFormat: "openai-chat",
  model: "fast",
  system: [],
  messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
  stream: true,
  includeUsage: false,
  features: { effort: "low" },
  featureFields: { effort: "reasoning_effort" },
  ignoredFields: ["logit_bias"],
};

export type Script = Backend["run"];

const known = [{ id: "claude-x-5", displayName: "X", aliases: ["exact"] }];

const placeCalled = (name: string) => ({
  name,
  directory: undefined,
  addDirs: [],
  mcpConfig: [],
  settingSources: [],
});

export function setUp(script: Script, deps: Partial<GatewayDeps> = {}) {
  const admission = createAdmission({
    maxRunning: 1,
    setting: "limits.max_running",
    maxWaiting: 0,
    queueTimeoutMs: 1000,
  });
  const backend: Backend = {
    id: "scripted",
    modes: ["agent", "chat"],
    answersBy: "processes",
    unsupported: (asked) => (asked.features.effort === undefined ? [] : ["effort"]),
    run: script,
    knownModels: () => known,
    listModels: () => Promise.resolve([]),
    countTokens: () => Promise.resolve({ inputTokens: 12, exact: true }),
    status: () => ({ ready: true, detail: "" }),
  };
  const gateway = createGateway({
    routing: onlyTo(backend),
    admission,
    upstreamAdmission: admission,
    sessions: createTestSessions(),
    workspaces: { resolve: async ({ asked, bound }) => placeCalled(asked ?? bound ?? "default") },
    aliases: new Map(),
    versions: new Map(),
    openaiNames: new Map(),
    passthrough: true,
    defaultMode: "agent",
    defaultVerbosity: "text-only",
    firstEventDeadlineMs: 60_000,
    requestTimeoutMs: 0,
    ...deps,
  });
  return { gateway, admission };
}

export function callWith(more: Partial<Call> = {}): Call {
  const record = createRequestRecord({ requestId: "r1", method: "POST", path: "/v1/chat/completions" });
  const signal = new AbortController().signal;
  return {
    requestId: "r1",
    principal: "local",
    mode: undefined,
    tools: undefined,
    verbosity: undefined,
    model: undefined,
    effort: undefined,
    route: plainRoute,
    workspace: undefined,
    sessionIds: {},
    interrupts: false,
    strict: false,
    unreadHeaders: [],
    signal,
    record,
    failed: new Map(),
    notAsked: [],
    retries: { count: 0 },
    onAsked: () => undefined,
    ...more,
  };
}

export async function all(events: AsyncIterable<readonly ModelEvent[]>): Promise<readonly ModelEvent[]> {
  return (await Array.fromAsync(events)).flat();
}
