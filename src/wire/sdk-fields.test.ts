/** Nothing that an official SDK lets a client ask for gets lost without a word, whichever API it is told to. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import { GatewayError } from "#core/errors.ts";
import type { ModelRequest } from "#core/request.ts";
import type { UpstreamFormat } from "#core/upstream-format.ts";
import type { WireFormat } from "#core/wire-format.ts";

import { anthropicMessages } from "./anthropic-messages/index.ts";
import { anthropicMessagesUpstream } from "./anthropic-messages/upstream/index.ts";
import { openaiChat } from "./openai-chat/index.ts";
import { openaiChatUpstream } from "./openai-chat/upstream/index.ts";
import { openaiResponses } from "./openai-responses/index.ts";
import { openaiResponsesUpstream } from "./openai-responses/upstream/index.ts";
import { type Probe, probesOf } from "./testing/sdk-probes.ts";
import { sdkType } from "./testing/sdk-types.ts";

const packages = join(import.meta.dir, "../../node_modules");
const schema = { type: "object", properties: {} };

interface Case {
  readonly format: WireFormat;
  readonly types: readonly [file: string, name: string];
  readonly list: string;
  readonly before: readonly object[];
  readonly tool: object;
  readonly more?: object;
  readonly opaque: RegExp;
  /** Paths of what asks for nothing, or is answered elsewhere. */
  readonly nothingLost: readonly RegExp[];
}

