/** Every client format on every backend, and what must hold of each case there. The suites beside this only go through it. */
import { byWay, carried, changed, everywhere, forAll, type Grid, named, refused } from "./holding.ts";

export type TalkCase = Exclude<keyof typeof talkTable, "anything">;

/** As OpenAI's API says that it is overloaded, and Anthropic's. */
const overloaded = { ...forAll(refused(503)), "anthropic-messages": refused(529) };

const byFilter = changed("an end by filter");
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
  /** Of the upstream, before its first byte. */
  error: everywhere(forAll(refused(429))),
  /** In the middle of its answer: a stream says so, and who waits for the whole gets a status. */
  broken: everywhere(overloaded, {
    "openai-chat-api": forAll(refused(500)),
    "openai-responses-api": forAll(refused(500)),
    // Each is asked for a stream.
    "codex-api": forAll(refused(502)),
    "codex-cli": forAll(refused(502)),
  }),
  length: everywhere(forAll(carried)),
  nothing: everywhere(forAll(carried)),
  filter: everywhere(forAll(carried)),
  refusal: everywhere(forAll(byFilter), {
    "anthropic-messages-api": { ...forAll(byFilter), "anthropic-messages": carried },
    "openai-chat-api": { ...forAll(byFilter), "openai-chat": carried },
    "openai-responses-api": { ...forAll(byFilter), "openai-responses": carried },
    // As a stream it passes as it comes.
    "codex-api": { ...forAll(byFilter), "openai-responses": byWay({ streamed: carried, whole: byFilter }) },
    "codex-cli": forAll(changed("an end by filter, without words")),
  }),
} as const satisfies Readonly<Record<string, Grid>>;

export const talkCases: readonly TalkCase[] = (Object.keys(talkTable) as (keyof typeof talkTable)[]).filter((name) => name !== "anything");
