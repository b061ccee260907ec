import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";

import { fingerprintOf } from "./credential.ts";
import { startDemoUpstream } from "./demo-upstream.ts";
import type { DemoUpstream } from "./demo-upstream.ts";

let upstream: DemoUpstream;
beforeAll(() => void (upstream = startDemoUpstream()));
afterAll(() => upstream.stop());
beforeEach(async () => void (await control("POST reset")));

async function control(call: string, body?: object): Promise<object> {
  const [method = "", path = ""] = call.split(" ");
  const response = await fetch(`${upstream.url}/__demo/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  // Every answer of the control calls is an object or a list.
  return (await response.json()) as object;
}

/** Gives the id of the order. */
async function order(body: object): Promise<number> {
  const made = await control("POST orders", body);
  if ("id" in made && typeof made.id === "number") return made.id;
  throw new Error(`no order was made: ${JSON.stringify(made)}`);
}

interface Given {
  readonly root?: string;
  readonly key?: string;
  readonly prompt?: string;
  readonly headers?: Record<string, string>;
}

const ask = ({ root = "/v1", key = "sk-a", prompt = "hi", headers = {} }: Given = {}) =>
  fetch(`${upstream.url}${root}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify({ model: "m", messages: [{ role: "user", content: prompt }] }),
  });

describe("an order", () => {
  test("is obeyed by the next requests, whatever their prompt", async () => {
    const first = await order({ directives: "[[demo error 429 retry-after=2]]", times: 2 });
    const second = await order({ directives: "[[demo error 500]]", times: 1 });
    const seen = [await ask(), await ask({ prompt: "[[demo say x]]" }), await ask(), await ask()];
    expect(seen.map(({ status }) => status)).toEqual([429, 429, 500, 200]);
    expect(seen[0]?.headers.get("retry-after")).toBe("2");
    expect(await control("GET orders")).toMatchObject([
      { id: first, left: 0, hits: 2 },
      { id: second, left: 0, hits: 1 },
    ]);
  });

  test("may be for one root alone, so that one server plays two providers", async () => {
    await order({ directives: "[[demo error 503]]", path: "/first/" });
    expect((await ask({ root: "/first/v1" })).status).toBe(503);
    expect((await ask({ root: "/second/v1" })).status).toBe(200);
  });

  test("may refuse one key until it is removed, however many ask at once", async () => {
    const id = await order({ directives: "[[demo error 401]]", key: "sk-old" });
    const all = await Promise.all(Array.from({ length: 20 }, () => ask({ key: "sk-old" })));
    expect(all.every(({ status }) => status === 401)).toBe(true);
    expect((await ask({ key: "sk-new" })).status).toBe(200);
    const viaAnthropic = await fetch(`${upstream.url}/v1/models`, { headers: { "x-api-key": "sk-old" } });
    expect(viaAnthropic.status).toBe(401);
    expect(await viaAnthropic.json()).toMatchObject({ type: "error", error: { type: "authentication_error" } });
    const told = await control("GET orders");
    expect(told).toMatchObject([{ credential: fingerprintOf("sk-old"), left: null, hits: 21 }]);
    expect(JSON.stringify(told)).not.toContain("sk-old");
    expect(await control(`DELETE orders/${id}`)).toEqual([]);
    expect((await ask({ key: "sk-old" })).status).toBe(200);
  });

  test("adds to what the prompt says, and says it anew where both do", async () => {
    await order({
      directives: "[[demo header x-more=1]] [[demo quirk no-usage]] [[demo stop max_tokens]]",
    });
    const response = await ask({ prompt: "[[demo say kept]] [[demo stop end_turn]]" });
    const answer: unknown = await response.json();
    expect(response.headers.get("x-more")).toBe("1");
    expect(answer).toMatchObject({ choices: [{ message: { content: "kept" }, finish_reason: "length" }] });
    expect(answer).not.toHaveProperty("usage");
    await control("POST reset");
    await order({ directives: "[[demo say other]]" });
    expect(await (await ask({ prompt: "[[demo say kept]]" })).text()).toContain('"content":"other"');
  });

  test.each([
    [{}, "directives"],
    [{ directives: "[[demo nonsense]]" }, "unknown"],
    [{ directives: "words" }, "only directives"],
    [{ directives: "[[demo empty]] [[demo then]]" }, "of one step"],
    [{ directives: "[[demo empty]]", times: 0 }, "times"],
    [{ directives: "[[demo empty]]", who: "me" }, "who"],
  ])("%j is refused with the reason", async (body, reason) => {
    expect(JSON.stringify(await control("POST orders", body))).toContain(reason);
    expect(await control("GET orders")).toEqual([]);
  });

  test("ends with a reset", async () => {
    await order({ directives: "[[demo error 500]]" });
    await control("POST reset");
    expect((await ask()).status).toBe(200);
    expect(await control("DELETE orders/99")).toMatchObject({ error: "order 99 is unknown" });
  });
});

describe("the recording", () => {
  test("tells which credential came by its fingerprint, and never the credential", async () => {
    await ask({ key: "sk-secret", headers: { "x-api-key": "other-secret" } });
    const told = await control("GET requests?last=1");
    expect(told).toMatchObject([
      {
        headers: { authorization: "[redacted]", "x-api-key": "[redacted]" },
        credentials: {
          authorization: `Bearer ${fingerprintOf("sk-secret")}`,
          "x-api-key": fingerprintOf("other-secret"),
        },
      },
    ]);
    expect(JSON.stringify(told)).not.toContain("secret");
  });

  test("keeps the bytes of a body as they came", async () => {
    const body = '{ "model":"m","messages":[{"role":"user","content":"\\u0068i"}], "odd": 1.0 }';
    await fetch(`${upstream.url}/v1/chat/completions?beta=true`, {
      method: "POST",
      headers: { authorization: "Bearer k" },
      body,
    });
    const last = upstream.requests().at(-1);
    expect(last?.path).toBe("/v1/chat/completions?beta=true");
    expect(new TextDecoder().decode(last?.bytes())).toBe(body);
    const kept = await fetch(`${upstream.url}/__demo/requests/${last?.number}/body`);
    expect(await kept.text()).toBe(body);
    expect((await fetch(`${upstream.url}/__demo/requests/9999/body`)).status).toBe(404);
  });
});
