/** Responses that providers keep, asked for on the bare path: found at whom they were made, by their own callers alone. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import OpenAI from "openai";

import { type DemoUpstream, startDemoUpstream } from "#demo/demo-upstream.ts";

import { failureOf } from "../support/clients.ts";
import { type Proxy, startProxy } from "../support/proxy.ts";

setDefaultTimeout(20_000);

const tokens = { ann: "sesame-of-ann-and-nobody-else", bob: "sesame-of-bob-and-nobody-else" };
const keys = { KEY: "sk-of-openai", FIRST: "sk-first-of-two-keys", SECOND: "sk-second-of-two-keys" };

let demo: DemoUpstream;
let proxy: Proxy;

async function start(home?: string): Promise<Proxy> {
  const provider = (more: object) => ({
    base_url: `${demo.url}/v1`,
    wire_format: "openai-responses",
    allow_private: true,
    max_retries: 0,
    ...more,
  });
  const folder = home ?? (await mkdtemp(join(tmpdir(), "ccproxy-kept-")));
  const file = join(folder, "kept.json");
  await Bun.write(
    file,
    JSON.stringify({
      claude: { path: join(folder, "no-claude") },
      server: { tokens },
      routing: {
        rules: {
          translated: { headers: { "x-team": "read" }, relay: "never" },
          elsewhere: { headers: { "x-team": "other" }, backend: "other" },
        },
      },
      providers: {
        openai: provider({ credentials: { main: { env: "KEY" } }, default_model: "gpt-6.1" }),
        other: provider({ credentials: { main: { env: "FIRST" } } }),
        turns: provider({
          models: ["spread-*"],
          spread: "round-robin",
          credentials: { one: { env: "FIRST" }, two: { env: "SECOND" } },
          base_url: `${demo.url}/compatible/v1`,
        }),
      },
    }),
  );
  return await startProxy({
    claude: null,
    upstream: demo,
    home: folder,
    env: keys,
    args: ["--config", file, "--pool-size", "0"],
  });
}

beforeAll(async () => {
  demo = startDemoUpstream();
  proxy = await start();
});
afterAll(async () => {
  await proxy.stop();
  await demo.stop();
});

const clientOf = (who: keyof typeof tokens, headers: Readonly<Record<string, string>> = {}, at = "") =>
  new OpenAI({ baseURL: `${proxy.url}${at}/v1`, apiKey: tokens[who], maxRetries: 0, defaultHeaders: headers });
const asking = (say: string, model = "gpt-6.1") => ({ model, input: `[[demo say ${say}]]` });
const unknown = { status: 404, message: expect.stringContaining("You have no response") };

async function streamed(client: OpenAI, say: string): Promise<string> {
  const events = await client.responses.create({ ...asking(say), stream: true });
  let id = "";
  for await (const event of events) {
    if (event.type !== "response.created") continue;
    ({ id } = event.response);
  }
  return id;
}

// proves("upstream-kept-responses", "api-openai-responses")
describe.each(["whole", "streamed"] as const)("a response that a provider made, %s", (how) => {
  test("is found, listed and deleted where it was made, and then forgotten", async () => {
    const { responses } = clientOf("ann");
    const id =
      how === "whole" ? (await responses.create(asking("Kept."))).id : await streamed(clientOf("ann"), "Kept.");
    const { data, response } = await responses.retrieve(id).withResponse();
    expect([data.id, data.output_text, response.headers.get("x-ccproxy-backend")]).toEqual([id, "Kept.", "openai"]);
    // Rules are for what a model is asked.
    expect((await clientOf("ann", { "x-team": "other" }).responses.retrieve(id)).id).toBe(id);
    expect((await responses.inputItems.list(id)).data).toMatchObject([{ role: "user" }]);
    expect(await failureOf(() => responses.cancel(id))).toMatchObject({
      status: 400,
      message: expect.stringContaining("Cannot cancel a synchronous response."),
    });
    await responses.delete(id);
    expect(await failureOf(() => responses.retrieve(id))).toMatchObject(unknown);
  });

  test("is its caller's alone, on every path", async () => {
    const { responses } = clientOf("ann");
    const id =
      how === "whole" ? (await responses.create(asking("Hers."))).id : await streamed(clientOf("ann"), "Hers.");
    for (const at of ["", "/providers/openai"]) {
      const other = clientOf("bob", {}, at).responses;
      for (const call of [
        () => other.retrieve(id),
        () => other.delete(id),
        () => other.cancel(id),
        () => other.inputItems.list(id),
      ])
        expect(await failureOf(call)).toMatchObject(unknown);
    }
    const goesOn = { ...asking("His."), previous_response_id: id };
    expect(await failureOf(() => clientOf("bob").responses.create(goesOn))).toMatchObject({
      status: 400,
      param: "previous_response_id",
    });
    expect((await responses.retrieve(id)).output_text).toBe("Hers.");
  });
});

test("one that runs in the background is cancelled", async () => {
  const { responses } = clientOf("ann");
  const { id } = await responses.create({ ...asking("Slow."), background: true });
  expect((await responses.cancel(id)).status).toBe("cancelled");
  expect((await responses.retrieve(id)).status).toBe("cancelled");
});

test("one is found by the id in the first event of its stream, while that goes on", async () => {
  const { responses } = clientOf("ann");
  const say = "One.]] [[demo stall 300 at=1";
  const events = await responses.create({ ...asking(say), stream: true, background: true });
  const seen: string[] = [];
  for await (const event of events) {
    seen.push(event.type);
    if (event.type === "response.created") expect((await responses.cancel(event.response.id)).status).toBe("cancelled");
  }
  expect([seen[0], seen.at(-1)]).toEqual(["response.created", "response.completed"]);
});

test("one that may not be kept is not", async () => {
  const { responses } = clientOf("ann");
  const { id } = await responses.create({ ...asking("Gone."), store: false });
  expect(await failureOf(() => responses.retrieve(id))).toMatchObject(unknown);
});

describe("what goes on from one", () => {
  const next = { input: "[[demo echo]]" };

  test("goes to whom it was made, by its model's name or without one", async () => {
    const { responses } = clientOf("ann");
    const { id: previous_response_id } = await responses.create(asking("First."));
    for (const model of ["gpt-6.1", "openai/gpt-6.1", undefined]) {
      const goesOn = { ...next, previous_response_id, ...(model !== undefined && { model }) };
      expect((await responses.create(goesOn)).output_text).toContain("First.");
    }
  });

  test.each([
    ["a rule says another", { "x-team": "other" }, "gpt-6.1", "goes to other"],
    ["its model is another's", {}, "other/gpt-6.1", "goes to other"],
    ["nothing says whose its model is", {}, "sonnet", "goes to claude-cli"],
    ["it has to be read", { "x-team": "read" }, "gpt-6.1", "The rule says so."],
  ] as const)("is refused where %s", async (_name, headers, model, why) => {
    const { id } = await clientOf("ann").responses.create(asking("First."));
    const goesOn = { ...next, model, previous_response_id: id };
    const failure = await failureOf(() => clientOf("ann", headers).responses.create(goesOn));
    expect(failure).toMatchObject({ status: 400, param: "previous_response_id" });
    expect(String(failure)).toContain(`openai keeps the response "${id}"`);
    expect(String(failure)).toContain(why);
    expect(String(failure)).toContain("openai/MODEL");
  });
});

// proves("upstream-relay")
describe("a request that is only counted or shortened", () => {
  const asked = () => demo.requests().at(-1);

  test.each([
    ["by its model's name", "", "openai/gpt-6.1"],
    ["by the base URL", "/providers/other", "gpt-6.1"],
    ["by what claims its model", "", "spread-1"],
  ])("goes where it would be answered: %s", async (_name, at, model) => {
    const { responses } = clientOf("ann", {}, at);
    const sent = model.replace("openai/", "");
    const root = model.startsWith("spread") ? "/compatible" : "";
    const counted = await responses.inputTokens.count({ model, input: "Hello there." });
    expect(counted).toMatchObject({ object: "response.input_tokens", input_tokens: expect.any(Number) });
    expect(asked()).toMatchObject({ path: `${root}/v1/responses/input_tokens`, body: { model: sent } });
    // The demo has none of it, and says so itself.
    const failure = await failureOf(() => responses.compact({ model, input: "Hello there." }));
    expect(failure).toMatchObject({ status: 405 });
    const body = { model: sent, input: "Hello there." };
    expect(asked()).toMatchObject({ method: "POST", path: `${root}/v1/responses/compact`, body });
  });

  test("goes to who keeps the response that it goes on from, for its caller alone", async () => {
    const { id: previous_response_id } = await clientOf("ann").responses.create(asking("First."));
    const body = { previous_response_id, input: "More." };
    expect((await clientOf("ann").responses.inputTokens.count(body)).input_tokens).toBeGreaterThan(0);
    expect(asked()).toMatchObject({ body });
    const others = demo.requests().length;
    const failure = await failureOf(() => clientOf("bob", {}, "/providers/openai").responses.inputTokens.count(body));
    expect(failure).toMatchObject({ status: 400, param: "previous_response_id" });
    expect(demo.requests().length).toBe(others);
  });

  test.each(["sonnet", "claude-cli/sonnet"])("is a 404 that says who takes it, for %s", async (model) => {
    const failure = await failureOf(() => clientOf("ann").responses.inputTokens.count({ model, input: "Hello." }));
    expect(failure).toMatchObject({ status: 404, message: expect.stringContaining("below /providers/NAME/v1") });
  });
});

// proves("upstream-kept-responses", "upstream-affinity")
test("of two accounts the one that made it is asked, also after a restart", async () => {
  const made: string[] = [];
  for (const say of ["One.", "Two.", "Three.", "Four.", "Five.", "Six."])
    made.push((await clientOf("ann").responses.create(asking(say, "spread-1"))).id);
  const single = (await clientOf("ann").responses.create(asking("Single."))).id;
  const accounts = new Set(
    demo
      .requests()
      .slice(-7, -1)
      .map(({ credentials }) => JSON.stringify(credentials)),
  );
  expect(accounts.size).toBe(2);
  const { home } = proxy;
  await proxy.end();
  proxy = await start(home);
  const { responses } = clientOf("ann");
  for (const id of made) expect((await responses.retrieve(id)).id).toBe(id);
  expect((await responses.retrieve(single)).output_text).toBe("Single.");
  expect(await failureOf(() => clientOf("bob").responses.retrieve(single))).toMatchObject(unknown);
  const goesOn = { model: "spread-1", input: "[[demo echo]]" };
  for (const id of made) await responses.create({ ...goesOn, previous_response_id: id });
});
