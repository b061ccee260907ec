/**
 * A tool server over streamable HTTP with one tool: a Claude Code started elsewhere asks it, instead of its user, what
 * it may do. Each request stands alone: no session is kept.
 */
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import * as v from "valibot";

import type { ApprovalDecision } from "#core/approval.ts";
import type { Approvals } from "#gateway/approvals.ts";
import { jsonObject } from "#lib/json-object.ts";
import { explainIssue } from "#lib/schema-problem.ts";

import type { Exchange } from "./exchange.ts";
import { textResponse } from "./json-response.ts";
import { eventStreamResponse } from "./sse-response.ts";

const toolName = "check_permission";

/** What `--permission-prompt-tool` is called with. */
const argumentsSchema = v.looseObject({
  tool_name: v.string(),
  input: jsonObject,
  tool_use_id: v.optional(v.string()),
});

const tool = {
  name: toolName,
  description: "Asks a person whether a tool may be used. For `claude --permission-prompt-tool`.",
  inputSchema: {
    type: "object" as const,
    properties: {
      tool_name: { type: "string", description: "The tool that is to be used." },
      input: { type: "object", description: "What it is to be given." },
      tool_use_id: { type: "string", description: "The model's id of the call." },
    },
    required: ["tool_name", "input"],
  },
};

/** Claude Code gives up on a tool that was silent for 300 s, and only progress counts (2.1.197 and 2.1.329). */
const progressMs = 10_000;

interface McpOptions {
  readonly body: unknown;
  readonly approvals: Approvals;
  readonly version: string;
}

export async function answerMcp(exchange: Exchange, { body, approvals, version }: McpOptions): Promise<Response> {
  const server = createToolServer(exchange, approvals, version);
  const transport = new WebStandardStreamableHTTPServerTransport();
  exchange.signal.addEventListener("abort", () => void server.close(), { once: true });
  await server.connect(transport);
  // The body is read already, whatever it called itself, and every client here can take either answer.
  const headers = new Headers(exchange.request.headers);
  headers.set("content-type", "application/json");
  headers.set("accept", "application/json, text/event-stream");
  const request = new Request("http://localhost/mcp", { method: "POST", headers });
  const response = await transport.handleRequest(request, { parsedBody: body });
  if (response.body !== null && response.headers.get("content-type")?.startsWith("text/event-stream") === true)
    return eventStreamResponse(exchange, frames(server, response.body));
  const text = await response.text();
  await server.close();
  return textResponse(text, {
    status: response.status,
    headers: { "content-type": response.headers.get("content-type") ?? "application/json" },
  });
}

/** The first bytes go out at once: Claude Code waits 60 s for them, a person may take longer. */
async function* frames(server: Server, body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  try {
    yield ": open\n\n";
    for await (const chunk of body) yield decoder.decode(chunk, { stream: true });
  } finally {
    await server.close();
  }
}

function createToolServer(exchange: Exchange, approvals: Approvals, version: string): Server {
  const server = new Server({ name: "ccproxy", version }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [tool] }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, sendNotification }) => {
    if (params.name !== toolName) return failure(`There is no tool ${params.name}; there is ${toolName}.`);
    const parsed = v.safeParse(argumentsSchema, params.arguments ?? {});
    if (!parsed.success) {
      const { path, explanation } = explainIssue(parsed.issues[0]);
      return failure(`${path}: ${explanation}.`);
    }
    const token = params["_meta"]?.progressToken;
    let progress = 0;
    const timer = setInterval(() => {
      progress += 1;
      if (token !== undefined)
        void sendNotification({ method: "notifications/progress", params: { progressToken: token, progress } });
    }, progressMs);
    try {
      const { tool_name: name, input, tool_use_id: callId } = parsed.output;
      const decision = await approvals.ask({
        principal: exchange.principal,
        requestId: exchange.requestId,
        ask: { toolName: name, input, callId },
        signal: AbortSignal.any([signal, exchange.signal]),
      });
      return said(JSON.stringify(answerOf(decision)));
    } finally {
      clearInterval(timer);
    }
  });
  return server;
}

function answerOf(decision: ApprovalDecision) {
  return decision.allowed
    ? { behavior: "allow", updatedInput: decision.input }
    : { behavior: "deny", message: decision.message };
}

function said(text: string) {
  return { content: [{ type: "text" as const, text }] };
}

function failure(text: string) {
  return { ...said(text), isError: true };
}
