import type { LogValue } from "./log-data.ts";

/** One line of the log before it is rendered; everything in it is already redacted. */
export interface LogEntry {
  readonly time: Date;
  readonly level: "error" | "warn" | "info" | "debug" | "trace";
  readonly message: string;
  /** Under names of ours, none of which is one of the above. */
  readonly fields: Readonly<Record<string, LogValue>>;
}

export type RenderEntry = (entry: LogEntry) => string;

/** One JSON object a line; `time`, `level` and `message` come first. */
export function renderJson({ time, level, message, fields }: LogEntry): string {
  const head = JSON.stringify({ time: time.toISOString(), level, message });
  const rest = JSON.stringify(fields);
  // The two as one object: to copy the fields into the first takes as long as to write them.
  return rest === "{}" ? `${head}\n` : `${head.slice(0, -1)},${rest.slice(1)}\n`;
}

const colours = { error: 31, warn: 33, info: 36, debug: 90, trace: 90 } as const;

/** `12:30:01.250 warn  The message key=value`, on one line whatever the message holds. Of a stack, only where it began. */
export function createPrettyRenderer(colour: boolean): RenderEntry {
  const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  return ({ time, level, message, fields }) => {
    const pairs = Object.entries(fields).map(
      ([name, value]) => ` ${paint(90, `${name}=`)}${plain(name === "error" ? errorText(value) : asText(value))}`,
    );
    const label = paint(colours[level], level.padEnd(5));
    return `${paint(90, clockTime(time))} ${label} ${plain(message)}${pairs.join("")}\n`;
  };
}

function clockTime(time: Date): string {
  const seconds = `${digits(time.getSeconds(), 2)}.${digits(time.getMilliseconds(), 3)}`;
  return `${digits(time.getHours(), 2)}:${digits(time.getMinutes(), 2)}:${seconds}`;
}

function digits(part: number, width: number): string {
  return String(part).padStart(width, "0");
}

/** `TypeError: x is not a function (at run (/app/x.ts:3:5)) because Error: the cause`. */
function errorText(value: LogValue | undefined): string {
  if (typeof value !== "object" || value === null || !("message" in value)) return asText(value ?? null);
  const { name, message, stack, cause } = value;
  if (typeof name !== "string" || typeof message !== "string") return asText(value);
  const frame = Array.isArray(stack) && typeof stack[0] === "string" ? ` (${stack[0]})` : "";
  return `${name}: ${message}${frame}${cause === undefined ? "" : ` because ${errorText(cause)}`}`;
}

function asText(value: LogValue): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

/** A client chooses its path and user agent; neither may move the cursor or start a line of its own. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
