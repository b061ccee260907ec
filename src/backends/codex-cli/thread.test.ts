import { expect, test } from "bun:test";
import { tmpdir } from "node:os";

import { noUsage } from "#core/usage.ts";
import { startChild } from "#process/child.ts";

import { AppServer } from "./app-server.ts";
import { Thread } from "./thread.ts";

test("of two calls at once with one id the second is answered at once, and the client knows of one", async () => {
  // What it is told can be read from its stderr.
  const server = new AppServer(startChild({ command: "/bin/sh", args: ["-c", "cat >&2"], cwd: tmpdir(), env: {} }));
  const { signal } = new AbortController();
  const options = { server, provider: "p", responseTimeoutMs: 1000, signal, onEnd: () => undefined };
  const thread = new Thread(options, "t", "m", noUsage);
  const reading = { clientName: (name: string) => name, offered: new Set<string>(), tellsActs: false };
  thread.begin({ items: [], turn: {}, ignoredFields: [] }, reading, signal).catch(() => undefined);
  for (const id of [71, 72]) thread.asked(id, "item/tool/call", { callId: "same", tool: "look", arguments: {} });
  expect(thread.calls).toEqual(["same"]);
  const told = async (): Promise<string> => {
    await Bun.sleep(1);
    return server.child.stderrTail().includes('"success":false') ? server.child.stderrTail() : await told();
  };
  expect(await told()).toContain('{"id":72,');
  expect(await told()).not.toContain('{"id":71,');
  await server.stop();
});
