import { afterAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";

import { beginKeyFlow, keyFlows, redeemKey } from "./key-flow.ts";
import { startKeyServer } from "./testing/key-server.ts";

const vendor = startKeyServer();
afterAll(() => vendor.stop());
const endpoint = { url: vendor.keyUrl };
const begin = () => beginKeyFlow(vendor.authorizeUrl, "http://localhost:51423/callback");
const approved = (url: string) => vendor.approve(url).searchParams.get("code") ?? "";

// proves("upstream-oauth-keys")
test("a person is sent with a challenge and a way back that has our state in it, and nothing else", () => {
  const { url, state, verifier } = beginKeyFlow(keyFlows.openrouter.authorizeUrl, "http://localhost:51423/callback");
  expect(url).toStartWith("https://openrouter.ai/auth?");
  expect(Object.fromEntries(new URL(url).searchParams)).toEqual({
    callback_url: `http://localhost:51423/callback?state=${state}`,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  expect(url).not.toContain(verifier);
});

test("no two have a state or a verifier in common", () => {
  const flows = Array.from({ length: 9 }, begin);
  expect(new Set(flows.flatMap(({ state, verifier }) => [state, verifier])).size).toBe(18);
});

test("a code becomes a key, once, and only with the verifier it was asked for with", async () => {
  const flow = begin();
  const code = approved(flow.url);
  expect(await redeemKey(endpoint, { flow, code })).toBe(vendor.keys.at(-1) ?? "none");
  expect(vendor.asked.at(-1)).toEqual({ code, code_verifier: flow.verifier, code_challenge_method: "S256" });
  const refused = { kind: "authentication", message: expect.stringContaining("the code is used, too old") };
  await expect(redeemKey(endpoint, { flow, code })).rejects.toMatchObject(refused);
  await expect(redeemKey(endpoint, { flow: begin(), code: approved(flow.url) })).rejects.toMatchObject(refused);
});

test.each([
  [new Response('{"error":"SECRET"}', { status: 400 }), "authentication", "did not take the code: it answered 400"],
  [new Response("SECRET", { status: 403 }), "authentication", "made no key: the code"],
  [new Response("SECRET", { status: 401 }), "authentication", "did not take the code: it answered 401"],
  [new Response("SECRET", { status: 429 }), "upstream", "made no key: it answered 429"],
  [new Response("SECRET", { status: 500 }), "upstream", "answered 500"],
  [new Response(null, { status: 307, headers: { location: vendor.keyUrl } }), "upstream", "answered 307"],
  [new Response("SECRET"), "upstream", "without a key"],
  [Response.json({ key: "" }), "upstream", "without a key"],
  [Response.json({ key: "SECRET\r\nx: y" }), "upstream", "without a key"],
])("%# what is no key is told by its status alone", async (answer, kind, words) => {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => answer });
  const flow = begin();
  const url = `http://127.0.0.1:${server.port}/keys`;
  const error = await redeemKey({ url }, { flow, code: "SECRET" }).catch((thrown: unknown) => thrown);
  await server.stop(true);
  expect(error).toMatchObject({ kind, message: expect.stringContaining(words) });
  const told = JSON.stringify(error, Object.getOwnPropertyNames(error));
  for (const secret of ["SECRET", flow.verifier, flow.state]) expect(told).not.toContain(secret);
  // What was sent went nowhere else.
  expect(vendor.asked.some(({ code }) => code === "SECRET")).toBe(false);
});

test("where nobody answers, it says who was asked for what", async () => {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const url = `http://127.0.0.1:${server.port}/keys`;
  await server.stop(true);
  const message = expect.stringContaining("could not be asked for a key");
  await expect(redeemKey({ url }, { flow: begin(), code: "c" })).rejects.toMatchObject({ kind: "upstream", message });
});

test("it is asked through the provider's proxy", async () => {
  const flow = begin();
  const proxied = { url: "http://keys.example/api/v1/auth/keys", proxy: new URL(vendor.keyUrl).origin };
  expect(await redeemKey(proxied, { flow, code: approved(flow.url) })).toBe(vendor.keys.at(-1) ?? "none");
});
