import { expect, test } from "bun:test";

import type { RunContext } from "#core/backend.ts";
import type { ModelRequest, Part, RequestFeatures } from "#core/request.ts";

import { planThread } from "./thread-plan.ts";
import { planTurn } from "./turn-plan.ts";

const config = { provider: "openai", model: undefined, mcpServers: ["files"], developerInstructions: "Of the user." };
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
  const thread = planThread(request, context, options, { config, directory: "/w.x" });
  return { thread, turn: planTurn(request, context, options).turn };
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
    config: {
      project_doc_max_bytes: 0,
      projects: { "/w.x": { trust_level: "untrusted" } },
      project_root_markers: [],
      sandbox_workspace_write: { writable_roots: ["/more"] },
    },
  });
  const trusted = plan("agent", {}, { workspace: { ...workspace, settingSources: ["user", "project"] } });
  expect(trusted.thread["config"]).toMatchObject({ projects: { "/w.x": { trust_level: "trusted" } } });
  for (const rule of ["project_doc_max_bytes", "project_root_markers"])
    expect(trusted.thread["config"]).not.toHaveProperty(rule);
  expect(plan("agent", {}, { permissionMode: "plan" }).thread).toMatchObject({ sandbox: "read-only" });
});

test.each<[string, Part]>([
  ["an image elsewhere", { type: "image", source: { type: "url", url: "https://example.com/a.png" } }],
  ["an image by its id", { type: "image", source: { type: "file", fileId: "file_1" } }],
  ["what is no image", { type: "image", source: { type: "base64", mediaType: "image/png", data: "aGVsbG8=" } }],
  ["a document", { type: "document", source: { type: "url", url: "https://example.com/a.pdf" } }],
])("%s is refused by its place", (_, part) => {
  const result: Part = { type: "tool-result", callId: "c", content: [part], isError: false };
  for (const content of [[part], [result]])
    expect(() => plan("chat", {}, { messages: [{ role: "user", content }] })).toThrow(
      expect.objectContaining({
        kind: "invalid-request",
        options: expect.objectContaining({ param: "messages[0].content[0]" }),
      }),
    );
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

test("nobody waits for ever for a network that is not there", () => {
  for (const mode of ["chat", "agent"] as const)
    expect(plan(mode).thread).toMatchObject({ config: { features: { unbounded_connection_retries: false } } });
});

test("a schema of the answer that Codex could not read is refused by its field", () => {
  const schema = Array.from({ length: 60 }).reduce<object>((a) => ({ type: "object", properties: { a } }), {});
  const asked = (featureFields: ModelRequest["featureFields"]) =>
    plan("chat", { responseFormat: { type: "json-schema", schema } }, { featureFields });
  expect(() => asked({ responseFormat: "response_format" })).toThrow(
    expect.objectContaining({
      kind: "invalid-request",
      options: expect.objectContaining({ param: "response_format" }),
    }),
  );
});
