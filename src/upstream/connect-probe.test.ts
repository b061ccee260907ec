import { dlopen, ptr } from "bun:ffi";
import { expect, test } from "bun:test";
import { connect } from "node:net";

import { createUpstream } from "./upstream.ts";

const isLinux = process.platform === "linux";
if (!isLinux)
  process.stdout.write("ABSENT connections that hang are made on Linux alone: connect_timeout_seconds is not tested\n");

/** A socket that listens and never accepts, with its queue full: the next one to connect waits. */
async function openHanging() {
  const int = "int";
  const { symbols } = dlopen("libc.so.6", {
    socket: { args: [int, int, int], returns: int },
    bind: { args: [int, "ptr", int], returns: int },
    listen: { args: [int, int], returns: int },
    getsockname: { args: [int, "ptr", "ptr"], returns: int },
    close: { args: [int], returns: int },
  });
  const [inet, stream] = [2, 1];
  const file = symbols.socket(inet, stream, 0);
  const address = Uint8Array.of(inet, 0, 0, 0, 127, 0, 0, 1, ...Array<number>(8).fill(0));
  symbols.bind(file, ptr(address), address.length);
  symbols.listen(file, 0);
  symbols.getsockname(file, ptr(address), ptr(Uint32Array.of(address.length)));
  const port = new DataView(address.buffer).getUint16(2);
  const held = Array.from({ length: 3 }, () => connect({ host: "127.0.0.1", port }));
  await Bun.sleep(20);
  return {
    port,
    close() {
      for (const socket of held) socket.destroy();
      symbols.close(file);
    },
  };
}

function upstreamWith(limitMs: number, address?: { readonly host: string; readonly port: number }) {
  const upstream = createUpstream({
    provider: "Somebody",
    settings: "providers.acme",
    credentials: [],
    spread: "failover",
    connect: { limitMs, address },
    responseTimeoutMs: 5000,
    maxRetries: 0,
  });
  return (url: string) =>
    upstream.send({ url, method: "GET", headers: {}, authorize: () => ({}), signal: new AbortController().signal });
}

test.skipIf(!isLinux)("who cannot be connected to is given up after a while, and so is a proxy", async () => {
  const hanging = await openHanging();
  const problem = /^Somebody could not be connected to within 0.05 seconds/;
  await expect(upstreamWith(50)(`http://127.0.0.1:${hanging.port}/`)).rejects.toThrow(problem);
  const proxy = { host: "127.0.0.1", port: hanging.port };
  using slow = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Promise.withResolvers<Response>().promise });
  await expect(upstreamWith(50, proxy)(slow.url.href)).rejects.toThrow(problem);
  hanging.close();
});

test("who is connected may take longer to answer", async () => {
  using slow = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch() {
      await Bun.sleep(80);
      return new Response("late");
    },
  });
  const { response } = await upstreamWith(20)(slow.url.href);
  expect(await response.text()).toBe("late");
});
