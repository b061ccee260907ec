/** What an API has no word for: whoever asks for it is told, and nothing is dropped without a word. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";

import type { ProviderBench } from "../support/provider-bench.ts";
import { formats, models, openPairBench } from "../support/provider-pairs.ts";
import type { Format } from "../support/provider-ways.ts";

let bench: ProviderBench;
beforeAll(async () => {
  bench = await openPairBench();
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => bench.forget());

const schema = { type: "object", properties: { n: { type: "number" } } };
const hello = [{ role: "user", content: "Hello." }];
const paths: Readonly<Record<Format, string>> = {
  "anthropic-messages": "/v1/messages",
  "openai-chat": "/v1/chat/completions",
  "openai-responses": "/v1/responses",
};

/** All that a request of the format can ask for. */
const everything: Readonly<Record<Format, object>> = {
  "anthropic-messages": {
    system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
    messages: hello,
    max_tokens: 3000,
    temperature: 0.5,
    top_p: 0.9,
    top_k: 5,
    stop_sequences: ["x"],
    metadata: { user_id: "somebody" },
    service_tier: "standard_only",
    thinking: { type: "enabled", budget_tokens: 2000 },
    tools: [
      { name: "f", input_schema: schema, defer_loading: true },
      { type: "web_search_20250305", name: "web_search" },
    ],
    tool_choice: { type: "auto", disable_parallel_tool_use: true },
    output_config: { format: { type: "json_schema", schema } },
    container: "c",
    mcp_servers: [{ type: "url", url: "https://mcp.test", name: "m" }],
    context_management: { edits: [{ type: "clear_thinking_20251015" }] },
    future: 1,
  },
  "openai-chat": {
    messages: [{ role: "developer", content: "Be brief." }, ...hello],
    max_completion_tokens: 3000,
    temperature: 0.5,
    top_p: 0.9,
    top_k: 5,
    stop: ["x"],
    seed: 1,
    logit_bias: { "1": 2 },
    logprobs: true,
    top_logprobs: 2,
    frequency_penalty: 0.5,
    presence_penalty: 0.5,
    user: "somebody",
    metadata: { a: "b" },
    store: true,
    service_tier: "default",
    reasoning_effort: "low",
    parallel_tool_calls: false,
    tools: [{ type: "function", function: { name: "f", parameters: schema, strict: true } }],
    response_format: { type: "json_schema", json_schema: { name: "a", schema } },
    prediction: { type: "content", content: "x" },
    verbosity: "low",
    prompt_cache_key: "k",
    web_search_options: { search_context_size: "low" },
    future: 1,
  },
  "openai-responses": {
    instructions: "Be brief.",
    input: hello,
    max_output_tokens: 3000,
    temperature: 0.5,
    top_p: 0.9,
    top_logprobs: 2,
    user: "somebody",
    store: false,
    service_tier: "default",
    reasoning: { effort: "low", summary: "auto" },
    parallel_tool_calls: false,
    tools: [
      { type: "function", name: "f", parameters: schema, strict: true },
      { type: "web_search" },
      { type: "custom", name: "patch" },
    ],
    text: { format: { type: "json_schema", name: "a", schema }, verbosity: "low" },
    truncation: "auto",
    include: ["reasoning.encrypted_content"],
    max_tool_calls: 3,
    prompt_cache_key: "k",
    future: 1,
  },
};

/** By client and provider, what of that the provider's API cannot be told; `shared`: by any of them. */
const left: Readonly<Record<Format, Readonly<Partial<Record<Format | "shared", readonly string[]>>>>> = {
  "anthropic-messages": {
    shared: [
      "container",
      "mcp_servers",
      "context_management",
      "future",
      "top_k",
      "tools[].type",
      "tools[].defer_loading",
    ],
    "openai-chat": [],
    "openai-responses": ["stop_sequences"],
  },
  "openai-chat": {
    shared: [
      "seed",
      "logit_bias",
      "logprobs",
      "top_logprobs",
      "frequency_penalty",
      "presence_penalty",
      "metadata",
      "store",
      "prediction",
      "verbosity",
      "web_search_options",
      "future",
      "tools[].function.strict",
    ],
    // Claude takes no sampling while it thinks.
    "anthropic-messages": ["temperature", "top_p", "top_k"],
    "openai-responses": ["top_k", "stop"],
  },
  "openai-responses": {
    shared: [
      "truncation",
      "top_logprobs",
      "max_tool_calls",
      "future",
      "text.verbosity",
      "tools[].strict",
      "tools[].type=web_search",
    ],
    "anthropic-messages": ["temperature", "top_p"],
    "openai-chat": [],
  },
};

/** What of that arrives in the provider's own words. */
const arrives: Readonly<Record<Format, object>> = {
  "anthropic-messages": {
    system: [{ type: "text", text: "Be brief." }],
    max_tokens: 3000,
    metadata: { user_id: "somebody" },
    service_tier: "standard_only",
    thinking: { type: "enabled", budget_tokens: expect.any(Number) },
    tool_choice: { type: "auto", disable_parallel_tool_use: true },
    output_config: { format: { type: "json_schema", schema: expect.objectContaining(schema) } },
  },
  "openai-chat": {
    max_tokens: 3000,
    temperature: 0.5,
    top_p: 0.9,
    user: "somebody",
    service_tier: "default",
    reasoning_effort: "low",
    parallel_tool_calls: false,
    response_format: { type: "json_schema", json_schema: { schema } },
  },
  "openai-responses": {
    instructions: "Be brief.",
    max_output_tokens: 3000,
    temperature: 0.5,
    top_p: 0.9,
    user: "somebody",
    service_tier: "default",
    reasoning: { effort: "low" },
    parallel_tool_calls: false,
    text: { format: { type: "json_schema", schema } },
  },
};

