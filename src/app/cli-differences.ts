/** In what a CLI behaves unlike the versions this program was made for, by trying each thing that it relies on. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { historyOf, withoutThinking } from "#backends/claude-cli/messages.ts";
import { testedVersions } from "#backends/claude-cli/tested-versions.ts";
import type { Mode } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { Message, ModelRequest } from "#core/request.ts";
import { blocksOf, type MessagesRequest } from "#demo/request.ts";
import type { WireMessage } from "#wire/anthropic-messages/upstream/messages.ts";

import { type Probe, type ProbeOptions, type Seen, withProbe } from "./cli-probe.ts";

export interface Difference {
  readonly detail: string;
  readonly action: string;
  /** Nothing stands in for what is missing. */
  readonly breaks: boolean;
}

/** Empty where it behaves as the newest tested version does. Throws what the file system throws. */
export async function findDifferences(options: ProbeOptions): Promise<readonly Difference[]> {
  return await withProbe(options, async (probe) => {
    const plain = await probe.ask(request([says(answerMe)]), "agent");
    if (!isAnswered(plain)) return [broken(`does not answer${becauseOf(plain)}`)];
    return [
      ...inChat(await probe.ask(conversation, "chat")),
      ...inAgent(await probe.ask(conversation, "agent")),
      ...(await Array.fromAsync(inCommands(probe))),
      ...(await Array.fromAsync(inInterrupts(probe))),
      ...inLines(probe),
    ];
  });
}

/** Whether chat mode may replace the messages of its request to the model; undefined when that did not show. */
export async function findReplacement(options: ProbeOptions): Promise<boolean | undefined> {
  const { asked, answer } = await withProbe(options, ({ ask }) => ask(conversation, "chat"));
  if (asked.some(isReplaced)) return true;
  return answer instanceof GatewayError ? undefined : false;
}

/** Everything that is looked for at the other end is a word that begins so. */
const marks = /probe:\w+/g;
const answerMe = "[[demo say probe:answer]] [[demo delay 0]]";

const says = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });

function request(messages: readonly Message[], more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    wireFormat: "anthropic-messages",
    model: undefined,
    system: [],
    messages,
    stream: true,
    includeUsage: true,
    features: {},
    featureFields: {},
    ignoredFields: [],
    ...more,
  };
}

const conversation = request(
  [
    says("probe:first"),
    {
      role: "assistant",
      content: [
        { type: "reasoning", text: "probe:thought", signature: btoa("probe") },
        { type: "text", text: "probe:second" },
        { type: "tool-call", callId: "toolu_probe", toolName: "look", input: { at: "probe:call" } },
      ],
    },
    {
      role: "user",
      content: [
        {
          type: "tool-result",
          callId: "toolu_probe",
          content: [{ type: "text", text: "probe:result" }],
          isError: false,
        },
      ],
    },
    { role: "assistant", content: [{ type: "text", text: "probe:third" }] },
    says(`probe:last ${answerMe}`),
  ],
  {
    system: ["probe:system"],
    // The newest that takes sampling parameters.
    model: "claude-sonnet-4-6",
    features: {
      maxOutputTokens: 777,
      temperature: 0.25,
      stopSequences: ["probe:stop"],
      effort: "low",
      tools: [{ name: "look", inputSchema: { type: "object", properties: {} } }],
    },
  },
);
const told = historyOf(conversation, (name) => name);

/** What the conversation's model and features are in the request to the model. */
const parameters: readonly (readonly [name: string, arrived: (body: MessagesRequest) => boolean])[] = [
  ["model", ({ model }) => model === conversation.model],
  ["max_tokens", (body) => body.max_tokens === conversation.features.maxOutputTokens],
  ["temperature", ({ temperature }) => temperature === conversation.features.temperature],
  ["stop_sequences", (body) => Bun.deepEquals(body.stop_sequences, conversation.features.stopSequences)],
  ["tools", ({ tools = [] }) => tools.some(({ name }) => name === "look")],
  ["output_config.effort", (body) => body.output_config?.["effort"] === conversation.features.effort],
];

function* inChat(seen: Seen): Generator<Difference> {
  if (seen.asked.length === 0) return yield broken(`does not answer in chat mode${becauseOf(seen)}`);
  if (!seen.asked.some(isReplaced))
    yield {
      detail: "does not let chat mode replace the messages of its request to the model",
      action:
        "chat mode tells it the conversation as history: earlier thinking is left out, a client's tools are refused",
      breaks: false,
    };
  yield* inRequest(seen, "chat");
}

