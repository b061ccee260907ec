import type { GatewayError } from "#core/errors.ts";
import { type AccessLogRow, accessLogColumns } from "#store/access-log.ts";

import { logText, type LogValue } from "./log-data.ts";

/** The columns of a row under the names they have in the database, and what its error says. */
export function accessFields(row: AccessLogRow, error?: GatewayError): Readonly<Record<string, LogValue>> {
  const fields: Record<string, LogValue> = {};
  let field: keyof AccessLogRow;
  for (field in accessLogColumns) fields[accessLogColumns[field]] = row[field];
  fields["error_message"] = error === undefined ? null : errorText(error);
  return fields;
}

/** What stands in quotes may be a client's own words, and half a prompt is one too. */
function errorText({ message, options: { logged = message } }: GatewayError): string {
  return logText(logged.replaceAll(/"(?:[^"\\]|\\.)*"?/g, '"…"'));
}

/**
 * `POST /v1/messages 200 claude-cli claude-opus-4-8 warm 412ms 3.1s 1200→80 $0.0123 req_1`, and behind a colon what the
 * error says; what is not known is left out.
 */
export function accessText(row: AccessLogRow, error?: GatewayError): string {
  const parts = [
    row.method,
    row.path,
    String(row.status),
    row.backend,
    modelOf(row),
    row.start,
    row.retries === null || row.retries === 0 ? null : `${row.retries} ${row.retries === 1 ? "retry" : "retries"}`,
    row.fellBackFrom === null ? null : `after ${row.fellBackFrom}`,
    row.principal?.startsWith("token:") ? `for ${row.principal.slice("token:".length)}` : null,
    row.firstEventMs === null ? null : `first ${duration(row.firstEventMs)}`,
    row.endedAt === null ? null : `total ${duration(row.endedAt - row.receivedAt)}`,
    row.inputTokens === null ? null : `${row.inputTokens}→${row.outputTokens ?? "?"} tokens`,
    costIn(row),
    row.finishReason === null || row.finishReason === "stop" ? null : row.finishReason,
    row.errorKind,
    row.requestId,
  ];
  const line = parts.filter((part) => part !== null).join(" ");
  return error === undefined ? line : `${line}: ${errorText(error)}`;
}

/** Beside what was reported stands what the list says, where that is another sum. */
function costIn({ costUsd, listCostUsd }: AccessLogRow): string | null {
  if (costUsd === null) return null;
  const told = usd(costUsd);
  const listed = listCostUsd === null ? told : usd(listCostUsd);
  return listed === told ? told : `${told} (list ${listed})`;
}

/** What is less than a cent has three digits that say something. */
function usd(amount: number): string {
  const decimals = amount > 0 && amount < 0.01 ? 2 - Math.floor(Math.log10(amount)) : 4;
  return `$${amount.toFixed(Math.min(decimals, 10))}`;
}

/** Both names where one stands for the other. */
function modelOf({ modelAsked, modelUsed }: AccessLogRow): string | null {
  if (modelAsked === null || modelUsed === null || modelAsked === modelUsed) return modelUsed ?? modelAsked;
  return `${modelAsked}→${modelUsed}`;
}

/** How loud the line is: a fault of ours or of what is behind us, something refused, or all well. */
export function accessLevel(row: AccessLogRow): "error" | "warn" | "info" {
  if (row.status >= 500) return "error";
  // Codex asks so first, every time, and goes another way.
  if (row.errorKind === "upgrade-refused") return "info";
  return row.status >= 400 || row.errorKind !== null ? "warn" : "info";
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms}ms` : `${(ms / 1000).toFixed(1)}s`;
}
