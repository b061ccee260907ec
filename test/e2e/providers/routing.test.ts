/** Who answers: by the base URL, a header, the model's name, the configuration's rules, or who is left. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { openProviderBench, type ProviderBench } from "../support/provider-bench.ts";

let bench: ProviderBench;
beforeAll(async () => {
  bench = await openProviderBench({
    env: { KEY: "sk-of-all-of-them" },
    config: (demo) => {
      const at = (root: string, more: object = {}) => ({
        base_url: `${demo}/${root}/v1`,
        allow_private: true,
        max_retries: 0,
        credentials: { main: { env: "KEY" } },
        ...more,
      });
      return {
        providers: {
          plain: at("plain"),
          claiming: at("claiming", { models: ["claimed-*", "exactly"] }),
          anthropic: { ...at("anthropic"), base_url: `${demo}/anthropic` },
          // Where nobody is.
          gone: at("gone", { base_url: "http://127.0.0.1:1/v1" }),
          lost: at("lost", { base_url: "http://127.0.0.1:1/v1" }),
          tired: at("tired"),
        },
        routing: {
          default: "plain",
          rules: {
            team: { headers: { "x-team": "blue*" }, backend: "claiming", to_model: "for-the-blue-team" },
            big: { min_kb: 50, wire_format: "openai-chat", backend: "claiming" },
            tools: { model: "/^tool(ed)?$/", tools: true, backend: "anthropic" },
            thinking: { model: "thinker", thinking: true, backend: "claiming" },
            careful: { model: "careful", effort: "high" },
            bounded: { model: "bounded", max_output_tokens: 100, temperature: 0.5, system_prompt: "Be brief." },
            raw: { model: "raw", backend: "lost", relay: "always" },
            path: { path: "/v1/responses", model: "by-path", backend: "claiming" },
            files: { path: "/v1/files", backend: "anthropic" },
            batches: { path: "/v1/messages/batches", backend: "anthropic" },
          },
          fallbacks: { gone: ["tired", "claiming/stand-in"], lost: ["anthropic", "claiming/stand-in"] },
        },
      };
    },
  });
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(async () => {
  await bench.forgetOrders();
  bench.forget();
});

interface Asked {
  readonly path?: string;
  readonly model?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

async function ask({ path = "/v1/chat/completions", model = "any", headers = {}, body = {} }: Asked) {
  const messages = [{ role: "user", content: "Hello." }];
  const said = path.endsWith("/responses") ? { input: "Hello." } : { messages, max_tokens: 2000 };
  const response = await fetch(`${bench.proxy.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model, ...said, ...body }),
  });
  const asked = bench.asked().at(-1);
  return { response, text: await response.text(), root: asked?.path.split("/")[1], body: asked?.body };
}

const tools = [{ type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }];

/** What is asked, who answers, and as what the model is known there. */
const choices: readonly (readonly [string, Asked, string, string])[] = [
  ["nothing is said", {}, "plain", "any"],
  ["the base URL names it", { path: "/providers/claiming/v1/chat/completions" }, "claiming", "any"],
  [
    "the base URL names it, and its model's name begins with another's",
    { path: "/providers/claiming/v1/chat/completions", model: "anthropic/claude-sonnet-5.5" },
    "claiming",
    "anthropic/claude-sonnet-5.5",
  ],
  ["the base URL is Anthropic's", { path: "/api/v1/messages" }, "anthropic", "any"],
  ["a header names it", { headers: { "x-ccproxy-backend": "claiming" } }, "claiming", "any"],
  ["its key names it", { headers: { authorization: "Bearer sk-ant-oat-ccproxy-claiming" } }, "claiming", "any"],
  ["its other key names it", { headers: { "x-api-key": "sk-ant-oat-ccproxy-claiming" } }, "claiming", "any"],
  [
    "a header names it, and a key another",
    { headers: { "x-ccproxy-backend": "claiming", "x-api-key": "sk-ant-oat-ccproxy-nobody" } },
    "claiming",
    "any",
  ],
  ["the model's name begins with it", { model: "claiming/some/model" }, "claiming", "some/model"],
  ["the model's name begins with nobody's", { model: "vendor/some-model" }, "plain", "vendor/some-model"],
  ["it claims the model", { model: "claimed-7" }, "claiming", "claimed-7"],
  ["it claims the model by its whole name", { model: "exactly" }, "claiming", "exactly"],
  ["a rule looks at a header", { headers: { "x-team": "blue one" } }, "claiming", "for-the-blue-team"],
  [
    "a rule comes before what the client names",
    { headers: { "x-team": "blue", "x-ccproxy-backend": "plain" } },
    "claiming",
    "for-the-blue-team",
  ],
  ["a rule looks at the size", { body: { user: "u".repeat(60_000) } }, "claiming", "any"],
  ["a rule looks at tools", { model: "tooled", body: { tools } }, "anthropic", "tooled"],
  ["a rule of which not everything holds", { model: "tooled" }, "plain", "tooled"],
  ["a rule looks at thinking", { model: "thinker", body: { reasoning_effort: "low" } }, "claiming", "thinker"],
  ["a rule looks at the path", { path: "/v1/responses", model: "by-path" }, "claiming", "by-path"],
];

