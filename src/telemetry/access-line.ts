import { type AccessLogRow, accessLogColumns } from "#store/access-log.ts";

import type { LogValue } from "./log-data.ts";

/** The columns of a row under the names they have in the database. */
export function accessFields(row: AccessLogRow): Readonly<Record<string, LogValue>> {
  const values: Readonly<Record<string, LogValue>> = { ...row };
  const fields: Record<string, LogValue> = {};
  for (const [field, column] of columns) fields[column] = values[field] ?? null;
  return fields;
}

const columns = Object.entries(accessLogColumns);

/** `POST /v1/messages 200 claude-opus-4-8 warm 412ms 3.1s 1200→80 $0.0123`; what is not known is left out. */
export function accessText(row: AccessLogRow): string {
  const parts = [
    row.method,
    row.path,
    String(row.status),
    modelOf(row),
    row.start,
    row.retries === null || row.retries === 0 ? null : `${row.retries} retries`,
    row.fellBackFrom === null ? null : `after ${row.fellBackFrom}`,
    row.principal?.startsWith("token:") ? `for ${row.principal.slice("token:".length)}` : null,
    row.firstEventMs === null ? null : `first ${duration(row.firstEventMs)}`,
    row.endedAt === null ? null : `total ${duration(row.endedAt - row.receivedAt)}`,
    row.inputTokens === null ? null : `${row.inputTokens}→${row.outputTokens ?? 0} tokens`,
    costIn(row),
    row.finishReason === null || row.finishReason === "stop" ? null : row.finishReason,
    row.errorKind,
    row.requestId,
  ];
  return parts.filter((part) => part !== null).join(" ");
}

/** Beside what was reported stands what the list says, where that is another sum. */
function costIn({ costUsd, listCostUsd }: AccessLogRow): string | null {
  if (costUsd === null) return null;
  const told = usd(costUsd);
  const listed = listCostUsd === null ? told : usd(listCostUsd);
  return listed === told ? told : `${told} (list ${listed})`;
}

function usd(amount: number): string {
  return `$${amount.toFixed(4)}`;
}

/** Both names where one stands for the other. */
function modelOf({ modelAsked, modelUsed }: AccessLogRow): string | null {
  if (modelAsked === null || modelUsed === null || modelAsked === modelUsed) return modelUsed ?? modelAsked;
  return `${modelAsked}→${modelUsed}`;
}

/** How loud the line is: a fault of ours or of what is behind us, something refused, or all well. */
export function accessLevel(row: AccessLogRow): "error" | "warn" | "info" {
  if (row.status >= 500) return "error";
  return row.status >= 400 || row.errorKind !== null ? "warn" : "info";
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms}ms` : `${(ms / 1000).toFixed(1)}s`;
}
