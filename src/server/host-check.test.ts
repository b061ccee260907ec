import { expect, test } from "bun:test";

import { createHostCheck } from "./host-check.ts";

const local = createHostCheck({ host: "127.0.0.1", allowedHosts: ["Box.lan"], corsOrigins: ["https://app.example"] });

function passes(check: (headers: Headers) => void, headers: Record<string, string>): boolean {
  try {
    check(new Headers(headers));
    return true;
  } catch (error) {
    expect(error).toMatchObject({ kind: "permission" });
    return false;
  }
}

test.each([
  "localhost",
  "localhost:8000",
  "LOCALHOST:8000",
  "localhost.",
  "api.localhost:8000",
  "127.0.0.1:8000",
  "127.1.2.3",
  "[::1]:8000",
  "192.168.1.7:8000",
  "box.lan",
  "box.lan:443",
])("answers to Host: %s", (host) => {
  expect(passes(local, { host })).toBe(true);
});

test.each([
  "evil.example",
  "evil.example:8000",
  "localhost.evil.example",
  "notlocalhost",
  "127.0.0.1.evil.example",
  "127.0.0.1@evil.example",
  "box.lan.evil.example",
  "[::1",
  "[evil.example]",
  "a b",
  "localhost:port",
  "",
])("refuses Host: %s", (host) => {
  expect(passes(local, { host })).toBe(false);
});

test("a request without Host and Origin passes: no browser sends one", () => {
  expect(passes(local, {})).toBe(true);
});

test("an Origin passes when it is the server's own or configured", () => {
  const host = "127.0.0.1:8000";
  expect(passes(local, { host, origin: "http://127.0.0.1:8000" })).toBe(true);
  expect(passes(local, { host, origin: "https://app.example" })).toBe(true);
  expect(passes(local, { host: "box.lan", origin: "https://box.lan" })).toBe(true);
});

test.each([
  "https://evil.example",
  "http://127.0.0.1:3000",
  "http://localhost:8000",
  "null",
  "file://",
  "https://app.example.evil",
])("refuses Origin: %s", (origin) => {
  expect(passes(local, { host: "127.0.0.1:8000", origin })).toBe(false);
});

test("the name that was bound and the wildcard are ours", () => {
  const named = createHostCheck({ host: "proxy.internal", allowedHosts: [], corsOrigins: [] });
  expect(passes(named, { host: "proxy.internal:8000" })).toBe(true);
  const any = createHostCheck({ host: "0.0.0.0", allowedHosts: ["*"], corsOrigins: ["*"] });
  expect(passes(any, { host: "whatever.example", origin: "https://page.example" })).toBe(true);
  expect(passes(any, { host: "what ever" })).toBe(false);
});

test("what a page of another site loads without naming its origin is refused, a link that is followed is not", () => {
  const load = { host: "127.0.0.1:8000", "sec-fetch-site": "cross-site" };
  expect(passes(local, { ...load, "sec-fetch-mode": "no-cors" })).toBe(false);
  expect(passes(local, { ...load, "sec-fetch-mode": "navigate" })).toBe(true);
  expect(passes(local, { ...load, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" })).toBe(true);
  expect(passes(local, { ...load, "sec-fetch-mode": "cors", origin: "https://app.example" })).toBe(true);
});
