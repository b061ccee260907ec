/**
 * A list written in one word: a JSON array of strings, or items between commas. A comma inside
 * brackets belongs to its item, so `Bash(git log:*, git diff),Edit` is two items and inline JSON is one.
 */
export function splitList(text: string): string[] {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return [trimmed];
  if (trimmed.startsWith("[")) return parseJsonList(trimmed) ?? splitAtCommas(trimmed);
  return splitAtCommas(trimmed);
}

function parseJsonList(text: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((item) => typeof item === "string") ? list : undefined;
  } catch {
    return undefined;
  }
}

function splitAtCommas(text: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth = Math.max(0, depth - 1);
    else if (character === "," && depth === 0) {
      items.push(text.slice(start, index));
      start = index + 1;
    }
  }
  items.push(text.slice(start));
  return items.map((item) => item.trim()).filter((item) => item !== "");
}
