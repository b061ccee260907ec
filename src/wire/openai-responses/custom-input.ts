/**
 * The input of a custom tool, as it is written. Models that know no such tools write a JSON object with one text in it
 * (see tools.ts); this gives the text piece by piece. Plain data, so that the state of an answer can be copied.
 */
export interface CustomInput {
  place: "before" | "within" | "after";
  /** Came, and is not yet read: what may be the beginning of something. */
  rest: string;
  /** Half a character, until its other half comes: a lone one is no text for many clients. */
  half: string;
  text: string;
}

export function emptyInput(): CustomInput {
  return { place: "before", rest: "", half: "", text: "" };
}

const opening = /^\s*\{\s*"input"\s*:\s*"/;
/** As much of a JSON string as can be read by itself. */
const readable = /^(?:[^"\\]|\\(?:u[\da-f]{4}|[^u]))*/i;
const escaped = /\\(?:u([\da-f]{4})|(.))/gis;
const controls: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** What more of the text there is. */
export function readInput(input: CustomInput, json: string): string {
  input.rest += json;
  if (input.place === "before") {
    const begun = opening.exec(input.rest);
    if (begun === null) return "";
    input.place = "within";
    input.rest = input.rest.slice(begun[0].length);
  }
  if (input.place === "after") return "";
  const [raw = ""] = readable.exec(input.rest) ?? [];
  input.rest = input.rest.slice(raw.length);
  if (input.rest.startsWith('"')) input.place = "after";
  const text = input.half + unescaped(raw);
  const whole = /[\uD800-\uDBFF]$/.test(text) ? text.slice(0, -1) : text;
  input.half = text.slice(whole.length);
  input.text += whole;
  return whole;
}

/** What is left to tell at the end: all of it where the model wrote something else than was asked of it. */
export function endInput(input: CustomInput): string {
  const last = { before: memberOf(input.rest), within: input.half + input.rest, after: input.half }[input.place];
  input.text += last;
  return last;
}

function unescaped(raw: string): string {
  if (!raw.includes("\\")) return raw;
  return raw.replaceAll(escaped, (_, code: string | undefined, character = "") =>
    code === undefined ? (controls[character] ?? character) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** The member that was asked for, should it stand behind another; else the text as it is. */
function memberOf(json: string): string {
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed === "object" && parsed !== null && "input" in parsed && typeof parsed.input === "string")
      return parsed.input;
  } catch {
    // Cut off by a limit.
  }
  return json;
}
