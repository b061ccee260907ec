/** What the terminal shows of the approvals, and what its keys do: a pure step from one state to the next. */
import type { JsonObject } from "#lib/json-object.ts";

import type { Heard } from "./client.ts";
import { type Answer, parseInput, type Permission, type PermissionEvent } from "./permission.ts";

export interface State {
  /** Undefined while connected. */
  readonly trouble: string | undefined;
  /** Oldest first; the first one is shown. */
  readonly queue: readonly Permission[];
  /** When the one that is shown came to be shown. */
  readonly shownAt: number;
  /** What the shown call is to get instead. */
  readonly edited: JsonObject | undefined;
  /** The message of a denial, while it is typed. */
  readonly typing: string | undefined;
  /** Lines of the body above the screen. */
  readonly scroll: number;
  /** What happened last. */
  readonly notice: string;
}

export type Input =
  | Heard
  | { readonly type: "key"; readonly key: string }
  | { readonly type: "edited"; readonly id: string; readonly text: string }
  | { readonly type: "failed"; readonly why: string };

export type Effect =
  | { readonly type: "respond"; readonly id: string; readonly answer: Answer }
  | { readonly type: "edit"; readonly id: string; readonly text: string }
  | { readonly type: "quit" };

type Next = readonly [State, readonly Effect[]];

/** A key pressed for the call before must not decide on the one that has just taken its place. */
const settleMs = 500;
const pageLines = 10;

export const firstState: State = {
  trouble: "connecting",
  queue: [],
  shownAt: 0,
  edited: undefined,
  typing: undefined,
  scroll: 0,
  notice: "",
};

export function step(state: State, input: Input, now: number): Next {
  const [next, effects] = react(state, input, now);
  return next.queue[0]?.request_id === state.queue[0]?.request_id ? [next, effects] : [showFirst(next, now), effects];
}

function showFirst(state: State, now: number): State {
  return { ...state, shownAt: now, edited: undefined, typing: undefined, scroll: 0 };
}

function react(state: State, input: Input, now: number): Next {
  switch (input.type) {
    case "connected":
      return [{ ...state, trouble: undefined, queue: [] }, []];
    case "lost":
      // The server tells what is pending once it is back.
      return [{ ...state, trouble: `${input.why} Trying again in ${input.retryMs / 1000} s.`, queue: [] }, []];
    case "event":
      return [hear(state, input.event), []];
    case "edited":
      return [takeEdit(state, input.id, input.text), []];
    case "failed":
      return [{ ...state, notice: input.why }, []];
    case "key":
      return state.typing === undefined ? press(state, input.key, now) : type(state, state.typing, input.key);
  }
}

function hear(state: State, event: PermissionEvent): State {
  if (event.type === "permission_request") return { ...state, queue: [...state.queue, event] };
  const { request_id: id } = event;
  const known = state.queue.find((waiting) => waiting.request_id === id);
  if (known === undefined) return state;
  const queue = state.queue.filter((waiting) => waiting !== known);
  return { ...state, queue, notice: `${known.tool_name}: ${outcomeOf(event)}` };
}

function outcomeOf(event: Exclude<PermissionEvent, Permission>): string {
  if (event.type === "permission_expired") return "expired, and so denied";
  return event.status ?? (event.allowed ? "allowed" : "denied");
}

function takeEdit(state: State, id: string, text: string): State {
  const [shown] = state.queue;
  if (shown?.request_id !== id) return { ...state, notice: "It was resolved while you were editing." };
  const edited = parseInput(text);
  if (edited === undefined) return { ...state, notice: "That is no JSON object; nothing was changed." };
  const same = JSON.stringify(edited) === JSON.stringify(shown.input);
  return { ...state, edited: same ? undefined : edited, scroll: 0, notice: same ? "Nothing was changed." : "" };
}

function press(state: State, key: string, now: number): Next {
  if (key === "q" || key === "ctrl-c") return [state, [{ type: "quit" }]];
  const [shown, ...others] = state.queue;
  if (shown === undefined) return [state, []];
  const scrolled = scroll(state, key);
  if (scrolled !== undefined) return [scrolled, []];
  if (key === "tab") return [{ ...state, queue: [...others, shown] }, []];
  return now - state.shownAt < settleMs ? [state, []] : decide(state, shown, key);
}

function decide(state: State, shown: Permission, key: string): Next {
  const respond = (answer: Answer): Next => [state, [{ type: "respond", id: shown.request_id, answer }]];
  const allowed = { allowed: true, ...(state.edited !== undefined && { updated_input: state.edited }) };
  switch (key) {
    case "y":
    case "enter":
      return respond(allowed);
    case "a":
      return shown.always === null ? [state, []] : respond({ ...allowed, always: true });
    case "n":
    case "escape":
      return respond({ allowed: false });
    case "m":
      return [{ ...state, typing: "" }, []];
    case "e": {
      const text = `${JSON.stringify(state.edited ?? shown.input, null, 2)}\n`;
      return [state, [{ type: "edit", id: shown.request_id, text }]];
    }
    default:
      return [state, []];
  }
}

function type(state: State, typing: string, key: string): Next {
  const [shown] = state.queue;
  switch (key) {
    case "ctrl-c":
      return [state, [{ type: "quit" }]];
    case "escape":
      return [{ ...state, typing: undefined }, []];
    case "enter": {
      const answer = typing === "" ? { allowed: false } : { allowed: false, message: typing };
      const effects: Effect[] = shown === undefined ? [] : [{ type: "respond", id: shown.request_id, answer }];
      return [{ ...state, typing: undefined }, effects];
    }
    case "backspace":
      return [{ ...state, typing: typing.replace(/.$/su, "") }, []];
    default:
      // Keys with names are no text.
      return [/^.$/su.test(key) ? { ...state, typing: typing + key } : state, []];
  }
}

function scroll(state: State, key: string): State | undefined {
  const lines = { up: -1, down: 1, k: -1, j: 1, "page-up": -pageLines, "page-down": pageLines, " ": pageLines }[key];
  return lines === undefined ? undefined : { ...state, scroll: Math.max(0, state.scroll + lines) };
}
