import { expect, test } from "bun:test";

import { allowOrigin, answerPreflight } from "./cors.ts";

const origins = ["https://app.example"];

function preflight(headers: Record<string, string>): Request {
  return new Request("http://localhost/v1/messages", { method: "OPTIONS", headers });
}

test("a preflight of an allowed origin is answered with what it asks for", () => {
  const request = preflight({
    origin: "https://app.example",
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization, content-type",
    "access-control-request-private-network": "true",
  });
  const headers = answerPreflight(request, origins)?.headers;
  expect(headers?.get("access-control-allow-headers")).toBe("authorization, content-type");
  expect(headers?.get("access-control-allow-methods")).toContain("POST");
  expect(headers?.get("access-control-allow-private-network")).toBe("true");
});

test("other OPTIONS requests are not preflights", () => {
  expect(answerPreflight(preflight({ origin: "https://app.example" }), origins)).toBeUndefined();
  expect(
    answerPreflight(preflight({ origin: "https://evil.example", "access-control-request-method": "POST" }), origins),
  ).toBeUndefined();
});

test("answers name the origin they are for, and never allow credentials", () => {
  const headers = new Headers();
  allowOrigin(new Request("http://localhost/", { headers: { origin: "https://app.example" } }), origins, headers);
  expect(headers.get("access-control-allow-origin")).toBe("https://app.example");
  expect(headers.get("access-control-expose-headers")).toContain("X-CCProxy-Model");
  expect(headers.get("vary")).toBe("Origin");
  expect(headers.has("access-control-allow-credentials")).toBe(false);
});

test("without configured origins no answer speaks of CORS", () => {
  const headers = new Headers();
  allowOrigin(new Request("http://localhost/", { headers: { origin: "https://app.example" } }), [], headers);
  expect([...headers.keys()]).toEqual([]);
});
