import { afterAll, describe, expect, test } from "bun:test";

import { beginOAuth, readPasted, redeem } from "./oauth-flow.ts";
import { signInFormats } from "./sign-in-format.ts";
import { startAuthorizationServer } from "./testing/authorization-server.ts";

const server = startAuthorizationServer();
afterAll(() => server.stop());
const endpoint = { url: server.tokenUrl };

// proves("upstream-oauth-login")
describe.each(["claude-credentials", "codex-auth"] as const)("%s", (kind) => {
  const client = { ...signInFormats[kind].oauth, clientId: "ours", authorizeUrl: server.authorizeUrl };
  const format = { ...signInFormats[kind], oauth: client };
  const begin = () => beginOAuth(client, "http://127.0.0.1:1/callback");
  const approved = (url: string) => server.approve(url).searchParams.get("code") ?? "";

  test("a code becomes a file that is renewed as the CLI's", async () => {
    const flow = begin();
    const file = await redeem(format, endpoint, { flow, code: approved(flow.url) });
    expect(format.read(file)).toMatchObject({
      accessToken: expect.stringContaining("access-"),
      refreshToken: expect.stringContaining("refresh-"),
    });
    expect(flow.url).not.toContain(flow.verifier);
  });

  test("a code is good once, and only with the verifier it was asked for with", async () => {
    const flow = begin();
    const code = approved(flow.url);
    await redeem(format, endpoint, { flow, code });
    const refused = { kind: "authentication", message: expect.stringContaining("invalid_grant") };
    expect(redeem(format, endpoint, { flow, code })).rejects.toMatchObject(refused);
    const stolen = { flow: begin(), code: approved(flow.url) };
    const error = await redeem(format, endpoint, stolen).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(refused);
    const told = JSON.stringify(error, Object.getOwnPropertyNames(error));
    for (const secret of [stolen.code, stolen.flow.verifier]) expect(told).not.toContain(secret);
  });
});

test("no two have a state or a verifier in common", () => {
  const flows = Array.from({ length: 9 }, () =>
    beginOAuth({ ...signInFormats["codex-auth"].oauth, clientId: "ours" }, "http://127.0.0.1/"),
  );
  expect(new Set(flows.flatMap(({ state, verifier }) => [state, verifier])).size).toBe(18);
});

test.each(["c#s", " c#s\n", "http://localhost:1455/auth/callback?code=c&state=s"])("%j is read as pasted", (text) => {
  expect(Object.fromEntries(readPasted(text))).toMatchObject({ code: "c", state: "s" });
});
