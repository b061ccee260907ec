import { describe, expect, test } from "bun:test";

import { findPortOwner, parseLsof } from "./port-owner.ts";
import { describePortTaken, isPortTaken } from "./port-taken.ts";

function listen(port = 0) {
  return Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => undefined } });
}

describe.skipIf(process.platform !== "linux")("on Linux", () => {
  test("the process that listens is named from /proc", async () => {
    const listener = listen();
    expect(await findPortOwner(listener.port)).toEndWith(`(pid ${process.pid})`);
    const { port } = listener;
    listener.stop(true);
    expect(await findPortOwner(port)).toBeUndefined();
  });
});

test("what lsof prints for macOS is read", () => {
  expect(parseLsof("p4711\ncnode server\nf12\n")).toBe("node server (pid 4711)");
  expect(parseLsof("")).toBeUndefined();
});

test("a taken port is told with who has it and which one is free", async () => {
  using listener = listen();
  let caught: unknown;
  try {
    listen(listener.port).stop(true);
  } catch (error) {
    caught = error;
  }
  expect(isPortTaken(caught)).toBe(true);
  const message = await describePortTaken({ host: "127.0.0.1", port: listener.port, flag: "--port" });
  expect(message).toStartWith(`port ${listener.port} on 127.0.0.1 is taken`);
  expect(message).toMatch(/; --port \d+ is free$/);
});
