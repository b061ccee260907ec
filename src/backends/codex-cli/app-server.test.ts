import { expect, test } from "bun:test";
import { tmpdir } from "node:os";

import { startChild } from "#process/child.ts";

import { AppServer } from "./app-server.ts";

const start = (script: string, answerTimeoutMs?: number) =>
  new AppServer(startChild({ command: "/bin/sh", args: ["-c", script], cwd: tmpdir(), env: {} }), answerTimeoutMs);

test("one that says nothing any more is ended, and its threads are told", async () => {
  const server = start("cat > /dev/null", 20);
  const gone: string[] = [];
  server.threads.set("t", { told() {}, asked() {}, gone: ({ kind }) => void gone.push(kind) });
  await expect(server.request("thread/start", {})).rejects.toMatchObject({ kind: "timeout" });
  expect(await server.child.exited).toMatchObject({ signal: "SIGKILL" });
  expect(server.usable).toBe(false);
  expect(gone).toEqual(["timeout"]);
});

test("one that is only slow with a request goes on", async () => {
  const server = start(
    'while read -r line; do case $line in *loaded/list*) echo "{\\"id\\":\\"pulse\\"}";; esac; done',
    150,
  );
  await expect(server.request("thread/start", {})).rejects.toMatchObject({ kind: "timeout" });
  await Bun.sleep(200);
  expect(server.usable).toBe(true);
  await server.stop();
});

test("one that floods with what is no message is ended", async () => {
  const server = start("yes garbage");
  const asked = server.request("initialize", {});
  expect(await server.child.exited).toMatchObject({ signal: "SIGKILL" });
  await expect(asked).rejects.toMatchObject({ message: expect.stringContaining("none of its protocol") });
});
