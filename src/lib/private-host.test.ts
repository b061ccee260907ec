import { expect, test } from "bun:test";

import { isAddress, isPrivateAddress, isPrivateHost } from "./private-host.ts";

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
  "[::ffff:0:10.0.0.1]",
  "[::10.0.0.1]",
  "[64:ff9b::10.0.0.1]",
  "[64:ff9b:1::808:808]",
  "[2002:a00:1::]",
  "[fc00::1]",
  "[fec0::1]",
  "[0:0:0:0:0:0:0:1]",
  "0177.0.0.1",
  "127.0.0.1.",
  "１２７.0.0.1",
  "192.0.0.192",
  "0.1.2.3",
  "localhost.localdomain",
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
  "[64:ff9b::8.8.8.8]",
  "[2002:808:808::]",
  "[2001:db8::fe80]",
  "192.0.2.1",
  "localhost.example.com",
])("%s is not", (authority) => {
  expect(isPrivateHost(hostOf(authority))).toBe(false);
});

test.each([
  ["10.0.0.1", true],
  ["fe80::1%eth0", true],
  ["::ffff:10.0.0.1", true],
  ["no address", true],
  ["8.8.8.8", false],
  ["2606:4700::1111", false],
])("a lookup that tells %s: %p", (address, isPrivate) => {
  expect(isPrivateAddress(address)).toBe(isPrivate);
});

test("an address needs no lookup", () => {
  expect(["127.1", "[::1]", "api.openai.com", "1.2.3.4.example"].map((host) => isAddress(hostOf(host)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
