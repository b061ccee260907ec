/** Two callers that name their sessions alike and ask in every way there is. */
import fc from "fast-check";

import type { Mode } from "#core/backend.ts";
import type { Message, ModelRequest, SessionIds } from "#core/request.ts";
import type { Gateway } from "#gateway/types.ts";
import { createRequestRecord } from "#telemetry/request-record.ts";

import { plainRoute } from "./plain-route.ts";

export const callers = ["ann", "bob"] as const;
export type Caller = (typeof callers)[number];

/** How a request shows its conversation. */
const styles = ["new messages alone", "whole", "asked again", "edited", "made up"] as const;

export interface Step {
  readonly caller: Caller;
  /** Both callers use the same few ids. */
  readonly ids: SessionIds;
  readonly style: (typeof styles)[number];
  readonly interrupts: boolean;
  /** What is done to the session before. */
  readonly before: "nothing" | "forget" | "interrupt" | "list";
}

const id = fc.constantFrom("a", "b");
export const step: fc.Arbitrary<Step> = fc.record({
  caller: fc.constantFrom(...callers),
  ids: fc.oneof(
    fc.record({ named: id }),
    fc.record({ hint: id }),
    fc.record({ named: id, hint: id }),
    fc.constant({} satisfies SessionIds),
  ),
  style: fc.constantFrom(...styles),
  interrupts: fc.boolean(),
  before: fc.constantFrom("nothing", "nothing", "nothing", "forget", "interrupt", "list"),
});

/** Steps in a row of batches; those of one batch run at once. */
export const steps = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 });

const says = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
const answers = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });

export function wordsIn(told: string): readonly string[] {
  return told.match(/(?:ann|bob)-\w+-\d+/g) ?? [];
}

interface ClientOptions {
  readonly mode?: Mode;
  /** Stands behind every word: what a demo upstream is to answer. */
  readonly order?: string;
}

/** How a caller reaches what answers it. */
export interface Line {
  forget(session: string): unknown;
  interrupt(session: string): unknown;
  /** All that it can see of its sessions, as text. */
  list(): unknown;
  /** The text of the answer; undefined when there was none. */
  ask(asked: Pick<Step, "ids" | "interrupts"> & { readonly messages: readonly Message[] }): Promise<string | undefined>;
}

export function createClient(gateway: Gateway, caller: Caller, { mode = "chat", order = "" }: ClientOptions = {}) {
  return createTalker(caller, order, {
    forget: (session) => gateway.sessions.forget({ principal: caller, id: session }),
    interrupt: (session) => gateway.sessions.interrupt({ principal: caller, id: session }),
    list: () => JSON.stringify(gateway.sessions.list(caller, { limit: 9 })),
    ask: ({ messages, ids, interrupts }) => ask(gateway, { ...request, messages }, { caller, ids, interrupts, mode }),
  });
}

/** A caller as its clients are: each remembers, for itself, what it said and heard in a session. */
export function createTalker(caller: Caller, order: string, line: Line) {
  const views = new Map<string, readonly Message[]>();
  let said = 0;
  return async ({ ids, style, interrupts, before }: Step): Promise<string> => {
    const session = ids.named ?? ids.hint ?? "none";
    const view = views.get(session) ?? [];
    said += 1;
    const word = says(`${caller}-${session}-${said} ${order}`);
    if (before === "forget") await line.forget(session);
    if (before === "interrupt") await line.interrupt(session);
    const listed = before === "list" ? String(await line.list()) : "";
    const messages = shown(style, view, word);
    const text = await line.ask({ messages, ids, interrupts });
    if (text !== undefined) views.set(session, [...messages, answers(text)]);
    return `${listed} ${text ?? ""}`;
  };
}

function shown(style: Step["style"], view: readonly Message[], word: Message): readonly Message[] {
  const lastQuestion = view.findLastIndex(({ role }) => role === "user");
  if (style === "whole") return [...view, word];
  if (style === "asked again" && lastQuestion >= 0) return view.slice(0, lastQuestion + 1);
  if (style === "edited" && lastQuestion >= 0) return [...view.slice(0, lastQuestion), word];
  if (style === "made up") return [says("hi"), answers("hello"), word];
  return [word];
}

const request: ModelRequest = {
  wireFormat: "openai-chat",
  model: undefined,
  system: [],
  messages: [says("")],
  stream: false,
  includeUsage: false,
  features: {},
  featureFields: {},
  ignoredFields: [],
};

interface Asking {
  readonly caller: Caller;
  readonly ids: SessionIds;
  readonly interrupts: boolean;
  readonly mode: Mode;
}

/** The text of the answer; undefined when there was none. */
async function ask(gateway: Gateway, asked: ModelRequest, { caller, ids, interrupts, mode }: Asking) {
  try {
    const { events } = await gateway.run(asked, {
      requestId: "r",
      principal: caller,
      mode,
      tools: undefined,
      verbosity: undefined,
      model: undefined,
      effort: undefined,
      route: plainRoute,
      workspace: undefined,
      sessionIds: ids,
      interrupts,
      strict: false,
      unreadHeaders: [],
      signal: new AbortController().signal,
      failed: new Map(),
      notAsked: [],
      retries: { count: 0 },
      onAsked: () => undefined,
      record: createRequestRecord({ requestId: "r", method: "POST", path: "/" }),
    });
    const all = (await Array.fromAsync(events)).flat();
    if (all.at(-1)?.type !== "finish") return undefined;
    return all.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  } catch {
    return undefined;
  }
}
