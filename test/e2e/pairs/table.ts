/** Every client format on every backend, and what must hold of each case there. The suites beside this only go through it. */
import { keysOf } from "./backends.ts";
import {
  carried,
  type Cells,
  changed,
  everywhere,
  forAll,
  forOnly,
  type Grid,
  named,
  refused,
  shownBy,
  unsayable,
} from "./holding.ts";

export type TalkCase = Exclude<keyof typeof talkTable, "anything">;

/** As OpenAI's API says that it is overloaded, and Anthropic's. */
const overloaded = { ...forAll(refused(503)), "anthropic-messages": refused(529) };

const byFilter = changed("an end by filter");
const betweenOpenai = { ...forAll(carried), "anthropic-messages": byFilter };
/** A suite of Claude Code shows it through the other formats' SDKs, whole and as a stream. */
const elsewhere = (file: string, ofResponses = carried): Cells => ({
  ...forAll(shownBy(file)),
  "openai-responses": ofResponses,
});
const withoutLength = { ...forAll(carried), "anthropic-messages": named("max_tokens") };

/** Of conversations, in an order in which one can go on as far as it gets. */
export const talkTable = {
  /** What every request of that client's says. */
  anything: everywhere(forAll(carried), { "codex-api": withoutLength, "codex-cli": withoutLength }),
  history: everywhere(forAll(carried)),
  text: everywhere(forAll(carried)),
  image: everywhere(forAll(carried)),
  thinking: everywhere(forAll(carried)),
  tools: everywhere(forAll(carried)),
  /** By the upstream, before its first byte. */
  refused: everywhere(forAll(refused(400))),
  limited: everywhere(forAll(refused(429)), { "claude-cli": elsewhere("clients/failures", refused(429)) }),
  /** In the middle of its answer: a stream says so, and who waits for the whole gets a status. */
  broken: everywhere(overloaded, {
    "openai-chat-api": forAll(refused(500)),
    "openai-responses-api": forAll(refused(500)),
    // Each is asked for a stream.
    "codex-api": forAll(refused(502)),
    "claude-cli": elsewhere("clients/failures", overloaded["openai-responses"]),
    "codex-cli": forAll(refused(502)),
  }),
  length: everywhere(forAll(carried), { "claude-cli": elsewhere("clients/answers") }),
  nothing: everywhere(forAll(carried)),
  filter: everywhere(forAll(carried), { "claude-cli": elsewhere("clients/answers") }),
  refusal: everywhere(forAll(byFilter), {
    "anthropic-messages-api": { ...forAll(byFilter), "anthropic-messages": carried },
    "openai-chat-api": betweenOpenai,
    "openai-responses-api": betweenOpenai,
    "codex-api": betweenOpenai,
    "claude-cli": elsewhere("clients/answers", byFilter),
    "codex-cli": forAll(changed("an end by filter, without words")),
  }),
} as const satisfies Readonly<Record<string, Grid>>;

export const talkCases: readonly TalkCase[] = keysOf(talkTable).filter((name) => name !== "anything");

/** The ways of an SDK that have to do where answers cost: each of these may end a process, too. */
export const askedOnce: Readonly<Partial<Record<TalkCase, RegExp>>> = {
  limited: /whole/,
  broken: /raw stream/,
  length: /whole/,
  nothing: /raw stream/,
  filter: /raw stream/,
  refusal: /helper/,
};

export type RequestCase = keyof typeof requestTable;

const fromMessages = ["container", "mcp_servers", "context_management", "future"];
const ofAnthropicAlone = ["top_k", "tools[].type", "tools[].defer_loading"];
const fromChat = [
  ..."seed logit_bias logprobs top_logprobs frequency_penalty presence_penalty metadata store prediction".split(" "),
  ..."verbosity web_search_options future tools[].function.strict".split(" "),
];
const fromResponses = [
  ..."truncation top_logprobs max_tool_calls future text.verbosity tools[].strict".split(" "),
  "tools[].type=web_search",
];
/** Claude takes no sampling while it thinks, and Codex none at all. */
const sampling = ["temperature", "top_p"];

const unread = {
  "anthropic-messages": named("messages[1].content[0].thinking"),
  "openai-chat": named("messages[1].reasoning_content"),
  "openai-responses": named("input[1].encrypted_content"),
};
const unreadWithoutLength = { ...unread, "anthropic-messages": named("max_tokens", "messages[1].content[0].thinking") };

