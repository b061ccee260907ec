import { describe, expect, test } from "bun:test";

import { readPlace } from "./place.ts";

describe("a path", () => {
  test.each([
    ["/v1/messages", "messages", "", "vendor"],
    ["/anthropic/v1/messages", "messages", "", "compatible"],
    ["/messages", "messages", "", "compatible"],
    ["/v1/messages/count_tokens", "count-tokens", "", "vendor"],
    ["/v1/messages/batches/msgbatch_1/results", "batch-results", "msgbatch_1", "vendor"],
    ["/v1/chat/completions", "chat", "", "vendor"],
    ["/api/v1/chat/completions", "chat", "", "compatible"],
    ["/v1beta/openai/chat/completions", "chat", "", "compatible"],
    ["/openai/deployments/models/x/chat/completions", "chat", "", "compatible"],
    ["/v1/responses", "responses", "", "vendor"],
    ["/v1/responses/resp_1", "response", "resp_1", "vendor"],
    ["/v1/responses/resp_1/cancel", "response-cancel", "resp_1", "vendor"],
    ["/v1/responses/resp_1/input_items", "response-items", "resp_1", "vendor"],
    ["/api/v1/models", "models", "", "compatible"],
    ["/api/v1/models/anthropic/claude-sonnet-5.5", "model", "anthropic/claude-sonnet-5.5", "compatible"],
    ["/v1/models/anthropic%2Fclaude", "model", "anthropic/claude", "vendor"],
    ["/v1/models/%E0", "model", "%E0", "vendor"],
    ["/v1/files/file_1", "file", "file_1", "vendor"],
    ["/v1/nothing", "unknown", "", "vendor"],
    ["/v1/messages/x", "unknown", "", "vendor"],
  ] as const)("%s is %s", (path, endpoint, id, root) => {
    expect(readPlace(path)).toMatchObject({ endpoint, id, root, quirks: [], problem: undefined });
  });

  test("may turn quirks on", () => {
    expect(readPlace("/quirks=crlf,no-done/v1/responses")).toMatchObject({
      endpoint: "responses",
      root: "vendor",
      quirks: ["crlf", "no-done"],
    });
    expect(readPlace("/quirks=nonsense/v1/responses").problem).toContain('"nonsense" is unknown');
  });
});