// proves("upstream-routing", "upstream-key-names")
test.each(choices)("where %s", async (_name, asked, backend, model) => {
  const { response, root, body } = await ask(asked);
  expect(response.status).toBe(200);
  expect(root).toBe(backend);
  expect(body).toMatchObject({ model });
  expect(response.headers.get("x-ccproxy-backend")).toBe(backend);
  expect(response.headers.get("x-ccproxy-model")).toBe(model);
  bench.expectRow(response.headers.get("x-request-id") ?? "", { backend, modelUsed: model, status: 200 });
});

// proves("upstream-rule-options")
test("a rule's effort is asked for where the client asks for none, in whatever format", async () => {
  for (const path of ["/v1/chat/completions", "/v1/messages"]) {
    expect((await ask({ path, model: "careful" })).body).toMatchObject({ reasoning_effort: "high" });
    const own = path.endsWith("/messages") ? { output_config: { effort: "low" } } : { reasoning_effort: "low" };
    expect((await ask({ path, model: "careful", body: own })).body).toMatchObject({ reasoning_effort: "low" });
  }
});

test("a rule bounds answers and speaks first, whatever the client says, and sets what it leaves open", async () => {
  for (const path of ["/v1/chat/completions", "/v1/messages"]) {
    const { body, response } = await ask({ path, model: "bounded" });
    expect(body).toMatchObject({ max_tokens: 100, temperature: 0.5 });
    expect(body).toMatchObject({ messages: [{ role: "system", content: "Be brief." }, { role: "user" }] });
    expect(response.headers.has("x-ccproxy-ignored-params")).toBe(false);
    const own = await ask({ path, model: "bounded", body: { max_tokens: 50, temperature: 0 } });
    expect(own.body).toMatchObject({ max_tokens: 50, temperature: 0 });
  }
});

// proves("api-prefixes-backends")
test.each([
  ["/cc/v1/messages", {}],
  ["/claude/v1/messages", {}],
  ["/v1/messages", { "x-ccproxy-backend": "claude-cli" }],
])("%s %o is Claude Code's, also where something else is the default", async (path, headers) => {
  const { response, text } = await ask({ path, headers });
  // There is none here.
  expect([response.status, response.headers.get("x-ccproxy-backend")]).toEqual([503, "claude-cli"]);
  expect(text).toContain("Claude Code could not be started");
  expect(bench.asked()).toEqual([]);
});

test.each([
  ["/providers/clamining/v1/messages", {}],
  ["/v1/messages", { "x-ccproxy-backend": "clamining" }],
  ["/v1/messages", { "x-api-key": "sk-ant-oat-ccproxy-clamining" }],
])("%s %o: a backend that there is none of is a 404 that says what is meant", async (path, headers) => {
  const { response, text } = await ask({ path, headers });
  expect(response.status).toBe(404);
  expect(JSON.parse(text)).toMatchObject({ type: "error", error: { type: "not_found_error" } });
  expect(text).toContain("Did you mean claiming?");
  expect(response.headers.has("x-ccproxy-backend")).toBe(false);
  expect(bench.asked()).toEqual([]);
});

describe("models", () => {
  test("of all are in one list, those of others behind their names", async () => {
    const openai = new OpenAI({ baseURL: `${bench.proxy.url}/v1`, apiKey: "any", maxRetries: 0 });
    const ids = (await Array.fromAsync(await openai.models.list())).map(({ id }) => id);
    const anthropic = new Anthropic({ baseURL: bench.proxy.url, apiKey: "any", maxRetries: 0 });
    expect((await Array.fromAsync(await anthropic.models.list())).map(({ id }) => id)).toEqual(ids);
    // The default's go by their own names, unless another would be asked by them.
    const behind = ids.filter((id) => id.startsWith("claiming/")).map((id) => id.slice("claiming/".length));
    expect(behind.length).toBeGreaterThan(2);
    const own = behind.map((id) => (id.startsWith("anthropic/") ? `plain/${id}` : id));
    expect(own).not.toEqual(behind);
    expect(ids).toEqual(expect.arrayContaining(own));
    expect(ids.some((id) => id.startsWith("anthropic/claude-"))).toBe(true);
    expect(ids.some((id) => id.startsWith("gone/"))).toBe(false);
    expect(ids).toHaveLength(new Set(ids).size);
  });

  test("of one that speaks another language are told in the client's", async () => {
    const at = `${bench.proxy.url}/providers/claiming`;
    const anthropic = new Anthropic({ baseURL: at, apiKey: "any", maxRetries: 0 });
    const models = await Array.fromAsync(await anthropic.models.list());
    expect(models.map(({ type }) => type)).toEqual(models.map(() => "model"));
    expect(models.map(({ id }) => id)).toContain("demo");
  });

  test("each of the list can be asked for", async () => {
    for (const id of ["claiming/demo", "anthropic/claude-haiku-4-5", "plain/anthropic/claude-sonnet-5.5"]) {
      const { response, root, body } = await ask({ model: id });
      expect([response.status, root]).toEqual([200, id.split("/")[0]]);
      expect(body).toMatchObject({ model: id.slice(id.indexOf("/") + 1) });
    }
  });
});