/** Of single requests. */
export const requestTable = {
  /** All that a request of the format can ask for, together. */
  fields: {
    "anthropic-messages-api": {
      "anthropic-messages": carried,
      "openai-chat": named(...fromChat, ...sampling, "top_k"),
      "openai-responses": named(...fromResponses, ...sampling),
    },
    "openai-chat-api": {
      "anthropic-messages": named(...fromMessages, ...ofAnthropicAlone),
      "openai-chat": carried,
      "openai-responses": named(...fromResponses),
    },
    "openai-responses-api": {
      "anthropic-messages": named(...fromMessages, ...ofAnthropicAlone, "stop_sequences"),
      "openai-chat": named(...fromChat, "top_k", "stop"),
      "openai-responses": carried,
    },
    "codex-api": {
      "anthropic-messages": named(
        ...fromMessages,
        ...ofAnthropicAlone,
        "stop_sequences",
        "max_tokens",
        ...sampling,
        "metadata.user_id",
      ),
      "openai-chat": named(...fromChat, "top_k", "stop", "max_completion_tokens", ...sampling, "user"),
      "openai-responses": named(...fromResponses, "max_output_tokens", ...sampling, "user"),
    },
    "claude-cli": {
      "anthropic-messages": named(...fromMessages, ...sampling, "top_k", "metadata.user_id"),
      "openai-chat": named(...fromChat, ...sampling, "top_k", "user"),
      "openai-responses": named(...fromResponses, ...sampling, "user"),
    },
    "codex-cli": {
      "anthropic-messages": named(
        ...fromMessages,
        ...ofAnthropicAlone,
        ...sampling,
        ..."stop_sequences max_tokens metadata.user_id service_tier tool_choice.disable_parallel_tool_use".split(" "),
      ),
      "openai-chat": named(
        ...fromChat,
        ...sampling,
        ..."top_k stop max_completion_tokens user service_tier parallel_tool_calls".split(" "),
      ),
      "openai-responses": named(
        ...fromResponses,
        ...sampling,
        ..."max_output_tokens user service_tier parallel_tool_calls".split(" "),
      ),
    },
  },
  /** Of an earlier answer, which another vendor made. */
  thoughts: {
    "anthropic-messages-api": { ...unread, "anthropic-messages": carried },
    "openai-chat-api": { ...unread, "openai-chat": carried },
    // It is passed on, and its API judges.
    "openai-responses-api": { ...unread, "openai-responses": refused(400, /encrypted/) },
    "codex-api": unreadWithoutLength,
    "claude-cli": { ...unread, "anthropic-messages": carried },
    "codex-cli": unreadWithoutLength,
  },
  count: everywhere(forOnly("anthropic-messages", changed("an estimate")), {
    "anthropic-messages-api": forOnly("anthropic-messages", carried),
    "claude-cli": forOnly("anthropic-messages", shownBy("clients/endpoints")),
  }),
  /** Longer than OpenAI's APIs take. */
  longName: everywhere(forOnly("anthropic-messages", changed("another name")), {
    "anthropic-messages-api": forOnly("anthropic-messages", carried),
    "claude-cli": forOnly("anthropic-messages", carried),
  }),
  /** A tool that takes a text. */
  customTool: everywhere(forOnly("openai-responses", carried), {
    "claude-cli": forOnly("openai-responses", shownBy("clients/responses")),
  }),
} as const satisfies Readonly<Record<string, Grid>>;

export const requestCases: readonly RequestCase[] = keysOf(requestTable);

export type ContentCase = keyof typeof contentTable;

const ofAnother = { ...forAll(carried), "anthropic-messages": refused(400, /another vendor/) };
const noEquivalent = forOnly("anthropic-messages", refused(400, /no equivalent/));
const ownBlock = forOnly("anthropic-messages", carried);
const noDocuments = refused(400, /no documents/);

/** Of what a message can hold beside its words. */
export const contentTable = {
  imageLink: everywhere(forAll(carried), { "codex-cli": forAll(refused(400, /base64/)) }),
  document: everywhere(forAll(carried), { "codex-cli": forAll(noDocuments) }),
  documentLink: everywhere(
    { ...forAll(carried), "openai-chat": unsayable },
    {
      "openai-chat-api": { ...forAll(refused(400, /URL/)), "openai-chat": unsayable },
      "codex-cli": { ...forAll(noDocuments), "openai-chat": unsayable },
    },
  ),
  /** By the id that a vendor gave it. Who names one to Anthropic in the words of OpenAI may well mean Anthropic's. */
  vendorFile: everywhere(ofAnother, {
    "anthropic-messages-api": forAll(carried),
    "claude-cli": forAll(carried),
    "codex-cli": forAll(noDocuments),
  }),
  /** Of Anthropic's own. */
  vendorBlock: everywhere(noEquivalent, { "anthropic-messages-api": ownBlock, "claude-cli": ownBlock }),
  container: everywhere(noEquivalent, { "anthropic-messages-api": ownBlock, "claude-cli": ownBlock }),
} as const satisfies Readonly<Record<string, Grid>>;

export const contentCases: readonly ContentCase[] = keysOf(contentTable);

/** Of what SDKs make of several requests, or of their own schemas. */
export const helperTable = {
  loop: everywhere(forAll(carried), { "claude-cli": forAll(shownBy("clients/tools-loops")) }),
  /** In such a loop, to an API that signs or encrypts them and wants them back; chat completions has no place for it. */
  thoughtsBack: everywhere(forAll(unsayable), {
    "anthropic-messages-api": { ...forAll(carried), "openai-chat": unsayable },
    // Of OpenAI's SDK no helper asks for what is encrypted, which goes back in its API's own format alone.
    "openai-responses-api": forOnly("anthropic-messages", carried),
    "codex-api": forOnly("anthropic-messages", carried),
    "claude-cli": { ...forAll(shownBy("claude-cli/conversation")), "openai-chat": unsayable },
    // Its turn goes on, and has them.
    "codex-cli": forAll(carried),
  }),
  structured: everywhere(forAll(carried), { "claude-cli": forAll(shownBy("clients/tools-structured")) }),
} as const satisfies Readonly<Record<string, Grid>>;