const messagesCase: Case = {
  format: anthropicMessages,
  types: ["@anthropic-ai/sdk/resources/messages/messages.d.ts", "MessageCreateParamsBase"],
  list: "messages",
  before: [
    { role: "user", content: "hi" },
    { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "f", input: {} }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "r" }] },
  ],
  tool: { name: "f", input_schema: schema },
  more: { max_tokens: 99 },
  opaque:
    /^tools\[type=(?!custom\])|content\[type=(?!text|image|document|thinking|redacted_thinking|tool_use\]|tool_result\])[^.]*$/,
  nothingLost: [
    /\.?cache_control\[/,
    // What was cited has been.
    /\[type=text\]\.citations\[/,
    // What models that think do by themselves.
    /^thinking\[type=adaptive\]$/,
    // The defaults.
    /^tool_choice\[type=auto\]$/,
    /^tools\[type=custom\]\.type$/,
    /\.caller\[type=direct\]$/,
  ],
};

const cases: readonly Case[] = [
  {
    format: openaiChat,
    types: ["openai/resources/chat/completions/completions.d.ts", "ChatCompletionCreateParamsBase"],
    list: "messages",
    before: [
      { role: "user", content: "hi" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "c1", content: "r" },
    ],
    tool: { type: "function", function: { name: "f", parameters: schema } },
    opaque: /(?!)/,
    nothingLost: [
      // Where a cache begins is the backend's own business.
      /prompt_cache_breakpoint/,
      // Says nothing.
      /^messages\[role=assistant\]$/,
      // The default.
      /^response_format\[type=text\]$/,
      // An answer is held to its schema by whatever can.
      /^response_format.*\.strict$/,
    ],
  },
  {
    format: openaiResponses,
    types: ["openai/resources/responses/responses.d.ts", "ResponseCreateParamsBase"],
    list: "input",
    before: [
      { role: "user", content: "hi" },
      { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: "c1", output: "r" },
    ],
    tool: { type: "function", name: "f", parameters: schema },
    opaque: /(?!)/,
    nothingLost: [
      /prompt_cache_breakpoint/,
      // What became of an item that is over, and who made it.
      /^input\[[^.]*\.(?:id|status|phase|type|async|caller.*)$/,
      /^input\[.*\.(?:annotations|logprobs)\[/,
      // The defaults.
      /^text.*\.format\[type=text\]$/,
      /^tools\[type=custom\]\.format\[type=text\]$/,
      /^text.*\.strict$/,
      // Of what is kept, and said again, by the server.
      /^(?:metadata|store|previous_response_id)$/,
    ],
  },
  messagesCase,
  { ...messagesCase, types: ["@anthropic-ai/sdk/resources/beta/messages/messages.d.ts", messagesCase.types[1]] },
];

const upstreams = [anthropicMessagesUpstream, openaiChatUpstream, openaiResponsesUpstream];

/** Undefined for what is refused. */
function decode(format: WireFormat, body: unknown): ModelRequest | undefined {
  try {
    return format.decodeRequest(body);
  } catch (thrown) {
    if (thrown instanceof GatewayError) return undefined;
    throw thrown;
  }
}

interface View {
  readonly told: unknown;
  readonly ignored: readonly string[];
}

/** What the upstream is told, and what the client is told of the rest. */
function viewOf(upstream: UpstreamFormat, decoded: ModelRequest): View | "refused" {
  const request = { ...decoded, model: decoded.model ?? "m" };
  try {
    const { body, ignoredFields } = upstream.encodeRequest(request);
    const unsupported = upstream.unsupported(request).flatMap((feature) => decoded.featureFields[feature] ?? feature);
    // What the server itself goes by.
    const { stream, includeUsage, sessionIds, compacts, outOfContext } = decoded;
    const told = [body, stream, includeUsage, sessionIds, compacts, outOfContext?.message];
    return { told, ignored: [...decoded.ignoredFields, ...unsupported, ...ignoredFields] };
  } catch (thrown) {
    if (thrown instanceof GatewayError) return "refused";
    throw thrown;
  }
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

describe.each(cases)("what $types can ask for", (asked) => {
  const { format, types, list, before, tool, more, opaque, nothingLost } = asked;
  const last = { role: "user", content: "go" };
  const placed = (...elements: readonly (readonly unknown[])[]) => elements.flat();
  const decoded = new Map<unknown, ModelRequest | undefined>();
  const decodedOnce = (body: unknown) => {
    if (!decoded.has(body)) decoded.set(body, decode(format, body));
    return decoded.get(body);
  };
  const probes = probesOf(sdkType(join(packages, types[0]), types[1]), {
    base: { model: "m", ...more, [list]: [...before, last], tools: [tool] },
    placed: {
      [list]: (element) => placed(before, element === undefined ? [] : [element], [last]),
      tools: (element) => placed([tool], element === undefined ? [] : [element]),
    },
    accepts: (body) => decode(format, body) !== undefined,
    opaque,
  }).filter(({ path }) => !nothingLost.some((pattern) => pattern.test(path)));

  // proves("request-ignored-params")
  test.each(upstreams)("is asked of $id, refused, or named as ignored", (upstream) => {
    const known = new Map<unknown, ReturnType<typeof viewOf> | undefined>();
    const view = (body: unknown) => {
      const request = decodedOnce(body);
      return request && viewOf(upstream, request);
    };
    const remembered = (body: unknown) => {
      if (!known.has(body)) known.set(body, view(body));
      return known.get(body);
    };
    const isNamed = (one: unknown, other: unknown) => {
      const [was, is] = [remembered(one), remembered(other)];
      return typeof was !== "object" || typeof is !== "object" || !same(was.ignored, is.ignored);
    };
    const isSilent = ({ before: without, after, within }: Probe) => {
      const base = remembered(without);
      const views = after.map(view).filter((found) => found !== undefined);
      if (typeof base !== "object" || views.length === 0 || views.some((found) => !same(found, base))) return false;
      return !within.some((change) => isNamed(change.before, change.after));
    };
    expect(probes.length).toBeGreaterThan(80);
    expect(probes.filter(isSilent).map(({ path }) => path)).toEqual([]);
  });
});

test("an empty object that asks for a search of the web is one that asks", () => {
  const body = { messages: [{ role: "user", content: "hi" }], web_search_options: {}, logit_bias: {} };
  expect(openaiChat.decodeRequest(body).ignoredFields).toEqual(["web_search_options"]);
});