/** Exactly the conversation, but for the marks that only ask for caching. */
function isReplaced({ messages }: MessagesRequest): boolean {
  const arrived: unknown = JSON.parse(
    JSON.stringify(messages, (key, value) => (key === "cache_control" ? undefined : value)),
  );
  return Bun.deepEquals(arrived, told);
}

function* inAgent(seen: Seen): Generator<Difference> {
  if (seen.asked.length === 0) return yield broken(`does not take a conversation as history${becauseOf(seen)}`);
  const expected = spoken(withoutThinking(told));
  if (!seen.asked.some(({ messages }) => Bun.deepEquals(spoken(messages), expected)))
    yield broken("changes the conversation it is told as history");
  yield* inRequest(seen, "agent");
}

/** Who said what, without what the CLI says of its own. */
function spoken(messages: readonly (WireMessage | MessagesRequest["messages"][number])[]): readonly string[] {
  return messages
    .filter(({ role }) => role !== "system")
    .flatMap(({ role, content }) =>
      blocksOf(content).flatMap((block) => {
        const found = JSON.stringify(block).match(marks) ?? [];
        return found.map((mark) => `${role} ${block.type} ${mark}`);
      }),
    );
}

function* inRequest({ asked }: Seen, mode: Mode): Generator<Difference> {
  const systems = asked.map(({ system, messages }) => [system, messages.filter(({ role }) => role === "system")]);
  if (!JSON.stringify(systems).includes("probe:system"))
    yield broken(`does not tell the model the client's system prompt (${mode} mode)`);
  const lost = parameters.filter(([, arrived]) => !asked.some(arrived)).map(([name]) => name);
  if (lost.length > 0)
    yield { detail: `does not pass on to the model: ${lost.join(", ")} (${mode} mode)`, action: goBack, breaks: false };
}

async function* inCommands({ ask, workspace }: Probe): AsyncGenerator<Difference> {
  writeFileSync(join(workspace, "note.txt"), "probe:content");
  const seen = await ask(request([says(`/clear probe:command @note.txt ${answerMe}`)]), "agent");
  const asked = JSON.stringify(seen.asked);
  if (!asked.includes("/clear probe:command"))
    yield broken(`runs text that begins with / as a command${becauseOf(seen)}`);
  if (asked.includes("probe:content")) yield broken("reads a file that a text names with @");
}

async function* inInterrupts({ ask }: Probe): AsyncGenerator<Difference> {
  // The CLI asks the model to go on; the answer to that is slow, and it says the cost only once it is stopped.
  const cutShort = request([says(`${answerMe} [[demo stop max_tokens]]`)]);
  const first = await ask(cutShort, "agent");
  // On a busy machine it may be too late once.
  const seen = saysCost(first) ? first : await ask(cutShort, "agent");
  if (saysCost(seen)) return;
  yield {
    detail: `does not stop when it is interrupted${becauseOf(seen)}`,
    action: "its process is ended instead; what such an answer cost is not known",
    breaks: false,
  };
}

function saysCost({ answer }: Seen): boolean {
  return "finish" in answer && answer.finish.costUsd !== undefined;
}

function* inLines(probe: Probe): Generator<Difference> {
  const { unknownLines, garbageLines } = probe.stats();
  const counts = Object.entries({ ...unknownLines, ...(garbageLines > 0 && { "no JSON": garbageLines }) });
  if (counts.length === 0) return;
  yield {
    detail: `prints lines this ccproxy does not know: ${counts.map(([name, count]) => `${name} (${count})`).join(", ")}`,
    action: "it works all the same; a newer ccproxy may know them",
    breaks: false,
  };
}

const goBack = `use a newer ccproxy, or a tested version: claude install ${testedVersions[0]}`;

function broken(detail: string): Difference {
  return { detail, action: goBack, breaks: true };
}

function isAnswered({ answer }: Seen): boolean {
  return "content" in answer && answer.content.some((part) => part.type === "text" && part.text === "probe:answer");
}

function becauseOf({ answer }: Seen): string {
  return answer instanceof GatewayError ? ` (${answer.message})` : "";
}
