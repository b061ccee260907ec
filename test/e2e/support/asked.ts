/** What a scripted upstream was really asked, past everything the proxy and the CLI make of a request. */
import type { DemoUpstream } from "#demo/demo-upstream.ts";
import type { RecordedRequest } from "#demo/recorder.ts";

/** A body of the messages API, as the CLI sends it. */
export interface AskedBody {
  readonly [key: string]: unknown;
  readonly model: string;
  readonly messages: readonly AskedMessage[];
  readonly system: readonly { readonly type: string; readonly text: string }[];
  readonly max_tokens: number;
}

export interface AskedMessage {
  readonly role: string;
  readonly content: string | readonly AskedBlock[];
}

export interface AskedBlock {
  readonly [key: string]: unknown;
  readonly type: string;
  readonly text?: string;
}

/** The questions put to the model, oldest first; `after` a request number. */
export function questions(upstream: DemoUpstream, after = 0): readonly RecordedRequest[] {
  return upstream
    .requests()
    .filter(({ number, method, path }) => number > after && method === "POST" && /^\/v1\/messages(\?|$)/.test(path));
}

export function bodyOf({ body }: RecordedRequest): AskedBody {
  return body as AskedBody; // The demo keeps bodies as they came; the CLI's own request is known.
}

/** The conversation as the model saw it, without what the CLI adds of its own: one `[role, ...blocks]` a message. */
export function conversationOf(body: AskedBody): readonly (readonly [string, ...AskedBlock[]])[] {
  return body.messages
    .filter(({ role }) => role !== "system")
    .map(({ role, content }) => [role, ...blocksOf(content).filter(isOurs).map(unmarked)]);
}

function blocksOf(content: AskedMessage["content"]): readonly AskedBlock[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

function isOurs({ type, text }: AskedBlock): boolean {
  return type !== "text" || !/^\s*<(?:system-reminder|local-command|command-)/.test(text ?? "");
}

function unmarked({ cache_control: _mark, ...rest }: AskedBlock): AskedBlock {
  return { ...rest, type: rest.type };
}
