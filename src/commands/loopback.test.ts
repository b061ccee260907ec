import { expect, test } from "bun:test";

import { isLoopback } from "./loopback.ts";

test.each(["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LOCALHOST", "::ffff:127.0.0.1"])(
  "%s is this machine alone",
  (host) => expect(isLoopback(host)).toBe(true),
);

test.each([
  "0.0.0.0",
  "::",
  "[::]",
  "",
  "192.168.0.2",
  "127.0.0.1.evil.example",
  "localhost.evil.example",
  "my-machine",
])("%p is not", (host) => expect(isLoopback(host)).toBe(false));