// proves("upstream-named-errors")
describe("an error before the first byte says who was asked, and as what", () => {
  test.each(["/v1/chat/completions", "/v1/messages"])("at %s, where nobody could answer", async (path) => {
    for (const root of ["/tired/", "/claiming/"]) await bench.order({ directives: "[[demo error 529]]", path: root });
    const { response } = await ask({ path: `/providers/gone${path}` });
    expect(response.ok).toBe(false);
    expect(response.headers.get("x-ccproxy-backend")).toBe("claiming");
    expect(response.headers.get("x-ccproxy-model")).toBe("stand-in");
    expect(response.headers.get("x-ccproxy-fell-back-from")).toBe("gone, tired");
  });

  test("where the request is refused here", async () => {
    const headers = { "x-ccproxy-strict": "true" };
    const { response } = await ask({ path: "/v1/messages", model: "claimed-1", headers, body: { top_k: 5 } });
    expect(response.status).toBe(400);
    expect(response.headers.get("x-ccproxy-backend")).toBe("claiming");
    expect(response.headers.get("x-ccproxy-model")).toBe("claimed-1");
  });

  test("where its tokens are counted", async () => {
    await bench.order({ directives: "[[demo error 429]]", path: "count_tokens" });
    const { response } = await ask({ path: "/api/v1/messages/count_tokens", model: "anthropic/x" });
    expect([response.status, response.headers.get("x-ccproxy-backend")]).toEqual([429, "anthropic"]);
  });
});

describe("who stands in", () => {
  test("is asked where one cannot be reached, and named; translated or passed on", async () => {
    for (const path of ["/providers/gone/v1/chat/completions", "/providers/gone/v1/messages"]) {
      const { response, root, body } = await ask({ path });
      expect([response.status, root]).toEqual([200, "tired"]);
      expect(body).toMatchObject({ model: "any" });
      expect(response.headers.get("x-ccproxy-backend")).toBe("tired");
      expect(response.headers.get("x-ccproxy-fell-back-from")).toBe("gone");
    }
  });

  test("may fail in turn; the last is asked for a model of its own", async () => {
    await bench.order({ directives: "[[demo error 529]]", path: "/tired/" });
    for (const path of ["/providers/gone/v1/chat/completions", "/providers/gone/v1/messages"]) {
      const { response, root, body } = await ask({ path });
      expect([response.status, root]).toEqual([200, "claiming"]);
      expect(body).toMatchObject({ model: "stand-in" });
      expect(response.headers.get("x-ccproxy-fell-back-from")).toBe("gone, tired");
      expect(response.headers.get("x-ccproxy-model")).toBe("stand-in");
    }
  });

  test("is left out, and named, where a rule passes bytes on and it would have to read them", async () => {
    const { response, root, body } = await ask({ model: "raw", body: { unheard_of: { by: "us" } } });
    expect([response.status, root]).toEqual([200, "claiming"]);
    expect(body).toMatchObject({ model: "stand-in", unheard_of: { by: "us" } });
    expect(response.headers.get("x-ccproxy-fell-back-from")).toBe("lost");
    expect(response.headers.get("x-ccproxy-not-asked")).toBe("anthropic");
    await bench.order({ directives: "[[demo error 529]]", path: "/claiming/" });
    const refused = (await ask({ model: "raw" })).response;
    expect([refused.status, refused.headers.get("x-ccproxy-not-asked")]).toEqual([529, "anthropic"]);
  });

  test("is not asked for a fault of the request", async () => {
    await bench.order({ directives: "[[demo error 400]]", path: "/tired/" });
    const { response } = await ask({ path: "/providers/gone/v1/chat/completions" });
    expect(response.status).toBe(400);
    expect(bench.asked().map(({ path }) => path)).toEqual(["/tired/v1/chat/completions"]);
  });
});

test('each is one row that says who answered; proves("log-access")', () => bench.checkRows());

test("files and batches under their bare paths go where a rule sends them", async () => {
  const { anthropic } = bench.clients("");
  const file = await anthropic.beta.files.upload({ file: new File(["plum"], "fruit.txt", { type: "text/plain" }) });
  expect(file).toMatchObject({ filename: "fruit.txt", size_bytes: 4 });
  const params = { model: "any", max_tokens: 10, messages: [{ role: "user" as const, content: "[[demo say Hi]]" }] };
  const batch = await anthropic.messages.batches.create({ requests: [{ custom_id: "one", params }] });
  expect((await anthropic.messages.batches.retrieve(batch.id)).id).toBe(batch.id);
  expect(bench.asked().map(({ path }) => path)).toEqual([
    "/anthropic/v1/files",
    "/anthropic/v1/messages/batches",
    `/anthropic/v1/messages/batches/${batch.id}`,
  ]);
});
