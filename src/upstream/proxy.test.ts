import { afterAll, beforeEach, expect, test } from "bun:test";

import { createUpstream, type UpstreamOptions } from "./upstream.ts";

const seen: { readonly url: string; readonly authorization: string | null; readonly key: string | null }[] = [];
beforeEach(() => {
  seen.length = 0;
});
/** Answers in the place of the upstream. */
const proxy = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch({ url, headers }) {
    seen.push({ url, authorization: headers.get("proxy-authorization"), key: headers.get("x-key") });
    return new Response("by proxy");
  },
});
afterAll(() => proxy.stop(true));

function ask(more: Partial<UpstreamOptions>): Promise<{ readonly response: Response }> {
  const upstream = createUpstream({
    provider: "Acme",
    settings: "providers.acme",
    credentials: [],
    spread: "failover",
    connect: undefined,
    responseTimeoutMs: 5000,
    maxRetries: 0,
    ...more,
  });
  const signal = new AbortController().signal;
  const headers = { "x-key": "k" };
  return upstream.send({ url: "http://acme.invalid/v1/x?a=1", method: "GET", headers, authorize: () => ({}), signal });
}

// proves("upstream-api-key")
test("a proxy is asked in the upstream's place, and is shown its own password alone", async () => {
  const { response } = await ask({ proxy: `http://me:s%40id@127.0.0.1:${proxy.port}` });
  expect(await response.text()).toBe("by proxy");
  const authorization = `Basic ${btoa("me:s@id")}`;
  expect(seen).toEqual([{ url: "http://acme.invalid/v1/x?a=1", authorization, key: "k" }]);
});

test("one that is not there is named by its setting, without what is in it", async () => {
  const dead = { proxy: "http://me:said@127.0.0.1:1", proxySetting: "providers.acme.proxy" };
  const error: unknown = await ask(dead).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    kind: "upstream",
    message: "Acme could not be reached (ECONNREFUSED).",
    options: { hint: "Check its proxy (providers.acme.proxy), providers.acme.base_url, and the network." },
  });
});

test("without one, it is the upstream that is not there", async () => {
  expect(await ask({}).catch((thrown: unknown) => thrown)).toMatchObject({
    options: { hint: "Check providers.acme.base_url, and the network." },
  });
});
