import type { Style } from "./terminal.ts";

/** Columns as wide as their widest cell; the last one is not padded. Cells hold plain text. */
export function renderTable(heads: readonly string[], rows: readonly (readonly string[])[], { dim }: Style): string {
  const widths = heads.map((head, index) => Math.max(head.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const renderRow = (row: readonly string[]) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  return [dim(renderRow(heads)), ...rows.map(renderRow)].join("\n");
}