async function send(client: Format, provider: Format, body: object, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${bench.proxy.url}/providers/${provider}${paths[client]}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: models[provider], ...body }),
  });
  return { response, text: await response.text() };
}

const pairs = formats.flatMap((client) => formats.map((provider) => [client, provider] as const));
const translated = pairs.filter(([client, provider]) => client !== provider);

// proves("upstream-transform", "request-ignored-params")
describe.each(translated)("%s on %s", (client, provider) => {
  const named = [...(left[client].shared ?? []), ...(left[client][provider] ?? [])].toSorted();

  test("what cannot be carried is named, and the rest arrives", async () => {
    const { response, text } = await send(client, provider, everything[client]);
    expect({ status: response.status, text }).toMatchObject({ status: 200 });
    const ignored = response.headers.get("x-ccproxy-ignored-params")?.split(", ").map(decodeURIComponent).toSorted();
    expect(ignored).toEqual(named);
    expect(bench.lastAsked().body).toMatchObject(arrives[provider]);
  });

  test("who is strict about it is refused, and nobody is asked", async () => {
    const { response, text } = await send(client, provider, everything[client], { "x-ccproxy-strict": "1" });
    expect(response.status).toBe(400);
    for (const name of named) expect(text).toContain(name);
    expect(bench.asked()).toEqual([]);
  });
});

test.each(pairs.filter(([client, provider]) => client === provider))(
  "%s on %s: everything passes",
  async (client, provider) => {
    const { response } = await send(client, provider, everything[client]);
    expect(response.headers.get("x-ccproxy-ignored-params")).toBeNull();
    expect(bench.lastAsked().body).toEqual({ model: models[provider], ...everything[client] });
  },
);

/** Thoughts of an earlier answer that another vendor made. */
const thoughts: Readonly<Record<Format, { readonly body: object; readonly named: string }>> = {
  "anthropic-messages": {
    body: {
      max_tokens: 99,
      messages: [
        ...hello,
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Hm.", signature: "c2lnbmVk" },
            { type: "text", text: "Hi." },
          ],
        },
        ...hello,
      ],
    },
    named: "messages[1].content[0].thinking",
  },
  "openai-chat": {
    body: { messages: [...hello, { role: "assistant", content: "Hi.", reasoning_content: "Hm." }, ...hello] },
    named: "messages[1].reasoning_content",
  },
  "openai-responses": {
    body: {
      input: [
        ...hello,
        { type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }], encrypted_content: "gAAAAB" },
        { role: "assistant", content: "Hi." },
        ...hello,
      ],
    },
    named: "input[1].encrypted_content",
  },
};

test.each(translated)("%s on %s: thoughts that nobody there can read are named", async (client, provider) => {
  const { body, named } = thoughts[client];
  const { response, text } = await send(client, provider, body);
  expect({ status: response.status, text }).toMatchObject({ status: 200 });
  expect(response.headers.get("x-ccproxy-ignored-params")).toBe(named);
  expect(JSON.stringify(bench.lastAsked().body)).not.toContain("Hm.");
});

test.each(formats)("tokens are counted by %s itself where its API counts, and else estimated", async (provider) => {
  const response = await fetch(`${bench.proxy.url}/providers/${provider}/v1/messages/count_tokens`, {
    method: "POST",
    body: JSON.stringify({ model: models[provider], messages: hello, system: "Be brief." }),
  });
  expect(await response.json()).toEqual({ input_tokens: expect.any(Number) });
  const counts = provider === "anthropic-messages";
  expect(response.headers.get("x-ccproxy-estimate")).toBe(counts ? null : "true");
  expect(bench.asked().map(({ path }) => path)).toEqual(counts ? ["/v1/messages/count_tokens"] : []);
});

interface Untranslatable {
  readonly what: string;
  readonly provider: Format;
  readonly block: object;
  /** Of the refusal. */
  readonly words: string;
}

/** Content of Anthropic's that has no equivalent elsewhere. */
const untranslatable: readonly Untranslatable[] = [
  {
    what: "a document by its URL",
    provider: "openai-chat",
    block: { type: "document", source: { type: "url", url: "https://files.test/a.pdf" } },
    words: "URL",
  },
  {
    what: "a file of Anthropic's",
    provider: "openai-responses",
    block: { type: "document", source: { type: "file", file_id: "file_1" } },
    words: "another vendor",
  },
  {
    what: "a block that only Anthropic has",
    provider: "openai-chat",
    block: { type: "search_result", source: "x", title: "t", content: [{ type: "text", text: "y" }] },
    words: "no equivalent",
  },
  {
    what: "one that names a container",
    provider: "openai-responses",
    block: { type: "container_upload", file_id: "file_1" },
    words: "no equivalent",
  },
];
test.each(untranslatable)("$what is refused on $provider", async ({ provider, block, words }) => {
  const body = { max_tokens: 99, messages: [{ role: "user", content: [block] }] };
  const { response, text } = await send("anthropic-messages", provider, body);
  expect(response.status).toBe(400);
  expect(text).toContain(words);
  expect(bench.asked()).toEqual([]);
});
