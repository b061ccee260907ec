import { expect, test } from "bun:test";

import { isPrivateHost } from "./private-host.ts";

const hostOf = (authority: string) => new URL(`http://${authority}/`).hostname;

test.each([
  "localhost",
  "LOCALHOST.",
  "127.0.0.1",
  "127.1",
  "0x7f000001",
  "2130706433",
  "0.0.0.0",
  "10.1.2.3",
  "172.16.0.1",
  "192.168.1.1",
  "100.64.0.1",
  "169.254.169.254",
  "metadata.google.internal",
  "printer",
  "nas.local",
  "[::1]",
  "[::]",
  "[fd00::1]",
  "[fe80::1]",
  "[::ffff:127.0.0.1]",
])("%s is private", (authority) => {
  expect(isPrivateHost(hostOf(authority))).toBe(true);
});

test.each([
  "api.openai.com",
  "8.8.8.8",
  "172.32.0.1",
  "100.128.0.1",
  "[2606:4700::1111]",
  "[::ffff:8.8.8.8]",
  "localhost.example.com",
])("%s is not", (authority) => {
  expect(isPrivateHost(hostOf(authority))).toBe(false);
});
