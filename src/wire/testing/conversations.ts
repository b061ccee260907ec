/** Random conversations, of what OpenAI's formats can all say: to be encoded for an upstream and read back. */
import fc from "fast-check";

import type { Message, Part } from "#core/request.ts";
import type { UpstreamRequest } from "#core/upstream-format.ts";

const someText = fc.constantFrom("hi", "«日本» 😀", 'say "x"\n\nand y', "{}", "[DONE]", "data: a");
const text: fc.Arbitrary<Part> = someText.map((value) => ({ type: "text", text: value }));
const base64 = { mediaType: "image/png", data: "iVBORw0KGgo=" };
const pdf = { type: "base64" as const, mediaType: "application/pdf", data: "JVBERi0=" };

const media = fc.constantFrom<Part>(
  { type: "image", source: { type: "base64", ...base64 } },
  { type: "image", source: { type: "url", url: "https://example.test/a.png" } },
  { type: "document", source: pdf, title: "a.pdf" },
);

/** Texts alone may become one, so there is but one. */
const said: fc.Arbitrary<readonly Part[]> = fc.oneof(
  text.map((part) => [part]),
  fc
    .tuple(text, media, fc.array(fc.oneof(text, media), { maxLength: 2 }))
    .map(([first, second, rest]) => [first, second, ...rest]),
);

const input = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,4}$/),
  fc.oneof(someText, fc.integer(), fc.constant(null), fc.array(fc.boolean(), { maxLength: 2 })),
  { maxKeys: 2 },
);

interface Exchange {
  readonly said: readonly Part[];
  readonly instruction: string | undefined;
  readonly answer: Part;
  readonly calls: readonly { readonly input: unknown; readonly result: Part }[];
}

const exchange: fc.Arbitrary<Exchange> = fc.record({
  said,
  instruction: fc.option(someText, { nil: undefined }),
  answer: text,
  calls: fc.array(fc.record({ input, result: text }), { maxLength: 2 }),
});

/** With whole answers, a system message here and there, and calls that all have their results. */
export const anyConversation: fc.Arbitrary<Pick<UpstreamRequest, "system" | "messages">> = fc
  .record({
    system: fc.array(someText, { maxLength: 1 }),
    exchanges: fc.array(exchange, { maxLength: 3 }),
    last: said,
  })
  .map(({ system, exchanges, last }) => {
    const messages: Message[] = [];
    let results: readonly Part[] = [];
    for (const [number, { said: words, instruction, answer, calls }] of exchanges.entries()) {
      messages.push({ role: "user", content: [...results, ...words] });
      if (instruction !== undefined) messages.push({ role: "system", content: [{ type: "text", text: instruction }] });
      const called = calls.map((call, index) => ({ ...call, callId: `call_${number}_${index}` }));
      const asked = called.map(({ callId, input: given }): Part => ({
        type: "tool-call",
        callId,
        toolName: "look",
        input: given,
      }));
      messages.push({ role: "assistant", content: [answer, ...asked] });
      results = called.map(({ callId, result }) => ({
        type: "tool-result",
        callId,
        content: [result],
        isError: false,
      }));
    }
    return { system, messages: [...messages, { role: "user", content: [...results, ...last] }] };
  });

/** A request of nothing but what is given. */
export function requestOf(given: Partial<UpstreamRequest>): UpstreamRequest {
  return {
    wireFormat: "anthropic-messages",
    model: "any",
    system: [],
    messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    stream: false,
    includeUsage: true,
    features: {},
    featureFields: {},
    ignoredFields: [],
    ...given,
  };
}
