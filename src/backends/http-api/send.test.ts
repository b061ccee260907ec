import { expect, test } from "bun:test";

import { dialects } from "./dialect.ts";
import { refusalIn } from "./send.ts";

const endpoint = { dialect: dialects["openai-chat"], root: "http://127.0.0.1:9" };
const provider = { id: "ollama", title: "Ollama" };
const hintFor = (status: number, credential?: string) =>
  refusalIn(provider, endpoint, { response: new Response(null, { status }), credential }, "No.").options.hint;

test("a redirect is told with where it leads, without what may be secret in it", () => {
  const headers = { location: "https://elsewhere.example/v1/messages?key=secret" };
  const error = refusalIn(provider, endpoint, { response: new Response(null, { status: 302, headers }) }, "");
  expect(error).toMatchObject({
    kind: "upstream",
    options: { hint: expect.stringContaining("providers.ollama.base_url") },
  });
  expect(error.message).toBe(
    "Ollama answered with a redirect to https://elsewhere.example (302), which is not followed.",
  );
});

test("where a key is wanted and there is none, it is said how to give one; else which to look at", () => {
  expect(hintFor(401)).toContain("`ccproxy auth login ollama`, or let env, file or command of [providers.ollama.cred");
  expect(hintFor(401, "OLLAMA_KEY")).toBe(
    "Check the credential that ccproxy is configured with for Ollama (OLLAMA_KEY).",
  );
  expect(hintFor(400)).toBeUndefined();
});
