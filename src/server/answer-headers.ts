import type { AskedHead, RunningHead } from "#gateway/types.ts";

/** Every header of ours that a page on an allowed origin may read. */
export const exposedHeaders = [
  "X-Request-Id",
  "Request-Id",
  "Retry-After",
  "X-CCProxy-Backend",
  "X-CCProxy-Backend-Session",
  "X-CCProxy-Estimate",
  "X-CCProxy-Fell-Back-From",
  "X-CCProxy-Ignored-Params",
  "X-CCProxy-Mode",
  "X-CCProxy-Model",
  "X-CCProxy-Not-Asked",
  "X-CCProxy-Renamed-Tools",
  "X-CCProxy-Replayed",
  "X-CCProxy-Retries",
  "X-CCProxy-Session",
  "X-CCProxy-Tools",
  "X-CCProxy-Workspace",
];

/** What answered, and what it left out. */
export function runHeaders(head: RunningHead): Record<string, string> {
  return {
    ...askedHeaders(head),
    "X-CCProxy-Mode": head.mode,
    "X-CCProxy-Tools": head.tools,
    ...(head.session !== undefined && { "X-CCProxy-Session": headerSafe(head.session) }),
    ...(head.sessionId !== undefined && { "X-CCProxy-Backend-Session": headerSafe(head.sessionId) }),
    ...(head.workspace !== undefined && { "X-CCProxy-Workspace": headerSafe(head.workspace) }),
    ...ignoredHeader(head.ignored),
    ...(head.renamedTools.length > 0 && { "X-CCProxy-Renamed-Tools": renamed(head.renamedTools) }),
  };
}

/** What was asked, whatever came of it. */
export function askedHeaders({ backend, model, failed, notAsked, retries }: AskedHead): Record<string, string> {
  return {
    "X-CCProxy-Backend": backend,
    ...(model !== undefined && { "X-CCProxy-Model": headerSafe(model) }),
    ...(failed.length > 0 && { "X-CCProxy-Fell-Back-From": failed.map(headerSafe).join(", ") }),
    ...(notAsked.length > 0 && { "X-CCProxy-Not-Asked": notAsked.map(headerSafe).join(", ") }),
    ...(retries > 0 && { "X-CCProxy-Retries": `${retries}` }),
  };
}

export function ignoredHeader(ignored: readonly string[]): Record<string, string> {
  return ignored.length === 0 ? {} : { "X-CCProxy-Ignored-Params": ignored.map(headerSafe).join(", ") };
}

const longestValue = 200;
/** Clients take some 8 to 16 KB of headers. */
const longestList = 2000;

/** The first of them, and how many more there are. */
function renamed(tools: RunningHead["renamedTools"]): string {
  const pairs = tools.map(({ name, as }) => `${headerSafe(name)}=${as}`);
  let length = 0;
  const end = pairs.findIndex((pair) => (length += pair.length + 2) > longestList);
  return (end === -1 ? pairs : [...pairs.slice(0, end), `+${pairs.length - end}`]).join(", ");
}

/** Header values are visible ASCII (RFC 9110 5.5); the rest, and what would split a list, is percent-encoded UTF-8. */
export function headerSafe(text: string): string {
  return text
    .slice(0, longestValue)
    .toWellFormed()
    .replace(/[^\x21-\x7e]|[%,]/gu, encodeURIComponent);
}
