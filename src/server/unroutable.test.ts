import { expect, test } from "bun:test";

import { routes } from "./routes/table.ts";
import { unroutable } from "./unroutable.ts";

// proves("api-unknown-route")
test.each([
  ["/v1/chat/completion", "Did you mean /v1/chat/completions?"],
  ["/claude/v1/message", "Did you mean /claude/v1/messages?"],
  ["/v1/embeddings", /^GET \/swagger lists what there is; \/providers\/NAME\/v1\/embeddings asks the provider NAME/],
  ["/codex/v1/embeddings", /\/providers\/NAME\/v1\/embeddings asks/],
  ["/openai/v1/embeddings", /what there is; \/providers\/openai\/v1\/embeddings asks the provider openai/],
  ["/openai/v1/chat/completions", /^\/v1\/chat\/completions is here; \/providers\/openai\/v1\/chat\/completions /],
  ["/elsewhere", /^GET \/swagger lists what there is\.$/],
])("%s is nowhere: %s", (path, hint) => {
  const error = unroutable(routes, { method: "POST", path });
  expect(error.kind).toBe("not-found");
  expect(error.options.hint).toMatch(hint);
});
