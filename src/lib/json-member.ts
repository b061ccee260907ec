/**
 * A JSON object's text, which has been parsed before, with this value for a member, and otherwise byte for byte as it was:
 * numbers keep digits that a parser would lose. Where there is no such member it comes first.
 */
export function withJsonMember(json: Uint8Array, name: string, value: unknown): Uint8Array {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  const told = JSON.stringify(value);
  const places = [...placesOf(bytes, name)];
  if (places.length === 0) return inserted(bytes, `${JSON.stringify(name)}:${told}`);
  let end = 0;
  const parts = places.flatMap((place) => {
    const before = bytes.subarray(end, place.start);
    end = place.end;
    return [before, Buffer.from(told)];
  });
  return Buffer.concat([...parts, bytes.subarray(end)]);
}

function inserted(bytes: Buffer, member: string): Uint8Array {
  const inside = bytes.indexOf("{") + 1;
  const rest = bytes.subarray(inside);
  const isEmpty = bytes.lastIndexOf("}") === inside + rest.findIndex((byte) => byte > 0x20);
  return Buffer.concat([bytes.subarray(0, inside), Buffer.from(isEmpty ? member : `${member},`), rest]);
}

const codesOf = (characters: string): ReadonlySet<number> => new Set(Buffer.from(characters));
const [quote, colon] = [0x22, 0x3a];
const telling = codesOf('":,}');
const opening = codesOf("{[");
const closing = codesOf("}]");

interface Place {
  readonly start: number;
  readonly end: number;
}

/** From each colon to the comma or brace behind it; a name that comes twice has two values. */
function* placesOf(bytes: Buffer, name: string): Generator<Place> {
  let key: string | undefined;
  let start: number | undefined;
  for (const { mark, at, end } of marksOf(bytes)) {
    if (mark === quote) key ??= JSON.parse(bytes.toString("utf8", at, end));
    else if (mark === colon) start = key === name ? end : undefined;
    else {
      if (start !== undefined) yield { start, end: at };
      key = undefined;
      start = undefined;
    }
  }
}

interface Mark {
  /** Its first byte. */
  readonly mark: number;
  readonly at: number;
  readonly end: number;
}

/** What the object's own members are told apart by: their strings, colons and commas, and the brace behind them all. */
function* marksOf(bytes: Buffer): Generator<Mark> {
  let depth = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const mark = bytes[at] ?? 0;
    const end = mark === quote ? endOfString(bytes, at) : at + 1;
    if (depth === 1 && telling.has(mark)) yield { mark, at, end };
    if (opening.has(mark)) depth += 1;
    if (closing.has(mark)) depth -= 1;
    at = end - 1;
  }
}

/** Behind the quote that ends it. */
function endOfString(bytes: Buffer, start: number): number {
  let end = bytes.indexOf(quote, start + 1);
  while (isEscaped(bytes, end)) end = bytes.indexOf(quote, end + 1);
  return end + 1;
}

function isEscaped(bytes: Buffer, at: number): boolean {
  let slashes = 0;
  while (bytes[at - 1 - slashes] === 0x5c) slashes += 1;
  return slashes % 2 === 1;
}
