import { afterAll, expect, test } from "bun:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { GatewayError } from "#core/errors.ts";

import { play, textEvents } from "./testing/scripted-gateway.ts";
import { startTestServer } from "./testing/test-server.ts";

const server = startTestServer({}, { accessTokens: { plain: "let-me-in" } });
afterAll(() => server[Symbol.asyncDispose]());

const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "let-me-in", maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: server.url, apiKey: "let-me-in", maxRetries: 0 });
const ask = { model: "sonnet", messages: [{ role: "user" as const, content: "Hi" }] };
const askAnthropic = { ...ask, max_tokens: 100 };

test("openai: whole, streamed raw and by the helper", async () => {
  const { data, request_id } = await openai.chat.completions.create(ask).withResponse();
  expect(data.choices[0]?.message.content).toBe("Hello world");
  expect(request_id).toMatch(/^req_/);
  let text = "";
  for await (const chunk of await openai.chat.completions.create({ ...ask, stream: true }))
    text += chunk.choices[0]?.delta.content ?? "";
  expect(text).toBe("Hello world");
  const final = await openai.chat.completions
    .stream({ ...ask, stream_options: { include_usage: true } })
    .finalChatCompletion();
  expect(final.choices[0]?.finish_reason).toBe("stop");
  expect(final.usage?.prompt_tokens).toBe(12);
});

test("anthropic: whole, streamed raw and by the helper, counted", async () => {
  const { data, request_id } = await anthropic.messages.create(askAnthropic).withResponse();
  expect(data.content).toMatchObject([{ type: "text", text: "Hello world" }]);
  expect(request_id).toMatch(/^req_/);
  const types: string[] = [];
  for await (const event of await anthropic.messages.create({ ...askAnthropic, stream: true })) types.push(event.type);
  expect(types.at(-1)).toBe("message_stop");
  const final = await anthropic.messages.stream(askAnthropic).finalMessage();
  expect(final.stop_reason).toBe("end_turn");
  expect(await anthropic.messages.countTokens(ask)).toMatchObject({ input_tokens: 42 });
});

// proves("api-models")
test("both read the models, all pages of them", async () => {
  const ids = ["claude-test-1", "claude-test-2[1m]", "claude-test-3"];
  const seen: string[] = [];
  for await (const model of openai.models.list()) seen.push(model.id);
  for await (const model of anthropic.models.list({ limit: 2 })) seen.push(model.id);
  expect(seen).toEqual([...ids, ...ids]);
  expect((await openai.models.retrieve("claude-test-2[1m]")).id).toBe("claude-test-2[1m]");
  expect((await anthropic.models.retrieve("sonnet")).display_name).toBe("Claude Test 1");
});

/** What it fails with. The clients' own promises are not native ones, which `rejects` needs. */
async function failureOf(call: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    return ["it did not fail", await call()];
  } catch (error) {
    return error;
  }
}

test("both raise their own classes of error", async () => {
  const wrong = { apiKey: "wrong", maxRetries: 0 };
  const stranger = new OpenAI({ baseURL: `${server.url}/v1`, ...wrong });
  const strangerAnthropic = new Anthropic({ baseURL: server.url, ...wrong });
  expect(await failureOf(() => stranger.models.list())).toBeInstanceOf(OpenAI.AuthenticationError);
  expect(await failureOf(() => strangerAnthropic.models.list())).toBeInstanceOf(Anthropic.AuthenticationError);
  expect(await failureOf(() => openai.models.retrieve("none"))).toBeInstanceOf(OpenAI.NotFoundError);
  expect(await failureOf(() => anthropic.models.retrieve("none"))).toBeInstanceOf(Anthropic.NotFoundError);
  server.gateway.script.refusal = new GatewayError("rate-limit", "Too much.", { retryAfterSeconds: 1 });
  const limited = await failureOf(() => openai.chat.completions.create({ ...ask, stream: true }));
  expect(limited).toBeInstanceOf(OpenAI.RateLimitError);
  const limitedAnthropic = await failureOf(() => anthropic.messages.create({ ...askAnthropic, stream: true }));
  expect(limitedAnthropic).toBeInstanceOf(Anthropic.RateLimitError);
  delete server.gateway.script.refusal;
});

test("both notice a stream that fails, and live through heartbeats before and in it", async () => {
  async function* slow() {
    const [first = [], ...rest] = textEvents("Hello");
    await Bun.sleep(10);
    yield first;
    await Bun.sleep(10);
    yield* play(rest);
  }
  await using patient = startTestServer({ events: slow, started: false }, { heartbeatMs: 2 });
  const toPatient = new OpenAI({ baseURL: `${patient.url}/v1`, apiKey: "x", maxRetries: 0 });
  const toPatientAnthropic = new Anthropic({ baseURL: patient.url, apiKey: "x", maxRetries: 0 });
  expect((await toPatient.chat.completions.stream(ask).finalChatCompletion()).choices[0]?.message.content).toBe(
    "Hello",
  );
  expect((await toPatientAnthropic.messages.stream(askAnthropic).finalMessage()).content).toHaveLength(1);
  patient.gateway.script.events = () =>
    play([
      ...textEvents("Hello").slice(0, 2),
      [{ type: "error", error: new GatewayError("upstream", "It broke in the middle.") }],
    ]);
  const broken = await failureOf(() => toPatient.chat.completions.stream(ask).finalChatCompletion());
  expect(String(broken)).toContain("It broke in the middle");
  const brokenAnthropic = await failureOf(() => toPatientAnthropic.messages.stream(askAnthropic).finalMessage());
  expect(String(brokenAnthropic)).toContain("It broke in the middle");
});
