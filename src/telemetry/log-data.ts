/**
 * Makes any value fit for a log: a bounded tree of plain JSON without secrets and without what
 * clients and models said to each other.
 */
import { isSecretName, redactText } from "#lib/redact.ts";

export type LogValue = null | boolean | number | string | readonly LogValue[] | { readonly [name: string]: LogValue };

/** Fields that hold prompts or answers in the wire formats, in schema errors (`input`, `received`) and in CLI lines. */
const conversationNames = new Set(
  (
    "messages message_content prompt system content text delta input received value output body " +
    "thinking reasoning instructions arguments completion choices tool_result tool_use_result result partial_json"
  ).split(" "),
);

const limits = { nodes: 400, depth: 6, text: 2000, stackLines: 12 };

/** How much may still be read of one value: it bounds what is wide, deep or circular. */
interface Budget {
  nodes: number;
}

/** How a schema error ends; what it received may be a prompt. */
const quotedInput = /\breceived "(?:[^"\\]|\\.)*"?/g;

/** Never throws, whatever getters or proxies the value has. */
export function toLogValue(value: unknown): LogValue {
  try {
    return read(value, 0, { nodes: limits.nodes });
  } catch {
    return "[unreadable]";
  }
}

export function logText(text: string): string {
  const redacted = redactText(text.slice(0, 4 * limits.text)).replace(quotedInput, 'received "…"');
  return redacted.length > limits.text ? `${redacted.slice(0, limits.text)}… (${text.length} characters)` : redacted;
}

function read(value: unknown, depth: number, budget: Budget): LogValue {
  budget.nodes -= 1;
  switch (typeof value) {
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "string":
      return logText(value);
    case "bigint":
    case "symbol":
      return logText(value.toString());
    case "object":
      return value === null ? null : readObject(value, depth, budget);
    default:
      return null;
  }
}

function readObject(value: object, depth: number, budget: Budget): LogValue {
  if (depth >= limits.depth || budget.nodes <= 0) return "[more]";
  if (value instanceof Error) return readError(value, depth, budget);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof URL || value instanceof RegExp) return logText(value.toString());
  if (Array.isArray(value) || value instanceof Set) return readList(value, depth, budget);
  return readFields(value, depth, budget);
}

function readList(list: Iterable<unknown>, depth: number, budget: Budget): LogValue {
  const values: LogValue[] = [];
  for (const entry of list) {
    if (budget.nodes <= 0) return [...values, "[more]"];
    values.push(read(entry, depth + 1, budget));
  }
  return values;
}

function readFields(value: object, depth: number, budget: Budget): Record<string, LogValue> {
  const fields: Record<string, LogValue> = {};
  for (const [name, entry] of entriesOf(value)) {
    if (entry === undefined || typeof entry === "function") continue;
    if (budget.nodes <= 0) return { ...fields, "[more]": true };
    fields[name.slice(0, 100)] = readField(name, entry, depth, budget);
  }
  return fields;
}

function readField(name: string, entry: unknown, depth: number, budget: Budget): LogValue {
  if (isSecretName(name)) return "[redacted]";
  const countable = typeof entry === "number" || typeof entry === "boolean" || entry === null;
  if (!countable && conversationNames.has(name.toLowerCase())) return "[omitted]";
  return read(entry, depth + 1, budget);
}

function entriesOf(value: object): Iterable<readonly [string, unknown]> {
  if (value instanceof Map || value instanceof Headers || value instanceof URLSearchParams)
    return Array.from(value, ([name, entry]) => [String(name), entry]);
  return Object.entries(value);
}

function readError(error: Error, depth: number, budget: Budget): LogValue {
  // JSON.parse quotes the text it stumbled over.
  const message = error instanceof SyntaxError ? error.message.replace(/"(?:[^"\\]|\\.)*"?/g, '"…"') : error.message;
  // The stack begins with the message, which must not pass unseen.
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s*at /.test(line));
  const errors = error instanceof AggregateError ? { errors: error.errors } : {};
  const said = { name: error.name, message: logText(message) };
  const more = {
    ...("code" in error && { code: error.code }),
    ...("kind" in error && { kind: error.kind }),
    ...(frames.length > 0 && { stack: frames.slice(0, limits.stackLines).map((line) => line.trim()) }),
    ...(error.cause !== undefined && { cause: error.cause }),
    ...errors,
  };
  return { ...said, ...readFields(more, depth, budget) };
}
