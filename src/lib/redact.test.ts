import { expect, test } from "bun:test";

import { isSecretName, redactText } from "./redact.ts";

const oauth = `sk-ant-oat01-${"Ab3-_".repeat(18)}`;
const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${"s".repeat(43)}`;

const planted: readonly (readonly [string, string])[] = [
  [`key ${oauth} was refused`, "key sk-ant-[redacted] was refused"],
  [`Authorization: Bearer ${jwt}`, "Authorization: Bearer [redacted]"],
  ["authorization: Basic dXNlcjpwYXNz", "authorization: Basic [redacted]"],
  ["x-api-key: my-own-secret-word", "x-api-key: [redacted]"],
  [`sk-proj-${"a1".repeat(20)}`, "sk-[redacted]"],
  [`ghp_${"a1".repeat(18)}`, "ghp-[redacted]"],
  ["Send (`Authorization: Bearer YOUR_KEY`). Or", "Send (`Authorization: Bearer [redacted]`). Or"],
  ["Use Authorization: Bearer YOUR_KEY.", "Use Authorization: Bearer [redacted]."],
  ["Set `x-api-key: YOUR.KEY)x`.", "Set `x-api-key: [redacted]`."],
  ["password: ...", "password: [redacted]"],
  ["Bearer abc.", "Bearer [redacted]"],
  ["AKIAIOSFODNN7EXAMPLE", "[redacted]"],
  [`AIza${"x".repeat(35)}`, "[redacted]"],
  [`session ${jwt}.`, "session [redacted]."],
  ["https://alice:hunter2@proxy.example:8080/x", "https://[redacted]@proxy.example:8080/x"],
  ["/v1/models?api_key=hunter2&limit=5", "/v1/models?api_key=[redacted]&limit=5"],
  ["ANTHROPIC_AUTH_TOKEN=hunter2 claude", "ANTHROPIC_AUTH_TOKEN=[redacted] claude"],
  [`{"accessToken":"hunter2 and more","n":1}`, `{"accessToken":"[redacted]","n":1}`],
  [`{"password": "with \\" quote", "a": 1}`, `{"password": "[redacted]", "a": 1}`],
  ["Cookie: a=b; session=hunter2\nHost: x", "Cookie: [redacted]\nHost: x"],
  ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----!", "[redacted]!"],
  ["-----BEGIN PRIVATE KEY-----\nMIIE cut off", "[redacted]"],
];

test.each(planted)("%j is masked", (text, masked) => {
  expect(redactText(text)).toBe(masked);
});

test.each([
  "No API key: send it as `Authorization: Bearer`.",
  "claude-opus-4-8",
  "5d0b7f6e-24b4-4c4f-9f35-1f2f0a3b9c11",
  "max_tokens: 500 is above input_tokens=300",
  "POST /v1/messages/count_tokens",
  "http://127.0.0.1:8000/v1/models?limit=5",
  "The task-force asked basic questions",
])("%j stays as it is", (text) => {
  expect(redactText(text)).toBe(text);
});

test("redacting twice changes nothing more", () => {
  for (const [text] of planted) expect(redactText(redactText(text))).toBe(redactText(text));
});

test("names of credentials are known in every spelling", () => {
  const secret =
    "authorization Proxy-Authorization cookie set-cookie x-api-key apiKey api_key ANTHROPIC_API_KEY auth_token authToken" +
    " CLAUDE_CODE_OAUTH_TOKEN accessToken refresh_token client_secret password AWS_SECRET_ACCESS_KEY x-goog-api-key privateKey";
  expect(secret.split(" ").filter((name) => !isSecretName(name))).toEqual([]);
});

test("names that only sound like credentials are not", () => {
  const harmless =
    "inputTokens output_tokens max_tokens sessionId keyboard key author tokenizer count_tokens signature_delta";
  expect(harmless.split(" ").filter(isSecretName)).toEqual([]);
});
