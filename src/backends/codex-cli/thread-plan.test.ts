import { expect, test } from "bun:test";

import type { RunContext } from "#core/backend.ts";
import type { ModelRequest, RequestFeatures } from "#core/request.ts";

import { planThread } from "./thread-plan.ts";

const config = { mcpServers: ["files"], developerInstructions: "Of the user." };
const options = { model: undefined, sandbox: "workspace-write", approvalPolicy: "on-request" } as const;

function plan(
  mode: "agent" | "chat",
  features: RequestFeatures = {},
  overrides: Partial<ModelRequest & RunContext> = {},
) {
  const request: ModelRequest = {
    wireFormat: "openai-chat",
    model: "gpt-5.5",
    system: ["Be brief."],
    messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    stream: true,
    includeUsage: true,
    features,
    featureFields: {},
    ignoredFields: [],
    ...overrides,
  };
  const context: RunContext = {
    mode,
    tools: "client",
    requestId: "r",
    principal: "p",
    signal: new AbortController().signal,
    report: () => undefined,
    ...overrides,
  };
  return planThread(request, context, options, config);
}

test("a bare model has neither the user's servers nor instructions nor programs", () => {
  const { thread } = plan("chat");
  expect(thread).toMatchObject({
    ephemeral: true,
    baseInstructions: "Be brief.",
    sandbox: "read-only",
    approvalPolicy: "never",
    config: {
      mcp_servers: { files: { enabled: false } },
      developer_instructions: "",
      notify: [],
      web_search: "disabled",
    },
  });
});

test("an agent keeps its own instructions, the user's, and has the client's behind them", () => {
  const workspace = { name: "w", directory: undefined, addDirs: ["/more"], mcpConfig: [], settingSources: ["user"] };
  const { thread } = plan("agent", {}, { workspace });
  expect(thread).not.toHaveProperty("baseInstructions");
  expect(thread).toMatchObject({
    developerInstructions: "Of the user.\n\nBe brief.",
    sandbox: "workspace-write",
    config: { project_doc_max_bytes: 0, sandbox_workspace_write: { writable_roots: ["/more"] } },
  });
  const trusted = plan("agent", {}, { workspace: { ...workspace, settingSources: ["user", "project"] } });
  expect(trusted.thread["config"]).not.toHaveProperty("project_doc_max_bytes");
  expect(plan("agent", {}, { permissionMode: "plan" }).thread).toMatchObject({ sandbox: "read-only" });
});

test.each<[RequestFeatures, object]>([
  [{}, { summary: "none" }],
  [{ effort: "max" }, { effort: "xhigh", summary: "auto" }],
  [{ reasoning: { mode: "disabled" } }, { effort: "none", summary: "none" }],
  [{ reasoning: { mode: "budget", budgetTokens: 9000, display: "omitted" } }, { effort: "medium", summary: "none" }],
  [{ reasoning: { mode: "adaptive" } }, { summary: "auto" }],
])("with %j a turn is asked for with %j", (features, turn) => {
  expect(plan("chat", features).turn).toEqual({ input: [], ...turn });
});
