/** The terminal's picture of a state. Everything that came from outside is made visible before it is shown. */
import type { Style } from "#commands/terminal.ts";
import type { JsonObject } from "#lib/json-object.ts";
import { visibleText } from "#lib/visible-text.ts";

import type { Permission } from "./permission.ts";
import type { State } from "./state.ts";

interface Screen {
  readonly url: string;
  readonly columns: number;
  readonly rows: number;
  readonly style: Style;
  /** Unix milliseconds. */
  readonly now: number;
}

type Paint = (text: string) => string;

/** Colours are put on when it is known where the line breaks. */
interface Line {
  readonly text: string;
  readonly paint: Paint;
}

const plain: Paint = (text) => text;

/** At most `rows` lines, none wider than the screen. */
export function render(state: State, screen: Screen): readonly string[] {
  const { style, columns, rows } = screen;
  const [shown] = state.queue;
  const fit = (lines: readonly Line[]): readonly string[] =>
    lines.flatMap(({ text, paint }) => wrap(text, columns).map(paint));
  const top = [line(`ccproxy approvals  ${screen.url}`, style.bold), statusOf(state, style)];
  if (shown === undefined) {
    const idle = state.trouble === undefined ? "Nothing waits for you." : "";
    return fit([...top, line(""), line(idle), line(state.notice, style.yellow), line(""), line("q quit")]).slice(
      0,
      rows,
    );
  }
  const above = fit([...top, ...headOf(shown, screen)]);
  const foot = fit([line(""), ...footOf(state, shown, style)]);
  const body = fit(bodyOf(state, shown, style));
  const room = Math.max(1, rows - above.length - foot.length - 1);
  const start = Math.min(state.scroll, Math.max(0, body.length - room));
  const below = body.length - start - room;
  const more = below > 0 ? style.yellow(`… ${below} more lines below (↓)`.slice(0, columns)) : "";
  return [...above, ...body.slice(start, start + room), more, ...foot].slice(0, rows);
}

function line(text: string, paint: Paint = plain): Line {
  return { text: visibleText(text).replaceAll("\n", "\\n").replaceAll("\t", "    "), paint };
}

function statusOf({ trouble, queue }: State, style: Style): Line {
  if (trouble !== undefined) return line(trouble, style.red);
  return line(`connected · ${queue.length} waiting${queue.length > 1 ? ", tab shows the next" : ""}`, style.green);
}

function headOf(shown: Permission, { style, now }: Screen): readonly Line[] {
  const seconds = Math.max(0, Math.ceil((Date.parse(shown.expires_at) - now) / 1000));
  const hurry = seconds > 10 ? style.green : seconds > 5 ? style.yellow : style.red;
  const about = [shown.description, shown.reason, shown.blocked_path && `path: ${shown.blocked_path}`];
  return [
    line(""),
    line(shown.tool_name, style.bold),
    line(`denied in ${seconds} s`, hurry),
    ...about.flatMap((text) => (text === null || text === "" ? [] : [line(text, style.dim)])),
    line(""),
  ];
}

function bodyOf(state: State, shown: Permission, style: Style): readonly Line[] {
  if (state.edited !== undefined) return [line("As you edited it:", style.yellow), ...inputLines(state.edited)];
  const diff = shown.diff === null ? [] : [...diffLines(shown.diff, style), line("")];
  return [...diff, ...inputLines(shown.input)];
}

function diffLines(diff: string, style: Style): readonly Line[] {
  return diff.split("\n").map((text) => {
    const paint = text.startsWith("+") ? style.green : text.startsWith("-") ? style.red : style.dim;
    return line(text, paint);
  });
}

/** Texts as they are, indented, so that none can pass for another field; everything else as JSON. */
function inputLines(input: JsonObject): readonly Line[] {
  return Object.entries(input).flatMap(([name, value]) => {
    const lines = (typeof value === "string" ? value : JSON.stringify(value, null, 2)).split("\n");
    if (lines.length === 1) return [line(`${name}: ${lines.join("")}`)];
    return [line(`${name}:`), ...lines.map((text) => line(`  ${text}`))];
  });
}

function footOf({ notice, typing }: State, shown: Permission, style: Style): readonly Line[] {
  const said = notice === "" ? [] : [line(notice, style.yellow)];
  if (typing !== undefined)
    return [...said, line(`Deny, and tell Claude: ${typing}▏`), line("enter send · esc back", style.cyan)];
  const always = shown.always === null ? [] : [line(`a allow for the session: ${shown.always}`, style.cyan)];
  const keys = "y allow · n deny · m deny with a message · e edit · ↑↓ scroll · q quit";
  return [...said, ...always, line(keys, style.cyan)];
}

function wrap(text: string, columns: number): readonly string[] {
  if (text.length <= columns && isNarrow(text)) return [text];
  const lines: string[] = [];
  let current = "";
  let width = 0;
  for (const segment of isNarrow(text) ? text : graphemesOf(text)) {
    const wide = isNarrow(segment) ? 1 : Bun.stringWidth(segment);
    if (width + wide > columns) {
      lines.push(current);
      current = "";
      width = 0;
    }
    current += segment;
    width += wide;
  }
  return [...lines, current];
}

/** Printable ASCII, which nearly all of it is: one column a character. */
function isNarrow(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

function* graphemesOf(text: string): Generator<string> {
  for (const { segment } of new Intl.Segmenter().segment(text)) yield segment;
}
